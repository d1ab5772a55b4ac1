"""The command line: words in, words or JSON out, exit codes as documented.

It parses, calls one room, and renders; what is true about runs is decided in the rooms
below. `main` and `catalog` stay light, so that `afield --help` is instant: a command's
module is imported when the command is called, and whatever draws is imported when it draws.
"""
