"""What the chaos runner has done by a process beside its own: signals, pauses of the JVM, a file system that is filled.

Started with the mark of the pool, and the name of its variable. Reads orders from stdin, a line each:

    NUMBER TTL_MS signal PID SIGNAL
    NUMBER TTL_MS pause PARENT MILLIS
    NUMBER TTL_MS fill MOST PATH
    NUMBER 0 heal

and tells on stdout: ``0 ready`` first; ``NUMBER landed``, ``NUMBER refused REASON``, ``NUMBER healed``. Each is a lease: it is healed when that is
ordered, at the end of its time to live, and at the end of stdin, which is what the end of the JVM is.
"""

from __future__ import annotations

import errno
import os
import select
import signal
import sys
import time
from typing import Dict, List, Optional

_LOOK_S = 0.005
_PIECE = 1 << 22
_PAGE = os.sysconf("SC_PAGE_SIZE")

# A second process lets the JVM go on, too, so much later: the first may be killed.
_LATER_S = (0.0, 1.0, 3.0)


class Refused(Exception):
    """It cannot be carried out."""


def _state(pid: int) -> str:
    try:
        with open(f"/proc/{pid}/stat", encoding="latin-1") as file:
            return file.read().rpartition(")")[2].split()[0]
    except OSError:
        return ""


def _open_marked(pid: int, mark: bytes) -> int:
    """Open a process of the pool's; never one that has its number and not its mark."""
    try:
        process = os.pidfd_open(pid)
        with open(f"/proc/{pid}/environ", "rb") as file:
            marked = mark in file.read().split(b"\0")
    except OSError as error:
        raise Refused(f"there is no process {pid}: {error.strerror}") from error
    if not marked:
        os.close(process)
        raise Refused(f"process {pid} does not bear the pool's mark")
    return process


class Lease:
    """Something that was done, until it is undone."""

    def __init__(self, number: str, ttl_s: float) -> None:
        self.number = number
        self.ends = time.monotonic() + ttl_s
        self.has_landed = False

    def landed(self) -> bool:
        """Whether what was done has had its effect."""
        raise NotImplementedError

    def begins(self) -> None:
        """Take note that it has landed."""
        self.has_landed = True

    def heal(self) -> None:
        """Undo it."""
        raise NotImplementedError


class Signalled(Lease):
    """A process of the pool's that got a signal."""

    def __init__(self, number: str, ttl_s: float, mark: bytes, pid: int, number_of_signal: int) -> None:
        super().__init__(number, ttl_s)
        self._pid, self._signal = pid, number_of_signal
        self._process = _open_marked(pid, mark)
        try:
            signal.pidfd_send_signal(self._process, number_of_signal)
        except ProcessLookupError as error:
            os.close(self._process)
            raise Refused(f"process {pid} has ended before") from error

    def landed(self) -> bool:
        if self._signal == signal.SIGSTOP:
            return _state(self._pid) == "T"
        return bool(select.select([self._process], [], [], 0)[0])

    def heal(self) -> None:
        if self._signal == signal.SIGSTOP:
            try:
                signal.pidfd_send_signal(self._process, signal.SIGCONT)
            except ProcessLookupError:
                pass
        os.close(self._process)


class Paused(Lease):
    """The JVM, which is this process's parent."""

    def __init__(self, number: str, ttl_s: float, parent: int, time_s: float) -> None:
        super().__init__(number, ttl_s)
        self._time_s = time_s
        self._pid = parent
        self._process = os.pidfd_open(self._pid)
        if os.getppid() != parent:  # Asked when it is held: who takes in orphans is not to be stopped.
            os.close(self._process)
            raise Refused(f"process {parent} is not this one's parent any more")
        self._other = os.fork()
        if self._other == 0:
            self._go_on_later(ttl_s)
        signal.pidfd_send_signal(self._process, signal.SIGSTOP)

    def _go_on_later(self, ttl_s: float) -> None:
        try:
            os.close(0)
            for more in _LATER_S:
                if select.select([self._process], [], [], ttl_s + more)[0]:
                    break  # It has ended.
                signal.pidfd_send_signal(self._process, signal.SIGCONT)
        finally:
            os._exit(0)

    def landed(self) -> bool:
        return _state(self._pid) == "T"

    def begins(self) -> None:
        super().begins()
        # Its threads stop one by one, which on a busy machine may take longer than the pause.
        self.ends = min(self.ends, time.monotonic() + self._time_s)

    def heal(self) -> None:
        try:
            signal.pidfd_send_signal(self._process, signal.SIGCONT)
        except ProcessLookupError:
            pass
        os.close(self._process)
        os.kill(self._other, signal.SIGKILL)
        os.waitpid(self._other, 0)


