"""A backend's auto-repair that kills in every way Python has. Its targets: a pid, and a program's name.

killer.py TARGET_PID PROGRAM: starts PROGRAM as a child of its own, kills pid, name and child, prints what became of it.
"""
import json
import os
import signal
import subprocess
import sys

target, program = int(sys.argv[1]), sys.argv[2]


def attempt(call):
    try:
        call()
        return "sent"
    except OSError as error:
        return type(error).__name__


child = subprocess.Popen([program], stdin=subprocess.PIPE)
found = {
    "os.kill": attempt(lambda: os.kill(target, signal.SIGKILL)),
    "pidfd": attempt(lambda: signal.pidfd_send_signal(os.pidfd_open(target), signal.SIGKILL)),
    # By its name: the target and the killer's own child are both called so.
    "pkill": subprocess.run(["pkill", "-KILL", "-x", os.path.basename(program)], capture_output=True).returncode,
    "kill(1)": subprocess.run(["kill", "-9", str(target)], capture_output=True).returncode,
}
found["child"] = child.wait()
print(json.dumps(found))
