"""MLflow's search: its filter grammar, how lists are ordered, and their pages.

Terms joined by AND only; what a term may name is said by a `Fields`. A filter is parsed in time
that grows with its length, and its patterns match without going back.
"""
