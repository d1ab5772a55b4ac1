"""What runs took in and gave out: data sets that they read, and models that they made.

A *logged model* is one that a training wrote down, before anybody registers it: it belongs to an
experiment and a run, has params, tags, points of its own, and files.
"""