class Filled(Lease):
    """A file that takes all that a file system has."""

    def __init__(self, number: str, ttl_s: float, most: int, path: str) -> None:
        super().__init__(number, ttl_s)
        self._path = path
        room = os.statvfs(os.path.dirname(path))
        free = room.f_bfree * room.f_frsize
        if free > most:
            raise Refused(f"{os.path.dirname(path)} has {free >> 20} MiB free, and at most {most >> 20} MiB may be taken")
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        self._size = 0
        self._most = most
        try:
            self._fill()
        except BaseException:
            self.heal()
            raise

    def _fill(self) -> None:
        piece = _PIECE
        while piece >= _PAGE:
            try:
                os.posix_fallocate(self._file, self._size, piece)
                self._size += piece
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise Refused(f"{self._path} cannot be made larger: {error.strerror}") from error
                piece //= 2
            if self._size > self._most:
                raise Refused(f"more than {self._most >> 20} MiB could be taken")

    def landed(self) -> bool:
        try:
            os.posix_fallocate(self._file, self._size, _PAGE)
            self._size += _PAGE
            return False  # Something has been given back meanwhile: that is taken, too.
        except OSError as error:
            return error.errno == errno.ENOSPC

    def heal(self) -> None:
        os.unlink(self._path)
        os.close(self._file)


class Helper:
    """The leases, and what is told of them."""

    def __init__(self, mark: bytes) -> None:
        self._mark = mark
        self._leases: Dict[str, Lease] = {}
        self._over = False

    def _tell(self, number: str, what: str) -> None:
        try:
            os.write(1, f"{number} {what}\n".encode())
        except OSError:
            self._over = True  # Nobody is there any more.

    def _heal(self, number: str) -> None:
        lease = self._leases.pop(number, None)
        if lease is not None:
            lease.heal()
            self._tell(number, "healed")

    def _begin(self, words: List[str]) -> Optional[Lease]:
        number, ttl_s, what = words[0], int(words[1]) / 1000, words[2]
        if what == "signal":
            return Signalled(number, ttl_s, self._mark, int(words[3]), int(words[4]))
        if what == "pause":
            return Paused(number, ttl_s, int(words[3]), int(words[4]) / 1000)
        if what == "fill":
            return Filled(number, ttl_s, int(words[3]), words[4])
        self._heal(number)
        return None

    def _order(self, line: str) -> None:
        words = line.split(" ", 4)
        try:
            lease = self._begin(words)
        except Refused as refused:
            self._tell(words[0], f"refused {refused}")
        except OSError as error:
            self._tell(words[0], f"refused {error}")
        else:
            if lease is not None:
                self._leases[lease.number] = lease

    def _look(self) -> None:
        for lease in list(self._leases.values()):
            if not lease.has_landed and lease.landed():
                lease.begins()
                self._tell(lease.number, "landed")
            if time.monotonic() >= lease.ends:
                self._heal(lease.number)

    def run(self) -> None:
        """Do what is ordered until stdin ends."""
        rest = b""
        self._tell("0", "ready")
        try:
            while not self._over:
                ready, _, _ = select.select([0], [], [], _LOOK_S if self._leases else None)
                if ready:
                    read = os.read(0, 4096)
                    if not read:
                        break
                    *lines, rest = (rest + read).split(b"\n")
                    for line in lines:
                        self._order(line.decode())
                self._look()
        finally:
            for number in list(self._leases):
                self._heal(number)


def main() -> None:
    os.setsid()  # What interrupts the runner must not end this before it has healed.
    Helper(f"{sys.argv[1]}={sys.argv[2]}".encode()).run()


if __name__ == "__main__":
    main()
