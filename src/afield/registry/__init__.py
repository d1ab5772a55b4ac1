"""Models that somebody vouches for: a name, counted versions, stages and aliases.

What a training writes down is a logged model (`runs.models`); a registered one is the name under
which people and services look for the version that they are to use.
"""
