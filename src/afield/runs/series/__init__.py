"""A metric over steps: written live, sealed at the end, read as columns.

`live` is the writer in the person's process and must stay light; `columns` may load numpy.
"""
