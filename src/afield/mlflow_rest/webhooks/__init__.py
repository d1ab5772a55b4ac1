"""Webhooks: addresses that are told, by signed requests, what happens in the registry.

`calls` is the protocol, `kept` the file they lie in, `heard` what the registry tells, `delivery`
the threads that send, `waiting` what they have not sent yet, `address` where nothing is sent to.
None of it is in entries: it does not sync.
"""
