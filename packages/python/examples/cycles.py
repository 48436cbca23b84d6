"""A long job: it holds memory, finishes its cycle before it heeds SIGTERM, and ends with 0 when its work is done.

    cycles.py MEMORY_MB

It prints `ready`, then works until its standard input ends.
"""

import signal
import sys

signal.signal(signal.SIGTERM, lambda *_: print("SIGTERM: after this cycle", flush=True))
memory = bytearray(b"x") * (int(sys.argv[1]) * 1024 * 1024)
print("ready", flush=True)
sys.stdin.read()
print(f"all cycles done, {len(memory)} bytes", flush=True)
