"""A backend's auto-repair, as it is often written: it ends the heaviest processes until the memory budget holds again.

    resource_protector.py PARENT_PID BUDGET_MB

It looks at the descendants of PARENT_PID alone, and at the whole of them as "the machine".
"""

import sys

import omnimind_protector
import psutil

GRACE_S = 2


def memory_of(process):
    try:
        return process.memory_info().rss
    except psutil.Error:
        return 0


class ResourceProtector:
    def __init__(self, parent_pid, budget_bytes):
        self.parent = psutil.Process(parent_pid)
        self.budget_bytes = budget_bytes

    def heaviest(self):
        others = [one for one in self.parent.children(recursive=True) if one.pid != psutil.Process().pid]
        return sorted(others, key=memory_of, reverse=True)

    def relieve(self):
        candidates = self.heaviest()
        over = sum(map(memory_of, candidates)) - self.budget_bytes
        for process in candidates:
            if not omnimind_protector.may_kill(process.pid):
                continue
            if over <= 0:
                break
            freed = memory_of(process)
            if self.end(process):
                over -= freed

    def end(self, process):
        print(f"process heavy: killing {process.pid}", flush=True)
        try:
            process.terminate()
            process.wait(GRACE_S)
        except psutil.TimeoutExpired:
            process.kill()
        except psutil.AccessDenied:
            print(f"not permitted to kill {process.pid}", flush=True)
            return False
        except psutil.NoSuchProcess:
            pass
        return True


if __name__ == "__main__":
    ResourceProtector(int(sys.argv[1]), int(sys.argv[2]) * 1024 * 1024).relieve()
