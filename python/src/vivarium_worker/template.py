"""The template: an interpreter that has loaded what workers need, and off which they are forked. See PROTOCOL.md, section 7.

It waits for the guardian to ask for a process. What it forks is not its child for long: the process between them ends at
once, so that the new one comes to the guardian, which starts, signals, measures and reaps it as any other worker. That
is why workers outlive their template.
"""

from __future__ import annotations

import ctypes
import gc
import importlib
import json
import os
import select
import socket
import sys
import threading
import time
import traceback
import warnings
from typing import Any, Collection, Dict, List, NoReturn, Optional

from . import errors, processes
from .descriptors import TooFewDescriptors, own
from .ending import die, flush
from .entry import Start, prepare, run
from .forked import end_child
from .inplace import COMMAND, WORKER, Words
from .loading import Loaded, LoadError
from .rehearsal import rehearse
from .runtime import EXIT_DEFECT, EXIT_LOAD_FAILED

MESSAGE_BYTES = 128 * 1024
"""The longest message between guardian and template."""

COMPUTE_THREADS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "BLIS_NUM_THREADS",
)
"""What tells BLAS and OpenMP libraries how many threads to start, which they do when they are loaded."""

_ENDING_S = 0.2
"""How long a thread that a module has started, and joined perhaps, has to be gone before it counts."""

_IN_C = "of a C library"

_ADOPTED_S = 0.0005
"""Between two looks whether this process has come to the guardian."""


class Unfit(Exception):
    """Nothing may be forked off this process."""


def main(argv: List[str]) -> NoReturn:
    """Load what the guardian says, then fork. In a process that was forked, be the worker that the guardian asks for."""
    own_name, command = Words(WORKER), Words(COMMAND)
    for variable in COMPUTE_THREADS:
        os.environ.setdefault(variable, "1")
    prepare()
    try:
        link = socket.socket(fileno=own(int(argv[1])))
    except TooFewDescriptors as reason:
        die(EXIT_DEFECT, reason)
    guardian = os.getppid()
    order = json.loads(link.recv(MESSAGE_BYTES))
    begun = time.monotonic()
    try:
        loaded = preload(order)
    except Unfit as reason:
        _send(link, {"failed": str(reason)})
        flush()
        os._exit(EXIT_LOAD_FAILED)
    gc.collect()
    gc.freeze()  # The collector would write to every object that it looks at, and so copy the pages that are shared.
    _send(link, {"ready": {"micros": int((time.monotonic() - begun) * 1e6)}})
    start = _be_asked(link, guardian, own_name, command)
    run(start, loaded)


def preload(order: Dict[str, Any]) -> Loaded:
    """Load modules and handlers, or raise Unfit: they cannot be loaded, or have started threads."""
    loaded = Loaded()
    loaded.extend_path(order["pythonPath"])
    threads = Threads(order["forkSafe"])
    for name in order["preload"]:
        _load(name, lambda name=name: importlib.import_module(name))  # type: ignore[misc]
        threads.started_by([name])
    if order["handlers"]:
        _load("the handlers", lambda: loaded.handlers_of(order["handlers"]))
        threads.started_by(order["handlers"])
    threads.check()
    return loaded


def _load(what: str, load: Any) -> None:
    template = os.getpid()
    try:
        load()
    except BaseException as error:
        if os.getpid() != template:
            end_child(error)
        traceback.print_exc()
        if isinstance(error, LoadError):
            raise Unfit(f"preloading: {error}") from None
        raise Unfit(f"preloading {what}: {errors.type_name(type(error))}: {errors.text(error)}") from None
    if os.getpid() != template:  # It forked, and both came back.
        end_child(None)


class Threads:
    """Finds the threads of this process besides the main one, and whose they are. None of them is there after a fork.

    What they were doing stays half done then, and the locks that they held stay locked.
    """

    def __init__(self, fork_safe: Collection[str]) -> None:
        self._fork_safe = set(fork_safe)
        self._known = set(_threads())
        self._offenders: List[str] = []

    def started_by(self, sources: List[str]) -> None:
        """Note the threads that have come since the last time: these modules or files were loaded meanwhile."""
        end = time.monotonic() + _ENDING_S
        safe = self._fork_safe.issuperset(sources)
        while True:
            new = [thread for thread in _threads() if thread not in self._known]
            if not new or safe or time.monotonic() >= end:
                break
            select.select([], [], [], 0.01)
        self._known.update(new)
        if new and not safe:
            count = "a thread" if len(new) == 1 else f"{len(new)} threads"
            names = ", ".join(sorted(map(_name, new))[:10])
            self._offenders.append(f"{', '.join(sources)} started {count} ({names})")

    def check(self) -> None:
        """Raise Unfit if there are threads that nobody has declared to be harmless."""
        if not self._offenders:
            return
        offenders = "; ".join(self._offenders)
        blas = "BLAS libraries start none with compute-threads = 1; else " if _IN_C in offenders else ""
        raise Unfit(
            f"preloading {offenders}. A fork has no thread but the one that forks: {blas}start threads in the handlers and "
            "not while a module is loaded, do not preload the module, or name it in template.fork-safe if it can do without them"
        )


