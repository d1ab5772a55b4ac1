"""Traces of programs that call models: spans of work, and what people found of them.

Ids, times, states and counts stand in entries. Spans, previews and the words of assessments are
objects, so that they can be erased. Nothing here knows of HTTP or of MLflow's messages.
"""
