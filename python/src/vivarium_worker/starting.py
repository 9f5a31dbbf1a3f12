"""Starting a worker's process, for the guardian."""

from __future__ import annotations

import os
import signal
import socket
import sys
from typing import Any, Callable, Dict, Iterable, List, Optional, Tuple

from . import processes
from .data import make_pipes

_FOLDER = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
WORKER_MAIN = os.path.join(_FOLDER, "vivarium_worker_main.py")

Connect = Callable[[str, int, int], socket.socket]


class Start:
    """A SPAWN that is being carried out. It holds the channels of the worker until that has them."""

    def __init__(self, slot: int, incarnation: int, request_id: int, request: Dict[str, Any]) -> None:
        self.slot = slot
        self.incarnation = incarnation
        self.request_id = request_id
        self.environment: Dict[str, str] = request["environment"]
        self.directory: Optional[str] = request["directory"]
        self.interpreter_arguments: List[str] = request["interpreterArguments"]
        self.status_page: str = request["statusPage"]
        self.oom_kills = processes.out_of_memory_kills()
        self.has_pipes = False
        self.signals: List[Tuple[int, str]] = []
        """Numbers and scopes of signals that came before the process did."""
        self._opened: Dict[str, socket.socket] = {}
        self._data: List[int] = []

    def open(self, connect: Connect, pipes: Optional[List[str]]) -> None:
        """Open the channels; raise OSError."""
        for kind in ("control", "stdout", "stderr", "stacks"):
            self._opened[kind] = connect(kind, self.slot, self.incarnation)
        made = make_pipes(*pipes) if pipes is not None and processes.LINUX else None
        self.has_pipes = made is not None
        self._data.extend(made or (connect("data", self.slot, self.incarnation).detach(),))

    def close(self) -> None:
        """Let go of the channels: the worker has them, or never will."""
        for channel in self._opened.values():
            channel.close()
        for fd in self._data:
            os.close(fd)
        self._opened.clear()
        self._data.clear()

    def descriptors(self) -> List[int]:
        """Return standard output and error, control, stacks, and one or two for data."""
        return [*(self._opened[kind].fileno() for kind in ("stdout", "stderr", "control", "stacks")), *self._data]

    def run(self, run_id: str) -> int:
        """Start an interpreter for it and return its process; raise OSError."""
        stdout, stderr, control, stacks, *data = self.descriptors()
        environment = dict(self.environment, VIVARIUM_RUN=run_id, VIVARIUM_WORKER=f"{self.slot}:{self.incarnation}")
        argv = [
            sys.executable,
            *self.interpreter_arguments,
            WORKER_MAIN,
            *("--slot", str(self.slot), "--incarnation", str(self.incarnation)),
            *("--data-fd", ",".join(map(str, data)), "--control-fd", str(control)),
            *("--stacks-fd", str(stacks), "--status-page", self.status_page),
        ]
        return fork_and_exec(argv, environment, self.directory, stdout, stderr, (*data, control, stacks))


def fork_and_exec(
    argv: List[str],
    environment: Dict[str, str],
    directory: Optional[str],
    stdout: int,
    stderr: int,
    passed: Iterable[int],
) -> int:
    """Start a program in a session of its own, with the descriptors ``passed``; raise OSError when it cannot be run.

    Forking is safe: this process has one thread. The pipe closes when exec succeeds, and else carries the error.
    """
    guardian = os.getpid()
    report, report_write = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.setsid()
            processes.die_with_parent(guardian)
            null = os.open(os.devnull, os.O_RDONLY)
            os.dup2(null, 0)
            os.dup2(stdout, 1)
            os.dup2(stderr, 2)
            for fd in passed:
                os.set_inheritable(fd, True)
            signal.set_wakeup_fd(-1)
            for number in (signal.SIGCHLD, signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE):
                signal.signal(number, signal.SIG_DFL)
            if directory is not None:
                os.chdir(directory)
            os.execve(argv[0], argv, environment)
        except OSError as error:
            place = error.filename or argv[0]
            os.write(report_write, f"{error.errno}:{place}".encode())
        finally:
            os._exit(127)
    os.close(report_write)
    with os.fdopen(report, "rb") as file:
        failure = file.read()
    if failure:
        os.waitpid(pid, 0)
        number, _, place = failure.decode().partition(":")
        raise OSError(int(number), os.strerror(int(number)), place)
    return pid
