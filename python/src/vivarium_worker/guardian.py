"""The guardian: starts, signals and reaps workers, and leaves none behind. See PROTOCOL.md, section 7.

Single-threaded, standard library only, no user code. Everything that it starts is its descendant, and it is the subreaper
of all of them, so that when the JVM is gone, however it went, one loop of kill and reap ends everything.
"""

from __future__ import annotations

import errno
import json
import os
import select
import shutil
import signal
import socket
import sys
import time
from typing import TYPE_CHECKING, Any, Dict, FrozenSet, Iterable, List, Optional, Set, Tuple

from . import forking, frames, memory, processes, starting
from .child import Child, kill_group

if TYPE_CHECKING:
    import resource

_MAX_OUTGOING = 64 << 20
_ROUND_S = 0.002

_WAIT_FOR_HIDDEN_S = 0.1
"""How long processes without a visible environment are waited for before they count as somebody else's."""

_WAIT_FOR_KILLED_S = 1.0
"""How long killed processes are waited for: one in uninterruptible sleep may stay for as long as its device likes."""

_WAIT_FOR_STUCK_S = 4.0
"""How long the guardian, when it begins or ends, waits for the same killed processes. Twice is less than the JVM waits."""


class Refusal(Exception):
    """A request that cannot be carried out."""

    def __init__(self, reason: str, number: int = 0) -> None:
        super().__init__(reason)
        self.number = number


class Patience:
    """Ends a wait for killed processes when it is the same ones for too long. One in uninterruptible sleep cannot be ended.

    It has been killed, and runs no more of its program when it wakes. As long as others come or go the wait goes on.
    """

    def __init__(self) -> None:
        self._left: FrozenSet[int] = frozenset()
        self._since = time.monotonic()

    def ends_with(self, left: Iterable[int]) -> bool:
        """Return whether the wait is over, and say on standard error which processes are left then."""
        now = time.monotonic()
        if self._left != frozenset(left):
            self._left, self._since = frozenset(left), now
        if now - self._since < _WAIT_FOR_STUCK_S:
            return False
        if self._left:
            shown = ", ".join(processes.shown(pid) for pid in sorted(self._left))
            _tell(f"killed, and not ended {_WAIT_FOR_STUCK_S:g} s later: process {shown}")
        return True


