"""What people do together, as commands and servers ask for it: asks, threads, reviews, an inbox.

One file a thing; `items` writes and reads all of them, `links` names what they are about.
"""
