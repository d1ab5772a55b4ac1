"""What people do together: asks, threads, blockers, reviews, decisions, tasks, as *items*.

Sorts of items are declared in `sorts`, one file each; one fold makes their tables. Words that
people write stand in objects. Nothing here opens a workspace or knows a command.
"""
