"""The API for people and the page, under `/api/v1`: one file per subject, joined in `app.py`.

Reads only; what is written goes through `afield.workspace`, as commands do.
"""
