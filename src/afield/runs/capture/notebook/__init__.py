"""Notebooks as commands: `afield run analysis.ipynb`.

`kernel` finds what executes the cells, `client` is the program that has them executed, and
`command` makes the one from the other and gathers what came of it. The person's file is read
once and never written.
"""

from afield.runs.capture.notebook.command import NotebookCommand, notebook_command, own_folders

__all__ = ["NotebookCommand", "notebook_command", "own_folders"]
