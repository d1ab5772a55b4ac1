"""What people have in other tools, brought into the record: one reader a tool, and what they share.

A reader only reads: nothing of the other tool is installed, run or changed. Versions of data go to
`versions`, runs (`run_source`) to `run_writer`; both know what was brought before. `mlflow_export*`
is the way back. The commands are `cli/commands/import_*` and `export_*`.
"""
