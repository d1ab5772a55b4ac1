"""MLflow's REST protocol over a workspace: what its client sends is written as ordinary entries.

One file for each kind of thing (`experiments`, `runs`, `logs`, `models`, `artifacts` ...), each
with its `RPCS`; `app` joins them. Nothing here knows of the hub: it is handed a `Hosted`.
"""
