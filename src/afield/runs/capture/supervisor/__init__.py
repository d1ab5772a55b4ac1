"""Capture layer 2's core: a seccomp user-notification supervisor in plain Python, for Linux.

`session` is the door: `preflight`, `Supervisor`. It puts a filter on the thread that starts the
command, so that the kernel asks before each open, rename or exec of the command and of all that
it starts; processes of our own (`stand`) answer "go on", always, and write down what was asked.
What they run stands on the standard library and on this folder alone: `stand`, `serve`,
`sightings`, `known`, `paths`, `memory`, `log`, `page`, `layouts`, `numbers` import nothing else of
ours.
"""
