"""Datasets: versions of files that anyone can pin, compare, fetch and check.

A version is a tree in the vault and one entry in the journal. Names of files and all prose stand
in objects; entries hold ids, numbers and labels. Nothing here knows what a run is.
"""
