"""Accounts of a hub: passwords, second factors, passkeys, sessions and tokens, and who asks.

What is secret never enters the record: it lives in a database of the hub's own. Who may do
what is decided by `members`; here is only found out who somebody is.
"""
