"""Runs that a server records for its clients: no process here owns them, so none can die with one.

Any number of worker processes log to one run, each into a live file of its own; whoever writes,
ends or re-opens holds the run's lock for that moment. Points may come twice, from clients that
try again: equal points of one metric count once.
"""
