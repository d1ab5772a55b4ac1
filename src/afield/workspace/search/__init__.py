"""Search over everything that a workspace records: a full-text index, its questions, its answers.

The index is derived and may be deleted at any time. What there is to find stands in each room's
`documents.py`; `sources` is the only list of them.
"""
