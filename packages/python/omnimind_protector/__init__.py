"""Ask before you kill: the OmniMind protector's client for Python, by the standard library alone.

A killer asks `may_kill`, looks into `protected`, or leaves the kill to the server with `terminate`. A job takes a `lease`.

No answer means "do not kill": where there is no server, or it hangs, is not to be trusted or says anything unexpected,
`may_kill` is False, every pid is in `protected()`, and the others raise `ProtectorError`.

The contract is protocol/README.md of the project. Each call has a connection of its own, so all of this may be used from
any thread, and after a fork.
"""

from __future__ import annotations

import hashlib
import json
import os
import socket as sockets
import stat
import struct
import threading
import time
from pathlib import Path
from signal import SIGKILL, SIGTERM
from types import TracebackType
from typing import Any, Callable, Dict, Iterator, List, Mapping, NamedTuple, Optional, Sequence, Tuple, Type

__version__ = "0.1.0"
__all__ = [
    "Lease",
    "LeaseLost",
    "NoServer",
    "Protected",
    "ProtectedProcess",
    "ProtectorError",
    "Refused",
    "Snapshot",
    "Termination",
    "Untrusted",
    "call",
    "lease",
    "may_kill",
    "protected",
    "snapshot",
    "socket_paths",
    "start_ticks",
    "terminate",
]

PROTOCOL_VERSION = 1
SYSTEM_SOCKET = "/run/omnimind/omnid.sock"

_TIMEOUT_S = 5.0
_TTL_S = 30.0
#: From the protocol: one line, its newline included.
_FRAME_BYTES_MAX = 1024 * 1024
_PAGE_ROWS_MAX = 1000
#: What the server needs beyond the grace of a kill.
_TERMINATE_MARGIN_S = 15.0
#: A heartbeat lease is renewed so often in its ttl, and tried again so often where that failed.
_RENEWALS_PER_TTL = 3
_RETRIES_PER_TTL = 10
_PROCESS_LEASE_CHECK_S = 30.0
#: After these answers no renewal can succeed any more.
_FINAL_KINDS = frozenset({"leaseNotFound", "leaseEnded", "notPermitted"})


class ProtectorError(Exception):
    """The server gave no answer that can be acted on. Nothing may be killed because of it."""


class NoServer(ProtectorError):
    """No server listens: start `omnid`, or let `omnictl register` or `omnictl run` start one."""


class Untrusted(ProtectorError):
    """What listens there may belong to somebody else than root or this user."""


class LeaseLost(ProtectorError):
    """The lease has ended without having been released here."""


class Refused(ProtectorError):
    """The server answered with an error. Branch on `kind`; the message is for people."""

    def __init__(self, code: int, kind: str, message: str, data: Mapping[str, Any]) -> None:
        super().__init__(message)
        self.code = code
        self.kind = kind
        self.data = data


class ProtectedProcess(NamedTuple):
    """One process of the protected set: by a lease, a rule, or both."""

    pid: int
    start_ticks: str
    pidfd_id: Optional[str]
    lease_id: Optional[str]
    rule: Optional[str]


class Snapshot(NamedTuple):
    """The protected set as it was. `generation` grows at each change."""

    generation: int
    boot_id: str
    processes: Tuple[ProtectedProcess, ...]


class Termination(NamedTuple):
    """How a kill by the server ended. `outcome`: exited, killed, denied or survived."""

    outcome: str
    verdict: Mapping[str, Any]

    @property
    def gone(self) -> bool:
        """Has the process ended?"""
        return self.outcome in ("exited", "killed")


# The connection


def _absolute(path: Optional[str]) -> Optional[str]:
    return path if path and os.path.isabs(path) else None


def _machine_id() -> str:
    for file in ("/etc/machine-id", "/var/lib/dbus/machine-id"):
        try:
            text = Path(file).read_text(encoding="ascii").strip().lower()
        except (OSError, ValueError):
            continue
        if len(text) == 32 and all(digit in "0123456789abcdef" for digit in text):
            return text
    return hashlib.sha256(f"omnimind:{sockets.gethostname()}".encode()).hexdigest()[:32]


