"""The test run, registered: a pytest plugin (an entry point: to be installed is enough; `-p no:omnimind` leaves it out).

The run has a lease with a label, renewed by the controller and by every xdist worker, so that it lives while any of them
does. The summary names who killed a worker that crashed, and which kills were refused. Without a server the run goes on
unprotected and says so; `--omnimind-require` ends it instead.
"""

from __future__ import annotations

import shlex
import subprocess
import time
from datetime import datetime, timezone
from signal import Signals
from typing import Any, Dict, List, Mapping, NamedTuple, Optional

import pytest

import omnimind_protector
from omnimind_protector import Lease, ProtectorError, Renewer

_LABEL_CHARACTERS_MAX = 128
_REASON_CHARACTERS_MAX = 1024
_REFUSALS_SHOWN_MAX = 10
_TTL_S = 30.0
#: The sentinel's word of a signal may still be on its way when its target is gone.
_HISTORY_PATIENCE_S = 1.0


class Worker(NamedTuple):
    """An xdist worker on this machine."""

    process: subprocess.Popen[bytes]
    start_ticks: str


class Crash(NamedTuple):
    """A worker that ended before it was told to."""

    name: str
    pid: int
    start_ticks: str
    status: Optional[int]


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("omnimind", "OmniMind protector")
    group.addoption("--omnimind-require", action="store_true", help="do not run at all, rather than unprotected")
    group.addoption("--omnimind-label", metavar="LABEL", help="label of the run's lease (default: pytest and the root folder)")
    group.addoption("--omnimind-ttl", type=float, default=_TTL_S, metavar="S", help="seconds a heartbeat lasts (default: 30)")


def pytest_configure(config: pytest.Config) -> None:
    given = getattr(config, "workerinput", None)
    if given is None:
        config.pluginmanager.register(ProtectedRun(config), "omnimind-run")
    elif "omnimind" in given:
        config.pluginmanager.register(RenewingWorker(given["omnimind"]), "omnimind-worker")


class RenewingWorker:
    """In a worker: the run's lease is renewed from here too."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self._renewer = Renewer(given["lease"], given["ttl"], None)

    def pytest_sessionstart(self) -> None:
        self._renewer.start()

    def pytest_unconfigure(self) -> None:
        self._renewer.stop()


class ProtectedRun:
    """In the controller: the lease, and what became of the workers."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._lease: Optional[Lease] = None
        self._absence: Optional[ProtectorError] = None
        self._workers: Dict[str, Worker] = {}
        self._crashes: List[Crash] = []
        self._since = datetime.now(timezone.utc)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self) -> None:
        label = self._config.getoption("omnimind_label") or f"pytest {self._config.rootpath.name}"
        args = [str(arg) for arg in self._config.invocation_params.args]
        wanted = omnimind_protector.lease(
            label=label[:_LABEL_CHARACTERS_MAX],
            reason=shlex.join(["pytest", *args])[:_REASON_CHARACTERS_MAX],
            ttl=self._config.getoption("omnimind_ttl"),
        )
        try:
            self._lease = wanted.acquire()
        except ProtectorError as error:
            self._absence = error
            if self._config.getoption("omnimind_require"):
                raise pytest.UsageError(f"not protected: {error}") from error

    def pytest_report_header(self) -> str:
        if self._lease is None:
            return f"omnimind: not protected: {_plain(str(self._absence))}"
        return f"omnimind: protected by {self._lease.id} ({_plain(str(self._lease.info.get('label')))})"

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """xdist: a worker is about to be told what to do."""
        process = getattr(getattr(node.gateway, "_io", None), "popen", None)
        # One on another machine has no part in this machine's lease.
        if process is None or not node.gateway.spec.popen:
            return
        try:
            self._workers[node.gateway.id] = Worker(process, omnimind_protector.start_ticks(process.pid))
        except OSError:
            return
        if self._lease is not None:
            node.workerinput["omnimind"] = {"lease": self._lease.id, "ttl": self._config.getoption("omnimind_ttl")}

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: Any) -> None:
        """xdist: a worker is gone; `error` is set where nobody had told it to go."""
        worker = self._workers.pop(node.gateway.id, None)
        if worker is None or error is None:
            return
        try:
            status: Optional[int] = worker.process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            status = None
        self._crashes.append(Crash(node.gateway.id, worker.process.pid, worker.start_ticks, status))

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        lines = [self._crash_line(crash) for crash in self._crashes]
        lines += self._refusal_lines()
        if self._lease is not None and self._lease.lost is not None:
            lines.append(f"the run was not protected to its end: {self._lease.lost}")
        if lines:
            terminalreporter.section("omnimind")
            for line in lines:
                terminalreporter.write_line(_plain(line))

    def pytest_unconfigure(self) -> None:
        if self._lease is not None:
            self._lease.release()

    def _crash_line(self, crash: Crash) -> str:
        who = f"worker {crash.name} (pid {crash.pid})"
        if crash.status is None or crash.status >= 0:
            return f"{who} ended by itself" + ("" if crash.status is None else f", exit status {crash.status}")
        name = _signal_name(-crash.status)
        try:
            row = self._find_signal(crash, -crash.status)
        except ProtectorError as error:
            return f"{who} was ended by {name}; by whom is not known: {error}"
        if row is None:
            return f"{who} was ended by {name}; no sender is on record: it did not ask, and there is no sentinel to see it"
        because = f", because: {row['reason']}" if row.get("reason") else ""
        return f"{who} was ended by {name} from {_sender_words(row)}{because}"

    def _find_signal(self, crash: Crash, signal: int) -> Optional[Mapping[str, Any]]:
        """The signal that ended it, as history has it; asked again until its row is there."""
        deadline = time.monotonic() + _HISTORY_PATIENCE_S
        while True:
            for row in self._history(target=crash.pid, signal=signal, outcome="delivered"):
                target = row.get("target") or {}
                if target.get("startTicks") in (None, crash.start_ticks):
                    return row
            if time.monotonic() > deadline:
                return None
            time.sleep(0.05)

    def _refusal_lines(self) -> List[str]:
        if self._lease is None:
            return []
        try:
            rows = self._history(leaseId=self._lease.id, outcome="denied")
        except ProtectorError:
            return []
        lines = [
            f"refused: {row['signalName']} for {_process_words(row['target'])} by {_sender_words(row)}"
            for row in rows[:_REFUSALS_SHOWN_MAX]
        ]
        more = len(rows) - len(lines)
        return lines + ([f"refused: {more} more (omnictl history --lease {self._lease.id})"] if more > 0 else [])

    def _history(self, **filters: Any) -> List[Mapping[str, Any]]:
        since = self._since.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        events = omnimind_protector.call("history.query", since=since, **filters)["events"]
        return list(events)


def _sender_words(row: Mapping[str, Any]) -> str:
    """The one who asked for it stands before the server that sent it."""
    sender = row.get("requester") or row.get("sender")
    if sender is None:
        return "the kernel (out of memory)" if row.get("oom") else "the kernel"
    ancestors = [one["comm"] for one in sender.get("ancestry", [])[:2]]
    under = f", started by {' < '.join(ancestors)}" if ancestors else ""
    return f"{_process_words(sender)}{under}"


def _process_words(process: Optional[Mapping[str, Any]]) -> str:
    if process is None:
        return "a process that is gone"
    command = process.get("cmdline") or process.get("comm") or "?"
    return f"{command} (pid {process.get('pid')})"


def _signal_name(number: int) -> str:
    try:
        return Signals(number).name
    except ValueError:
        return f"signal {number}"


def _plain(text: str) -> str:
    """What other processes wrote may hold escapes for the terminal."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)
