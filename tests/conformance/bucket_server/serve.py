"""An S3 server in memory: says its address on stdout, and ends when its stdin does.

Run by the Python of the environment that `prepare.py` makes; imports nothing of ours.
"""

from __future__ import annotations

import sys

from moto.server import ThreadedMotoServer

server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
host, port = server.get_host_and_port()
print(f"http://{host}:{port}", flush=True)
sys.stdin.read()
server.stop()
