"""What people have in other tools, brought into the record: one reader a tool, and what they share.

A reader only reads: nothing of the other tool is installed, run or changed. What it finds is
handed to `versions`, which knows what was brought before. The commands are `cli/commands/import_*`.
"""