def _threads() -> List[int]:
    try:
        return [int(name) for name in os.listdir("/proc/self/task") if int(name) != os.getpid()]
    except OSError:
        return [thread.native_id or 0 for thread in threading.enumerate() if thread is not threading.main_thread()]


def _name(thread: int) -> str:
    for known in threading.enumerate():
        if known.native_id == thread:
            return f"'{known.name}'"
    try:
        with open(f"/proc/self/task/{thread}/comm", encoding="utf-8", errors="replace") as file:
            return f"'{file.read().strip()}' {_IN_C}"
    except OSError:
        return "one that has ended since"


def _be_asked(link: socket.socket, guardian: int, own_name: Words, command: Words) -> Start:
    """Fork whenever the guardian asks for it. Only a forked process comes back from here, when it is to be a worker."""
    while True:
        message, descriptors, _, _ = socket.recv_fds(link, MESSAGE_BYTES, 1, socket.MSG_CMSG_CLOEXEC)
        if not message:
            os._exit(0)
        # What is still held back would be written by every process that is forked.
        flush()
        ctypes.CDLL(None).fflush(None)
        orders = _fork(link, json.loads(message)["fork"], descriptors[0], guardian)
        if orders is not None:
            return _become_worker(orders, own_name, command)


def _fork(link: socket.socket, number: int, descriptor: int, guardian: int) -> Optional[socket.socket]:
    """Fork twice. Return the socket that orders come by in the process that is to stay, and None in this one."""
    try:
        middle = _quiet_fork()
    except OSError as error:
        _send(link, {"forked": number, "error": errors.text(error)})
        os.close(descriptor)
        return None
    if middle:
        os.close(descriptor)
        try:
            os.waitpid(middle, 0)
        except ChildProcessError:
            pass  # A module that was loaded ignores SIGCHLD.
        return None
    between = os.getpid()
    try:
        begun, begun_write = os.pipe()
        if _quiet_fork():
            # Until it has told its number it is not the guardian's child, so that the guardian knows whom it reaps.
            os.close(begun_write)
            if not os.read(begun, 1):
                _send(link, {"forked": number, "error": "it ended at once"})
            os._exit(0)
    except BaseException as error:
        _send(link, {"forked": number, "error": errors.text(error)})
        os._exit(0)
    os.setsid()
    _send(link, {"forked": number, "pid": os.getpid()})
    link.close()
    os.close(begun)
    os.write(begun_write, b"x")
    os.close(begun_write)
    while os.getppid() == between:
        select.select([], [], [], _ADOPTED_S)
    processes.die_with_parent(guardian)
    return socket.socket(fileno=descriptor)


def _quiet_fork() -> int:
    """Fork; Python 3.12 warns of threads, which are known here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()


def _become_worker(orders: socket.socket, own_name: Words, command: Words) -> Start:
    """Wait for the order to be a certain worker, and make this process what a new one would be."""
    _seed()
    if not select.select([orders], [], [], 0)[0]:
        rehearse()
    message, descriptors, _, _ = socket.recv_fds(orders, MESSAGE_BYTES, 6, socket.MSG_CMSG_CLOEXEC)
    if not message:
        os._exit(0)  # It is not needed any more, or the guardian is gone.
    orders.close()
    order = json.loads(message)
    stdout, stderr, control, stacks, *data = descriptors
    null = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
    for standard, fd in enumerate((null, stdout, stderr)):
        os.dup2(fd, standard)
        os.close(fd)
    try:
        if order["directory"] is not None:
            os.chdir(order["directory"])  # It may be another by now that has this name.
    except OSError as error:
        die(EXIT_DEFECT, error)
    worker = f"{order['slot']}:{order['incarnation']}"
    own_name.write(f"VIVARIUM_WORKER={worker}")
    os.environ["VIVARIUM_WORKER"] = worker
    arguments = ["--slot", str(order["slot"]), "--incarnation", str(order["incarnation"])]
    command.write("\0".join(arguments))
    sys.argv[1:] = arguments
    return Start(order["slot"], order["incarnation"], data, control, stacks, order["statusPage"])


def _seed() -> None:
    """Give this process random numbers of its own, where a fork does not (as it does for ``random``)."""
    numpy_random = sys.modules.get("numpy.random")
    if numpy_random is not None:
        numpy_random.seed()


def _send(link: socket.socket, message: Dict[str, Any]) -> None:
    try:
        link.send(json.dumps(message).encode()[:MESSAGE_BYTES])
    except OSError:
        pass  # The guardian is gone, and this process soon.
