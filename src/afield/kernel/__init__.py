"""The ground every room stands on: ids, clocks, digests, errors, limits, files.

Nothing here knows what a run, an entry or a pack is, and nothing here reads an
environment variable, a home directory, a terminal or the wall clock unasked: callers
hand in a `Clock` and a `FileSystem`.
"""
