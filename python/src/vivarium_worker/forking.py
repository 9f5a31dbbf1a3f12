"""The guardian's side of the template: has it started, asks it for processes, and does without it where it is not there.

A process that was forked waits for its order on a socket of its own. So the order may be sent before the process is
there, and a few of them, the spares, wait ahead of time: what a fork takes is then not on the way of a restart.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import time
from collections import deque
from typing import Any, Callable, Deque, Dict, List, NamedTuple, Optional, Set

from . import inplace, processes
from .starting import WORKER_MAIN, Connect, Start, fork_and_exec

_FORK_S = 5.0
"""How long a template has for a fork, and its descriptors for being closed once it has ended."""

_REFILL_S = 0.05
"""After a start it is so long before a spare is made: while a worker comes up nothing is to take time from it."""

_FIRST_WAIT_S = 0.2
_LONGEST_WAIT_S = 30.0
"""Waits between templates that fail one after the other; each is twice the one before."""

_STABLE_S = 10.0
"""A template that has been ready for so long is replaced at once."""

_MESSAGE_BYTES = 128 * 1024

READY = "ready"
FAILED = "failed"
LOST = "lost"


class Fork:
    """A process that is asked for, or a spare, until it is a worker."""

    def __init__(self, order: socket.socket, asked: float) -> None:
        self.order = order
        self.asked = asked
        self.pid = 0
        self.start: Optional[Start] = None


class Host(NamedTuple):
    """What a template needs of the guardian."""

    run_id: str
    connect: Connect
    begun: Callable[[Start, int], None]
    """Told that a process runs for a start."""
    run: Callable[[Start], None]
    """Asked to start a process in the plain way."""
    tell: Callable[[str, int, int, str], None]
    """Told how a template fares: state, process, microseconds that it took to load, detail."""


class Template:
    """The pool's template, one process after another. Nothing here waits, but for the start of a template."""

    def __init__(self, settings: Dict[str, Any], host: Host) -> None:
        """``settings`` are the lifeline's."""
        self._settings = settings
        self._host = host
        self._number = 0
        self._pid = 0
        self._link: Optional[socket.socket] = None
        self._ready_since: Optional[float] = None
        self._status: Optional[int] = None
        self._reason = ""
        self._failures = 0
        # Moments of time.monotonic(), or None: when to start a template, to give one up, to make a spare.
        self._launch_at: Optional[float] = time.monotonic()
        self._give_up_at: Optional[float] = None
        self._refill_at: Optional[float] = None
        self._asked: Dict[int, Fork] = {}
        self._spares: Deque[Fork] = deque()
        self._forks = 0
        self._heard = 0.0

    @property
    def link(self) -> Optional[int]:
        """The descriptor that becomes readable when there is something for ``read``."""
        return None if self._link is None else self._link.fileno()

    def processes(self) -> Set[int]:
        """Return the template and its spares, which are nobody's leftovers."""
        return {self._pid, *(spare.pid for spare in self._spares)} - {0}

    def pause_ms(self) -> Optional[int]:
        """Return how long nothing has to be done of itself, for ``poll``."""
        moments = [self._launch_at, self._give_up_at, self._refill_at, self._overdue_at()]
        left = [moment for moment in moments if moment is not None]
        return max(0, int((min(left) - time.monotonic()) * 1000) + 1) if left else None

    def _overdue_at(self) -> Optional[float]:
        oldest = next(iter(self._asked.values()), None)
        return None if oldest is None or self._link is None else max(oldest.asked, self._heard) + _FORK_S

    def look(self) -> None:
        """Do what is due."""
        now = time.monotonic()
        overdue = self._overdue_at()
        if self._launch_at is not None and now >= self._launch_at:
            self._launch_at = None
            self._launch()
        if self._give_up_at is not None and now >= self._give_up_at:
            self._give_up_at = None
            if self._pid:
                self._reason = f"it was not ready within {self._settings['loadMillis']} ms"
            self._end()
        elif overdue is not None and now >= overdue:
            self._reason = f"it did not fork within {_FORK_S:g} s"
            self._end()
        if self._refill_at is not None and now >= self._refill_at:
            self._refill_at = None
            if self._ready_since is not None and len(self._spares) + len(self._asked) < self._settings["spares"]:
                self._ask()
                self._refill_at = now  # The next one, if there is to be one.

    def _launch(self) -> None:
        self._number += 1
        self._reason, self._status, self._ready_since = "", None, None
        if not processes.LINUX or not processes.can_die_with_parent():
            self._host.tell(FAILED, 0, 0, "templates need Linux, and an interpreter with ctypes")
            return
        mine, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        output: List[socket.socket] = []
        settings = self._settings
        try:
            for kind in ("stdout", "stderr"):
                output.append(self._host.connect(kind, 0, self._number))
            environment = dict(settings["environment"], VIVARIUM_RUN=self._host.run_id)
            name, _, value = inplace.WORKER.partition("=")
            environment[name] = value
            argv = [sys.executable, *settings["interpreterArguments"], WORKER_MAIN, "--template", str(its.fileno())]
            argv.append(inplace.COMMAND)
            streams = [channel.fileno() for channel in output]
            self._pid = fork_and_exec(argv, environment, settings["directory"], *streams, [its.fileno()])
        except OSError as error:
            mine.close()
            self._failed(f"{error.strerror or error}: {error.filename or ''}".rstrip(": "))
            return
        finally:
            its.close()
            for channel in output:
                channel.close()
        self._link = mine
        self._give_up_at = time.monotonic() + settings["loadMillis"] / 1000
        order = {key: settings[key] for key in ("preload", "forkSafe", "pythonPath", "handlers")}
        try:
            mine.send(json.dumps(order).encode())
        except OSError as error:
            self._reason = f"it cannot be told what to load: {error}"
            self._end()

    def takes(self, start: Start) -> bool:
        """Return whether this worker can be forked: there is a template, and the worker is to be as it is."""
        settings = self._settings
        return (self._ready_since is not None or bool(self._spares)) and (
            start.environment == settings["environment"]
            and start.directory == settings["directory"]
            and start.interpreter_arguments == settings["interpreterArguments"]
        )

    def start(self, start: Start) -> None:
        """Have a process become this worker; sooner or later ``begun`` is called, or ``run``."""
        self._refill_at = time.monotonic() + _REFILL_S
        while True:
            fork = self._spares.popleft() if self._spares else self._ask()
            if fork is None:
                self._host.run(start)
                return
            try:
                _send_order(fork.order, start)
                break
            except OSError:
                self._forget(fork)  # A spare that has ended, and has not been reaped.
                fork.order.close()
                if not fork.pid:
                    self._host.run(start)
                    return
        fork.start = start
        if fork.pid:
            self._begin(fork, start)

    def pending(self, slot: int, incarnation: int) -> Optional[Start]:
        """Return a worker that is to be forked and has no process yet, if it is this one."""
        for fork in self._asked.values():
            if fork.start is not None and (fork.start.slot, fork.start.incarnation) == (slot, incarnation):
                return fork.start
        return None

    def _ask(self) -> Optional[Fork]:
        if self._link is None or self._ready_since is None:
            return None
        mine, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._forks += 1
        fork = Fork(mine, time.monotonic())
        try:
            # It does not wait: so many forks cannot be asked for at once.
            message = json.dumps({"fork": self._forks}).encode()
            socket.send_fds(self._link, [message], [its.fileno()], socket.MSG_DONTWAIT)
        except OSError:
            mine.close()
            return None
        finally:
            its.close()
        self._asked[self._forks] = fork
        return fork

    def _begin(self, fork: Fork, start: Start) -> None:
        fork.order.close()
        start.close()
        self._host.begun(start, fork.pid)

    def read(self) -> None:
        """Take what the template has said."""
        while self._link is not None:
            try:
                message = self._link.recv(_MESSAGE_BYTES, socket.MSG_DONTWAIT)
            except BlockingIOError:
                return
            except OSError:
                message = b""
            if not message:
                self._hung_up()
                return
            self._on_message(json.loads(message))

    def _on_message(self, message: Dict[str, Any]) -> None:
        self._heard = time.monotonic()
        if "ready" in message:
            self._give_up_at = None
            self._ready_since = self._refill_at = self._heard
            for spare in self._spares:
                spare.order.close()  # It ends: what it has loaded may be another version by now.
            self._spares.clear()
            self._host.tell(READY, self._pid, message["ready"]["micros"], "")
        elif "failed" in message:
            self._reason = message["failed"]
        else:
            fork = self._asked.pop(message["forked"], None)
            if fork is None:
                return
            fork.pid = message.get("pid", 0)
            if fork.pid and fork.start is not None:
                self._begin(fork, fork.start)
            elif fork.pid:
                self._spares.append(fork)
            else:
                self._without(fork)

    def _without(self, fork: Fork) -> None:
        """There will be no such process: start the worker in the plain way, if it was to be one."""
        fork.order.close()
        if fork.start is not None:
            self._host.run(fork.start)

    def _forget(self, fork: Fork) -> None:
        self._asked = {number: asked for number, asked in self._asked.items() if asked is not fork}

    def _hung_up(self) -> None:
        """Nobody holds the other end any more, and no process that was asked for will come."""
        assert self._link is not None
        self._link.close()
        self._link = None
        self._give_up_at = None
        asked, self._asked = self._asked, {}
        if self._status is None:
            self._end()
        else:
            self._gone()
        for fork in asked.values():
            self._without(fork)

    def _end(self) -> None:
        """End the template. What it was asked for is done without it when all its descriptors are closed."""
        if self._pid:
            try:
                os.kill(self._pid, signal.SIGKILL)  # Not reaped, so the number is still its own.
            except OSError:
                pass
        elif self._link is not None:
            self._hung_up()

    def reaped(self, pid: int, status: int) -> bool:
        """Take note of a process that has ended, and return whether it was the template or a spare."""
        if pid == self._pid:
            self._pid, self._status = 0, status
            if self._link is None:
                self._gone()
            else:
                # A process between it and a worker may still have something to say.
                self._give_up_at = time.monotonic() + _FORK_S
                self.read()
            return True
        for spare in self._spares:
            if spare.pid == pid:
                self._spares.remove(spare)
                spare.order.close()
                self._refill_at = time.monotonic() + _REFILL_S
                return True
        return False

    def _gone(self) -> None:
        status = self._status or 0
        how = f"signal {status & 0x7F}" if status & 0x7F else f"exit status {status >> 8}"
        if self._ready_since is None:
            self._failed(self._reason or f"it ended with {how} before it was ready")
            return
        lived = time.monotonic() - self._ready_since
        self._ready_since = None
        self._failures = 0 if lived >= _STABLE_S else self._failures + 1
        self._again()
        self._host.tell(LOST, 0, 0, f"{self._reason}; it ended with {how}" if self._reason else f"it ended with {how}")

    def _failed(self, reason: str) -> None:
        self._failures += 1
        self._again()
        self._host.tell(FAILED, 0, 0, reason)

    def _again(self) -> None:
        wait = 0.0 if self._failures == 0 else min(_LONGEST_WAIT_S, _FIRST_WAIT_S * 2 ** (self._failures - 1))
        self._launch_at = time.monotonic() + wait


def _send_order(order: socket.socket, start: Start) -> None:
    body = {
        "slot": start.slot,
        "incarnation": start.incarnation,
        "statusPage": start.status_page,
        "directory": start.directory,
    }
    socket.send_fds(order, [json.dumps(body).encode()], start.descriptors())