class Guardian:
    """The loop and what it knows."""

    def __init__(self, settings: Dict[str, Any]) -> None:
        self._socket_path: str = settings["socket"]
        self._secret: str = settings["secret"]
        self._run_as = f"VIVARIUM_RUN={settings['run']}"
        self._run_id: str = settings["run"]
        self._directory: str = settings["directory"]
        self._shared_memory: List[str] = settings.get("sharedMemory") or []
        self._jvm_lives = False
        self._jvm: int = settings["jvm"]
        self._children: Dict[int, Child] = {}
        self._outgoing = bytearray()
        self._decoder = frames.Decoder(frames.CONTROL_LIMITS)
        self._draining = False
        self._memory = memory.Watch(self._run_as, settings.get("memory"))
        self._template: Optional[forking.Template] = None
        if settings.get("template"):
            host = forking.Host(self._run_id, self._connect, self._begun, self._run, self._tell_of_template)
            self._template = forking.Template(settings["template"], host)
        # Process and start time of those that showed no environment for as long as they were waited for.
        self._hidden: Set[Tuple[int, int]] = set()

    def run(self) -> int:
        """Serve the JVM until it ends or asks for the end."""
        subreaper = processes.become_subreaper()
        jvm = self._watch_jvm()
        wake, wake_write = os.pipe()
        os.set_blocking(wake, False)
        os.set_blocking(wake_write, False)
        signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        swept = self._sweep()
        self._jvm_socket = self._connect("guardian", 0, 0)
        self._jvm_socket.setblocking(False)
        self._send(
            frames.HELLO,
            0,
            0,
            {
                "pid": os.getpid(),
                "python": ".".join(map(str, sys.version_info[:3])),
                "executable": sys.executable,
                "implementation": sys.implementation.name,
                "platform": sys.platform,
                "subreaper": subreaper,
                "deathsig": processes.can_die_with_parent(),
                "pidfd": processes.has_pidfd(),
                "swept": swept,
            },
        )
        poller = select.poll()
        lifeline = sys.stdin.fileno()
        poller.register(lifeline, select.POLLIN)
        poller.register(wake, select.POLLIN)
        if jvm is not None:
            poller.register(jvm, select.POLLIN)
        while True:
            events = select.POLLIN | (select.POLLOUT if self._outgoing else 0)
            poller.register(self._jvm_socket, events)
            template = self._template.link if self._template is not None else None
            if template is not None:
                poller.register(template, select.POLLIN)
            for fd, _ in poller.poll(self._pause_ms()):
                if fd == wake:
                    _drain_pipe(wake)
                    self._reap()
                elif fd == jvm or (fd == lifeline and self._lifeline_ends(lifeline)):
                    return self._end()
                elif fd == self._jvm_socket.fileno() and not self._serve():
                    return self._end()
                elif fd == template and self._template is not None:
                    self._template.read()
            if template is not None:
                poller.unregister(template)  # It may be another the next time.
            if self._template is not None:
                self._template.look()
            if self._memory.is_due() and not self._outgoing:
                self._measure()
            if self._draining:
                self._kill_everything()
                self._send(frames.BYE, 0, 0, {"reason": "drained"})
                self._jvm_socket.setblocking(True)
                self._flush()
                return self._end()

    def _lifeline_ends(self, lifeline: int) -> bool:
        """Read from the lifeline: a JVM that lives says so before it ends it."""
        data = os.read(lifeline, 4096)
        self._jvm_lives = self._jvm_lives or bool(data)
        return not data

    def _watch_jvm(self) -> Optional[int]:
        """Return a descriptor that becomes readable when the JVM ends, or None where there is no such thing."""
        if os.getppid() != self._jvm:
            self._end()
            os._exit(0)
        if not processes.has_pidfd():
            return None
        return os.pidfd_open(self._jvm)

    def _sweep(self) -> int:
        """End what an earlier guardian of this pool left behind when it was killed."""
        if not processes.LINUX:
            return 0
        swept = set()
        patience = Patience()
        while True:
            left = [pid for pid in processes.carriers(self._run_as) if pid not in (os.getpid(), self._jvm)]
            if not left:
                return len(swept)
            # Killed is not ended: the next round may meet the same process again.
            swept.update(pid for pid in left if processes.kill_if(pid, self._run_as))
            if patience.ends_with(left):
                return len(swept)
            select.select([], [], [], _ROUND_S)

    def _connect(self, kind: str, slot: int, incarnation: int) -> socket.socket:
        channel = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            channel.connect(self._socket_path)
            body = json.dumps({"kind": kind, "slot": slot, "secret": self._secret}).encode()
            channel.sendall(frames.encode(frames.ATTACH, 0, incarnation, body))
        except OSError:
            channel.close()
            raise
        return channel

    def _serve(self) -> bool:
        """Read and write what can be; return False when the JVM has hung up."""
        try:
            self._flush()
            data = self._jvm_socket.recv(65536)
        except BlockingIOError:
            return True
        except OSError:
            return False
        if not data:
            return False
        for frame in self._decoder.feed(data):
            self._on_frame(frame)
        return True

    def _on_frame(self, frame: frames.Frame) -> None:
        if frame.type == frames.DRAIN:
            self._draining = True
            return
        request = json.loads(frame.body)
        slot = request["slot"]
        try:
            if frame.type == frames.SPAWN:
                self._spawn(slot, frame.incarnation, frame.call_id, request)
            elif frame.type == frames.SIGNAL:
                self._signal(slot, frame.incarnation, request["signal"], request["scope"])
            else:
                raise frames.Violation("UNEXPECTED_TYPE", f"type {frame.type:#x} to the guardian", frame.body)
        except Refusal as refusal:
            self._refuse(refusal, slot, frame.incarnation, frame.call_id)

    def _refuse(self, refusal: Refusal, slot: int, incarnation: int, request_id: int) -> None:
        body = {"slot": slot, "reason": str(refusal), "errno": refusal.number}
        self._send(frames.REFUSED, request_id, incarnation, body)

    def _spawn(self, slot: int, incarnation: int, request_id: int, request: Dict[str, Any]) -> None:
        start = starting.Start(slot, incarnation, request_id, request)
        try:
            start.open(self._connect, request.get("pipes"))
        except OSError as error:
            start.close()
            raise _refusal(error) from None
        if self._template is not None and self._template.takes(start):
            self._template.start(start)
        else:
            self._run(start)

    def _run(self, start: starting.Start) -> None:
        """Start an interpreter for a worker."""
        try:
            pid = start.run(self._run_id)
        except OSError as error:
            self._refuse(_refusal(error), start.slot, start.incarnation, start.request_id)
        else:
            self._begun(start, pid)
        finally:
            start.close()

    def _begun(self, start: starting.Start, pid: int) -> None:
        """A process runs for a worker, whichever way it was made."""
        pidfd = os.pidfd_open(pid) if processes.has_pidfd() else None
        child = Child(start.slot, start.incarnation, pid, pidfd, start.oom_kills)
        self._children[pid] = child
        body = {"slot": start.slot, "pid": pid, "startTime": processes.start_time(pid), "pipes": start.has_pipes}
        self._send(frames.SPAWNED, start.request_id, start.incarnation, body)
        for number, scope in start.signals:
            try:
                child.signal(number, scope)
            except OSError:
                pass  # Its end is reported.

    def _tell_of_template(self, state: str, pid: int, micros: int, detail: str) -> None:
        self._send(frames.TEMPLATE, 0, 0, {"state": state, "pid": pid, "loadMicros": micros, "detail": detail})

    def _signal(self, slot: int, incarnation: int, number: int, scope: str) -> None:
        for child in self._children.values():
            if child.slot == slot and child.incarnation == incarnation:
                break
        else:
            pending = self._template and self._template.pending(slot, incarnation)
            if not pending:
                raise Refusal(f"worker {slot}, incarnation {incarnation}, has ended", errno.ESRCH)
            pending.signals.append((number, scope))
            return
        try:
            child.signal(number, scope)
        except OSError as error:
            raise Refusal(error.strerror or str(error), error.errno or 0) from None

    def _pause_ms(self) -> Optional[int]:
        """Return how long nothing has to be done of itself. While the JVM is slow to read, nothing is measured for it."""
        pauses = [self._memory.pause_ms(bool(self._children) and not self._outgoing)]
        if self._template is not None:
            pauses.append(self._template.pause_ms())
        return min((pause for pause in pauses if pause is not None), default=None)

    def _measure(self) -> None:
        """Say what the workers take, where that has changed."""
        tags = {child.pid: child.tag for child in self._children.values()}
        for pid, tree in self._memory.look(tags):
            child = self._children[pid]
            body = {"slot": child.slot, "bytes": tree.bytes, "processes": tree.processes}
            self._send(frames.MEMORY, 0, child.incarnation, body)

    def _reap(self) -> None:
        """Report every worker that has ended."""
        if not hasattr(os, "waitid"):  # macOS has it for Python 3.13 and later only.
            for child in list(self._children.values()):
                pid, status, usage = os.wait4(child.pid, os.WNOHANG)
                if pid:
                    # No look is possible before the reaping. A group that has members keeps its number all the same.
                    self._report(child, status, usage, self._end_leftovers(child))
            return
        while True:
            try:
                # Look before reaping: until then the process number, and the group of that number, belong to nobody else.
                info = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            except ChildProcessError:
                return
            if info is None:
                return
            if info.si_pid not in self._children and self._template is not None:
                self._template.read()  # What has been forked is told of before it can be seen here.
            child = self._children.get(info.si_pid)
            orphans = 0 if child is None else self._end_leftovers(child)
            _, status, usage = os.wait4(info.si_pid, 0)
            if child is not None:
                self._report(child, status, usage, orphans)
            elif self._template is not None:
                self._template.reaped(info.si_pid, status)

    def _report(self, child: Child, status: int, usage: resource.struct_rusage, orphans: int) -> None:
        """Say how a worker ended that has been reaped, and forget it."""
        self._forget(child.pid)
        self._send(
            frames.EXITED,
            0,
            child.incarnation,
            {
                "slot": child.slot,
                "pid": child.pid,
                "status": status,
                "maxRssKiB": usage.ru_maxrss if processes.LINUX else usage.ru_maxrss // 1024,
                "userMicros": int(usage.ru_utime * 1e6),
                "systemMicros": int(usage.ru_stime * 1e6),
                "oomKills": child.out_of_memory_kills(),
                "orphansKilled": orphans,
            },
        )

    def _forget(self, pid: int) -> None:
        child = self._children.pop(pid, None)
        if child is not None:
            child.close()

    def _end_leftovers(self, child: Child) -> int:
        """Kill what a dead worker left behind, wherever it has put itself; return how many."""
        kill_group(child.pid)
        if not processes.LINUX:
            return 0
        tag = child.tag
        killed: Set[int] = set()
        begun = time.monotonic()
        while True:
            below = processes.adopted({*self._children, *(self._template.processes() if self._template else ())})
            self._hidden.intersection_update(below.items())  # The others have ended.
            left = [pid for pid in below if processes.carries(pid, self._run_as, tag)]
            killed.update(pid for pid in left if processes.kill_if(pid, self._run_as, tag))
            # Whose a process is cannot be seen while it becomes another program; shortly afterwards it can. One that stays
            # as it is was started without an environment, and is waited for only once: nothing else is served meanwhile.
            hidden = {one for one in below.items() if one not in self._hidden and processes.hides(one[0])}
            # Those that were killed may show nothing any more, but they are not what this waits for.
            hidden = {one for one in hidden if one[0] not in killed}
            waited = time.monotonic() - begun
            if hidden and waited >= _WAIT_FOR_HIDDEN_S:
                self._hidden |= hidden
                hidden = set()
            if (not left or waited >= _WAIT_FOR_KILLED_S) and not hidden:
                return len(killed)
            select.select([], [], [], _ROUND_S)

    def _kill_everything(self) -> None:
        """Kill and reap until no descendant is left, or only such as do not end though they were killed.

        One look at the process table is not one moment: a child whose parent dies meanwhile, or that is forked meanwhile,
        can be missing from it. So nothing here waits for a particular process; each round looks at everything again.
        """
        patience = Patience()
        while True:
            if processes.LINUX:
                left = processes.descendants(os.getpid())
                for pid, started in left.items():
                    processes.kill_if(pid, started=started)
            else:
                left = dict.fromkeys(self._children, 0)
                for pid in left:
                    kill_group(pid)
            try:
                while True:
                    pid, _ = os.waitpid(-1, os.WNOHANG)
                    if pid == 0:
                        break
                    self._forget(pid)
            except ChildProcessError:
                return
            if patience.ends_with(left):
                return
            select.select([], [], [], _ROUND_S)

    def _end(self) -> int:
        self._kill_everything()
        if processes.LINUX:
            for pid in list(processes.carriers(self._run_as)):
                if pid not in (os.getpid(), self._jvm):
                    processes.kill_if(pid, self._run_as)
        _remove_directory(self._directory, self._socket_path)
        if not self._jvm_lives:  # Else another guardian follows, for workers that use the same.
            for folder in self._shared_memory:
                _remove_owned(folder)
        return 0

    def _send(self, type: int, call_id: int, incarnation: int, body: Dict[str, Any]) -> None:
        if len(self._outgoing) > _MAX_OUTGOING:
            raise RuntimeError("the JVM does not read what the guardian reports")
        self._outgoing += frames.encode(type, call_id, incarnation, json.dumps(body).encode())
        self._flush()

    def _flush(self) -> None:
        try:
            while self._outgoing:
                sent = self._jvm_socket.send(self._outgoing)
                del self._outgoing[:sent]
        except BlockingIOError:
            pass
        except OSError:
            self._outgoing.clear()  # Hung up; the next read says so too.


