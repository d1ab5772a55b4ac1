"""Experiments as things of their own: an id, tags, and that one was deleted.

A run names its project and experiment in words; what is here is found by those words. An
experiment that only runs mention has an id, too, and no entry.
"""
