"""The private endpoint of one recorded run: MLflow's client in its command writes into the run.

`endpoint` is all that `afield run` itself loads: a socket that waits. `server` is the process that
answers, begun by the first connection; what differs from a hub's answers is in `joined`. `plugin`
is what MLflow's client loads for `afield://`, and `alone` the process that answers it.
"""