def socket_paths(named: Optional[str] = None, env: Mapping[str, str] = os.environ) -> Sequence[str]:
    """Which sockets are tried, in order: the one that is named, or the system's and then the user's."""
    named = named or env.get("OMNIMIND_SOCKET") or None
    if named is not None:
        return [os.path.abspath(named)]
    runtime = _absolute(env.get("XDG_RUNTIME_DIR"))
    if runtime is not None:
        return [SYSTEM_SOCKET, os.path.join(runtime, "omnimind", "omnid.sock")]
    home = _absolute(env.get("HOME")) or os.path.expanduser("~")
    state = _absolute(env.get("XDG_STATE_HOME")) or os.path.join(home, ".local", "state")
    return [SYSTEM_SOCKET, os.path.join(state, "omnimind", _machine_id(), "run", "omnid.sock")]


def _assert_trusted(path: str) -> None:
    """The socket and its folder belong to root or to us, and nobody else can put another socket there."""
    ours = (0, os.geteuid())
    found = os.lstat(path)
    folder = os.stat(os.path.dirname(path))
    if not stat.S_ISSOCK(found.st_mode):
        raise Untrusted(f"{path} is no socket")
    if found.st_uid not in ours or folder.st_uid not in ours:
        raise Untrusted(f"{path} or its folder belongs to neither root nor this user")
    if folder.st_mode & 0o022 and not folder.st_mode & stat.S_ISVTX:
        raise Untrusted(f"others may write in the folder of {path}: chmod go-w")


class _Connection:
    """One connection, from the first word to the last answer within one deadline."""

    def __init__(self, path: str, timeout_s: float) -> None:
        self._deadline = time.monotonic() + timeout_s
        self._rest = b""
        self._last_id = 0
        _assert_trusted(path)
        self._socket = sockets.socket(sockets.AF_UNIX, sockets.SOCK_STREAM)
        try:
            self._connect(path)
            # SO_PEERCRED of a connecting side: who called listen(2).
            peer = self._socket.getsockopt(sockets.SOL_SOCKET, sockets.SO_PEERCRED, 12)
            if struct.unpack("iII", peer)[1] not in (0, os.geteuid()):
                raise Untrusted(f"{path} is served by neither root nor this user")
            self.info = _members(self.ask("server.info", protocolVersion=PROTOCOL_VERSION))
        except BaseException:
            self._socket.close()
            raise

    def _connect(self, path: str) -> None:
        while True:
            self._socket.settimeout(self._left())
            try:
                return self._socket.connect(path)
            except BlockingIOError:
                # The backlog is full: a Unix socket does not wait for a place in it.
                time.sleep(min(0.01, self._left()))

    def _left(self) -> float:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise ProtectorError("the server did not answer in time")
        return left

    def extend(self, timeout_s: float) -> None:
        """Gives the next answer so long, from now on."""
        self._deadline = time.monotonic() + timeout_s

    def ask(self, method: str, **params: Any) -> Any:
        self._last_id += 1
        given = {name: value for name, value in params.items() if value is not None}
        request = {"jsonrpc": "2.0", "id": self._last_id, "method": method, "params": given}
        line = json.dumps(request).encode() + b"\n"
        if len(line) > _FRAME_BYTES_MAX:
            raise ProtectorError(f"{method}: a request has at most {_FRAME_BYTES_MAX} bytes")
        self._socket.settimeout(self._left())
        try:
            self._socket.sendall(line)
        except BrokenPipeError:
            # A server that has too many connections says so, and closes: its words tell more.
            pass
        while True:
            answer = _members(json.loads(self._line()))
            if answer.get("id") == self._last_id or (answer.get("id") is None and "error" in answer):
                return self._result(answer)

    def _line(self) -> bytes:
        while b"\n" not in self._rest:
            if len(self._rest) > _FRAME_BYTES_MAX:
                raise ProtectorError("the server sent a line that is too long")
            self._socket.settimeout(self._left())
            piece = self._socket.recv(65536)
            if not piece:
                raise ProtectorError("the server closed the connection before it answered")
            self._rest += piece
        line, _, self._rest = self._rest.partition(b"\n")
        return line

    @staticmethod
    def _result(answer: Mapping[str, Any]) -> Any:
        if "error" not in answer:
            return answer["result"]
        error = _members(answer["error"])
        data = error.get("data")
        data = data if isinstance(data, dict) else {}
        raise Refused(int(error["code"]), str(data.get("kind", "")), str(error["message"]), data)

    def __enter__(self) -> _Connection:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()


