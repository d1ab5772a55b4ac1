"""A workspace: the folder, its rooms joined together, and reading from them.

The only room besides `cli` that looks at environment variables, the home folder and the
working folder; everything to its right is handed what it needs.
"""
