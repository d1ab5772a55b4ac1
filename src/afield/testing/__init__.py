"""Fakes that pass the same conformance suites as the real things; for tests, ours and yours.

`clock.ManualClock` and `disk.SimulatedDisk`. The product never imports this room.
"""