def _members(value: Any) -> Dict[str, Any]:
    if isinstance(value, dict):
        return value
    raise ProtectorError("the server's answer is not what the protocol says")


def _connect(socket: Optional[str], timeout_s: float) -> _Connection:
    """The first server that listens. One that is there and hangs is not passed over."""
    paths = socket_paths(socket)
    for path in paths:
        try:
            return _Connection(path, timeout_s)
        except (FileNotFoundError, ConnectionRefusedError, NotADirectoryError):
            continue
    raise NoServer(f"no server listens on {' or '.join(paths)}")


def _asking(work: Callable[[_Connection], Any], socket: Optional[str], timeout_s: float) -> Any:
    """Whatever goes wrong on the way is a ProtectorError."""
    try:
        with _connect(socket, timeout_s) as connection:
            return work(connection)
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise ProtectorError(f"no answer: {error}") from error


def call(method: str, *, socket: Optional[str] = None, timeout: float = _TIMEOUT_S, **params: Any) -> Any:
    """Calls any method of the protocol, and gives its result as it came.

    :param socket: this server and no other; default: OMNIMIND_SOCKET, else the system's, else the user's
    :param timeout: seconds for all of it
    :raises ProtectorError: see its kinds
    """
    return _asking(lambda connection: connection.ask(method, **params), socket, timeout)


# For killers


def start_ticks(pid: int) -> str:
    """Field 22 of /proc/PID/stat; the name before it may hold anything."""
    with open(f"/proc/{pid}/stat", "rb") as file:
        return file.read().rpartition(b")")[2].split()[19].decode("ascii")


def may_kill(pid: int, signal: int = SIGKILL, *, socket: Optional[str] = None, timeout: float = _TIMEOUT_S) -> bool:
    """May this process send the signal to that one? True on a positive yes alone; never raises for want of an answer.

    The yes is for the process that has the pid when this is called, and true when it is given: act on it at once, or
    leave the kill to `terminate`.
    """
    try:
        if isinstance(pid, bool) or pid <= 0:
            return False
        target = {"pid": int(pid), "startTicks": start_ticks(pid)}
        verdicts = call("protection.check", socket=socket, timeout=timeout, identities=[target], signal=int(signal))
        (verdict,) = verdicts
        return verdict["allow"] is True and verdict["pid"] == pid and verdict["signal"] == int(signal)
    except Exception:
        return False


def terminate(
    pid: int,
    *,
    signal: int = SIGTERM,
    grace: float = 10.0,
    escalate: Optional[bool] = None,
    reason: Optional[str] = None,
    override: bool = False,
    start_ticks: Optional[str] = None,
    socket: Optional[str] = None,
    timeout: float = _TIMEOUT_S,
) -> Termination:
    """Has the server end a process, without a race: verdict, signal by pidfd, grace, verdict again, SIGKILL.

    :param grace: seconds that it has to end by itself
    :param escalate: SIGKILL after the grace; default: for the signals that ask a process to end
    :param reason: for history
    :param override: pass over leases of one's own (root: any), and rules
    :param start_ticks: field 22 of /proc/PID/stat, to be sure of the process
    :param timeout: seconds until the server has answered; the grace comes on top
    :returns: the outcome; a policy's no is the outcome `denied`
    :raises ProtectorError: no answer, or a right's no (`Refused`, kind notPermitted). Nothing is killed here instead
    """

    def work(connection: _Connection) -> Termination:
        connection.extend(timeout + grace + _TERMINATE_MARGIN_S)
        ended = _members(
            connection.ask(
                "process.terminate",
                pid=pid,
                startTicks=start_ticks,
                signal=int(signal),
                graceMs=round(grace * 1000),
                escalate=escalate,
                reason=reason,
                override=override or None,
            )
        )
        return Termination(str(ended["outcome"]), _members(ended["verdict"]))

    result: Termination = _asking(work, socket, timeout)
    return result


