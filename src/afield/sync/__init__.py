"""Making copies of a record one: the layout of a remote, the reconciler, and its drivers.

`reconcile.Reconciler` decides and does nothing; `driver.drive` does and decides nothing;
`replica.Replica` is this side, a `stores.store.RemoteStore` the other. Who a device is, and
whether it counts, is the members' business.
"""
