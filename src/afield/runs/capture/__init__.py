"""Recording a command from beside it: console, files, code, environment, machine.

`capture.capture` is the door. `inside` is what the command's own Python loads; it imports nothing
of ours. What the facts look like is `runs.manifest`; what becomes of them is `runs.record`.
"""