def _take_snapshot(connection: _Connection) -> Snapshot:
    processes: List[ProtectedProcess] = []
    cursor: Optional[str] = None
    while True:
        page = _members(connection.ask("protection.snapshot", limit=_PAGE_ROWS_MAX, cursor=cursor))
        for entry in page["processes"]:
            identity = entry["identity"]
            processes.append(
                ProtectedProcess(
                    int(identity["pid"]),
                    str(identity["startTicks"]),
                    identity.get("pidfdId"),
                    entry.get("leaseId"),
                    entry.get("rule"),
                )
            )
        cursor = page["nextCursor"]
        if cursor is None:
            return Snapshot(int(page["generation"]), str(page["bootId"]), tuple(processes))


def snapshot(*, socket: Optional[str] = None, timeout: float = _TIMEOUT_S) -> Snapshot:
    """The protected set, with what protects each process.

    :raises ProtectorError: no answer. It never gives an empty set instead
    """
    taken: Snapshot = _asking(_take_snapshot, socket, timeout)
    return taken


class Protected:
    """The pids that must not be killed: ask with `in`. Where the server gave no answer, that is every pid.

    What came after is not in it: take a new one for each round, and ask `may_kill` before the signal.
    """

    def __init__(self, taken: Optional[Snapshot], served_uid: Optional[int], cause: Optional[ProtectorError]) -> None:
        self.snapshot = taken
        #: Why there is no answer; None where there is one.
        self.cause = cause
        self._served_uid = served_uid
        self._pids = frozenset(() if taken is None else (process.pid for process in taken.processes))

    @property
    def known(self) -> bool:
        """Did the server answer?"""
        return self.snapshot is not None

    def __contains__(self, pid: object) -> bool:
        if not self.known or not isinstance(pid, int) or pid <= 1 or pid in self._pids:
            return True
        return self._served_uid is not None and not self._is_served(pid)

    def _is_served(self, pid: int) -> bool:
        """A per-user server knows nothing of other users' processes."""
        try:
            return os.stat(f"/proc/{pid}").st_uid == self._served_uid
        except OSError:
            return False

    def __iter__(self) -> Iterator[int]:
        """The pids that the server told. :raises ProtectorError: where it told none"""
        if self.cause is not None:
            raise self.cause
        return iter(sorted(self._pids))


def protected(*, socket: Optional[str] = None, timeout: float = _TIMEOUT_S) -> Protected:
    """The protected set for a killer's round: `if process.pid in protected(): continue`. Never raises for want of an answer."""

    def work(connection: _Connection) -> Protected:
        is_user = connection.info["scope"] != "system"
        return Protected(_take_snapshot(connection), int(connection.info["uid"]) if is_user else None, None)

    try:
        found: Protected = _asking(work, socket, timeout)
        return found
    except ProtectorError as error:
        return Protected(None, None, error)


# For jobs


class Renewer(threading.Thread):
    """Renews a lease until it is told to stop, or the lease is lost."""

    def __init__(
        self,
        lease_id: str,
        ttl_s: Optional[float],
        socket: Optional[str],
        on_lost: Optional[Callable[[ProtectorError], None]] = None,
    ) -> None:
        super().__init__(name=f"omnimind {lease_id}", daemon=True)
        self.lease_id = lease_id
        #: Set where the lease has ended without us.
        self.lost: Optional[ProtectorError] = None
        self._ttl_s = ttl_s
        self._socket = socket
        self._on_lost = on_lost
        self._stopped = threading.Event()

    def run(self) -> None:
        every_s = _PROCESS_LEASE_CHECK_S if self._ttl_s is None else self._ttl_s / _RENEWALS_PER_TTL
        retry_s = every_s * _RENEWALS_PER_TTL / _RETRIES_PER_TTL
        wait_s = every_s
        while not self._stopped.wait(wait_s):
            try:
                self._renew(every_s)
                wait_s = every_s
            except ProtectorError as error:
                if isinstance(error, LeaseLost) or (isinstance(error, Refused) and error.kind in _FINAL_KINDS):
                    return self._lose(error)
                wait_s = retry_s

    def _renew(self, timeout_s: float) -> None:
        method = "lease.get" if self._ttl_s is None else "lease.renew"
        found = call(method, socket=self._socket, timeout=min(timeout_s, _TIMEOUT_S), leaseId=self.lease_id)
        state = _members(found).get("state")
        if state != "active":
            raise LeaseLost(f"lease {self.lease_id} is {state}")

    def _lose(self, error: ProtectorError) -> None:
        if self._stopped.is_set():
            return
        self.lost = error
        if self._on_lost is not None:
            self._on_lost(error)

    def stop(self) -> None:
        """Renews no more."""
        self._stopped.set()