def _refusal(error: OSError) -> Refusal:
    return Refusal(f"{error.strerror or error}: {error.filename or ''}".rstrip(": "), error.errno or 0)


def _tell(text: str) -> None:
    try:
        os.write(2, f"vivarium guardian: {text}\n".encode("utf-8", "replace"))
    except OSError:
        pass  # Nobody is there to read it.


def _drain_pipe(fd: int) -> None:
    try:
        while os.read(fd, 4096):
            pass
    except BlockingIOError:
        pass


def _remove_directory(directory: str, socket_path: str) -> None:
    """Remove the pool's private directory, if it is the one that holds the socket and belongs to this user."""
    if os.path.dirname(socket_path) == directory:
        _remove_owned(directory)


def _remove_owned(directory: str) -> None:
    """Remove a directory of this user's."""
    try:
        if os.lstat(directory).st_uid == os.getuid():
            shutil.rmtree(directory, ignore_errors=True)
    except OSError:
        pass


def read_settings(fd: int) -> Dict[str, Any]:
    """Read the one line on the lifeline; what follows is only its end."""
    line = b""
    while not line.endswith(b"\n"):
        read = os.read(fd, 65536)
        if not read:
            raise EOFError("the lifeline ended before the settings were read")
        line += read
    settings: Dict[str, Any] = json.loads(line)
    return settings


def main() -> int:
    """Run the guardian."""
    # A JVM blocks SIGQUIT for its own thread dumps, and so for its children: a worker would not feel it.
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # A terminal's Ctrl-C goes to every process of the job; only the JVM decides when the guardian ends.
        signal.signal(number, signal.SIG_IGN)
    try:
        os.setsid()
    except OSError:
        pass
    return Guardian(read_settings(sys.stdin.fileno())).run()
