"""The hub as a remote: a remote's layout over HTTP, verified as it comes, and taken in."""