#: How many hold each lease in this process: the same process registered twice has one lease, which the last one releases.
_holders: Dict[Tuple[Optional[str], str], int] = {}
_holders_lock = threading.Lock()


class Lease:
    """A lease that is held while the block runs. Made by `lease`; `acquire` and `release` do without a block."""

    def __init__(self, params: Mapping[str, Any], socket: Optional[str], timeout_s: float, on_lost: Any) -> None:
        self._params = params
        self._socket = socket
        self._timeout_s = timeout_s
        self._on_lost = on_lost
        self._renewer: Optional[Renewer] = None
        self._owner_pid: Optional[int] = None
        #: The lease as the server told it last; empty before `acquire`.
        self.info: Mapping[str, Any] = {}

    @property
    def id(self) -> Optional[str]:
        """The lease's id, once it is acquired."""
        return self.info.get("id")

    @property
    def lost(self) -> Optional[ProtectorError]:
        """Why it has ended without us; None while it is held."""
        return None if self._renewer is None else self._renewer.lost

    def acquire(self) -> Lease:
        """Registers. :raises ProtectorError: then nothing is protected"""
        info = _members(call("lease.register", socket=self._socket, timeout=self._timeout_s, **self._params))
        with _holders_lock:
            key = (self._socket, str(info["id"]))
            _holders[key] = _holders.get(key, 0) + 1
        self.info = info
        self._owner_pid = os.getpid()
        ttl_ms = info.get("ttlMs") if info.get("renewal") == "heartbeat" else None
        self._renewer = Renewer(str(info["id"]), None if ttl_ms is None else ttl_ms / 1000, self._socket, self._on_lost)
        self._renewer.start()
        return self

    def release(self) -> None:
        """Ends the lease. Where the server cannot be reached it ends by itself, and that is no failure. Idempotent."""
        renewer, self._renewer = self._renewer, None
        # A forked child has a copy of this object, and not the lease.
        if renewer is None or self._owner_pid != os.getpid():
            return
        renewer.stop()
        with _holders_lock:
            key = (self._socket, renewer.lease_id)
            _holders[key] = _holders.get(key, 1) - 1
            if _holders[key] > 0:
                return
            del _holders[key]
        try:
            call("lease.release", socket=self._socket, timeout=self._timeout_s, leaseId=renewer.lease_id)
        except ProtectorError:
            pass

    def __enter__(self) -> Lease:
        return self.acquire()

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self.release()


def lease(
    pid: Optional[int] = None,
    *,
    label: Optional[str] = None,
    reason: Optional[str] = None,
    ttl: Optional[float] = _TTL_S,
    max_time: Optional[float] = None,
    scope: str = "tree",
    forbidden_signals: Optional[Sequence[int]] = None,
    priority: Optional[int] = None,
    guard: Optional[bool] = None,
    strict: Optional[bool] = None,
    on_lost: Optional[Callable[[ProtectorError], None]] = None,
    socket: Optional[str] = None,
    timeout: float = _TIMEOUT_S,
) -> Lease:
    """Protects a process (default: this one) and all that it starts, while the block runs.

    ::

        with omnimind_protector.lease(label="training"):
            train()

    A thread renews it at a third of `ttl`. Code that holds the interpreter's lock for longer than `ttl` wants `ttl=None`:
    the lease then ends with its processes.

    :param ttl: seconds from a heartbeat to the end, or None
    :param max_time: seconds after which it ends in any case
    :param scope: `tree`, or `process` for this one alone
    :param on_lost: called from that thread where the lease has ended without us
    """
    params: Dict[str, Any] = {
        # Without one the server takes the caller: that works from another PID namespace too.
        "pid": pid,
        "label": label,
        "reason": reason,
        "ttlMs": _ms(ttl),
        "maxMs": _ms(max_time),
        "scope": scope,
        "forbiddenSignals": None if forbidden_signals is None else [int(one) for one in forbidden_signals],
        "priority": priority,
        "guard": guard,
        "strict": strict,
    }
    return Lease(params, socket, timeout, on_lost)


def _ms(seconds: Optional[float]) -> Optional[int]:
    return None if seconds is None else round(seconds * 1000)
