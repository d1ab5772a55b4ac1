"""Formats of other tools' logs that are read in more than one room: bytes to values, no more.

What becomes of the values is decided by who imports them (`workspace.bring`) or records the run
that wrote them (`runs.capture`).
"""
