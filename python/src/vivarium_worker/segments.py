"""Segments of shared memory, as a worker has them: those that it reads a call from, and those that it writes results to.

See PROTOCOL.md, section 11. The JVM makes and removes all of them; nothing here is left when this process is killed.
"""

from __future__ import annotations

import json
import mmap
import os
import queue
import sys
from collections import OrderedDict
from typing import Any, Callable, Dict, List, Sequence, Tuple

from . import frames

HEADER_BYTES = 64
"""What stands before the results in a segment that a worker writes to. Its first word: whether there is one that was not read."""

_KEPT_MAPPINGS = 16
"""How many segments stay mapped between calls."""

_KEPT_OUTBOX_BYTES = 8 << 20
"""A larger segment for results goes back to the JVM with the result."""

_PAGE = mmap.PAGESIZE


class Unavailable(Exception):
    """The JVM has no shared memory for a result; the message says why."""


class _Lent:
    """A segment that a call came in, mapped for reading.

    The mapping is private, so that what somebody writes here by force stays here.
    """

    def __init__(self, path: str) -> None:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            self.map = mmap.mmap(fd, 0, access=mmap.ACCESS_COPY)
        finally:
            os.close(fd)
        self._alone = sys.getrefcount(self.map)

    def is_seen(self) -> bool:
        """Return whether a view of it is left: each refers to the mapping, directly or through others."""
        return sys.getrefcount(self.map) > self._alone

    def keep(self) -> None:
        """Put a copy in the place of the mapping, at the same addresses, all at once.

        Whoever has a view sees what was there, for ever. Nothing connects it with the segment any more.
        """
        import ctypes

        libc = ctypes.CDLL(None, use_errno=True)
        libc.mmap.restype = libc.mremap.restype = ctypes.c_void_p
        size = (len(self.map) + _PAGE - 1) // _PAGE * _PAGE
        address = ctypes.addressof(ctypes.c_char.from_buffer(self.map))
        failed = ctypes.c_void_p(-1).value
        anonymous = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
        protection = mmap.PROT_READ | mmap.PROT_WRITE
        copy = libc.mmap(None, ctypes.c_size_t(size), protection, anonymous, -1, ctypes.c_long(0))
        if copy != failed:
            ctypes.memmove(copy, address, len(self.map))
            # MREMAP_MAYMOVE | MREMAP_FIXED
            moved = libc.mremap(
                ctypes.c_void_p(copy), ctypes.c_size_t(size), ctypes.c_size_t(size), 3, ctypes.c_void_p(address)
            )
            if moved == address:
                return
        raise MemoryError(f"what a handler keeps of its arguments cannot be copied: {os.strerror(ctypes.get_errno())}")


class _Outbox:
    """A segment that results are written to."""

    def __init__(self, number: int, path: str) -> None:
        self.number = number
        fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        try:
            self.map = mmap.mmap(fd, 0)
        finally:
            os.close(fd)
        self.view = memoryview(self.map)
        self.word = self.view[:8].cast("Q")

    def close(self) -> None:
        """Let go of it."""
        self.word.release()
        self.view.release()
        self.map.close()


Ask = Callable[[int, List[int]], Tuple[int, str]]
"""Asks the JVM for a segment of so many bytes, giving others back; returns its number, or 0 and why there is none."""


class Space:
    """Asks the JVM for segments. It is asked on the data channel, and answers on the control channel, to another thread."""

    def __init__(self, send: Callable[[int, int, bytes], None]) -> None:
        """``send`` sends a frame on the data channel: type, call and body."""
        self._send = send
        self._answers: "queue.SimpleQueue[Dict[str, Any]]" = queue.SimpleQueue()
        self.call_id = 0
        """The call that a segment is wanted for."""

    def ask(self, wanted: int, returned: List[int]) -> Tuple[int, str]:
        """Ask, wait for the answer, and return it: a segment's number, or 0 and why there is none."""
        body = json.dumps({"bytes": wanted, "returned": returned}).encode()
        self._send(frames.SPACE_WANTED, self.call_id, body)
        answer = self._answers.get()
        return answer["segment"], answer["refusal"]

    def answered(self, body: bytes) -> None:
        """Take the body of a SPACE."""
        self._answers.put(json.loads(body))


class Segments:
    """What a worker has of shared memory."""

    def __init__(self, folders: Sequence[str], ask: Ask) -> None:
        self._folders = folders
        self._ask = ask
        self._lent: "OrderedDict[int, _Lent]" = OrderedDict()
        self._outboxes: List[_Outbox] = []

    def _path(self, number: int) -> str:
        paths = [os.path.join(folder, str(number)) for folder in self._folders]
        return next((path for path in paths if os.path.exists(path)), paths[0] if paths else str(number))

    def view(self, number: int, offset: int, length: int) -> memoryview:
        """Return a read-only view of a part of a segment that a call came in; raise OSError or ValueError."""
        lent = self._lent.get(number)
        if lent is None:
            lent = self._lent[number] = _Lent(self._path(number))
        else:
            self._lent.move_to_end(number)
        if offset + length > len(lent.map):
            raise ValueError(f"segment {number} has {len(lent.map)} bytes")
        return memoryview(lent.map)[offset : offset + length].toreadonly()

    def end_of_call(self, numbers: Sequence[int]) -> None:
        """Make sure that nobody sees what the JVM writes to these segments from now on; raise MemoryError."""
        for number in numbers:
            lent = self._lent.get(number)
            if lent is not None and lent.is_seen():
                lent.keep()
                del self._lent[number]
        while len(self._lent) > _KEPT_MAPPINGS:
            self._lent.popitem(last=False)

    def become_child(self, numbers: Sequence[int]) -> None:
        """Keep what a forked child has inherited as it is."""
        for number in numbers:
            lent = self._lent.get(number)
            if lent is not None and lent.is_seen():
                lent.keep()

    def outbox(self, wanted: int) -> Tuple[int, memoryview, bool]:
        """Return number and memory of a segment with room for ``wanted`` bytes behind its header, and whether it goes back.

        Raise Unavailable, OSError.
        """
        free = [outbox for outbox in self._outboxes if not outbox.word[0]]
        found = next((outbox for outbox in free if len(outbox.view) >= wanted + HEADER_BYTES), None)
        if found is None:
            for outbox in free:
                self._outboxes.remove(outbox)
                outbox.close()
            number, refusal = self._ask(wanted, [outbox.number for outbox in free])
            if not number:
                raise Unavailable(refusal)
            found = _Outbox(number, self._path(number))
            self._outboxes.append(found)
        found.word[0] = 1
        return found.number, found.view, len(found.view) > _KEPT_OUTBOX_BYTES

    def unused(self, number: int) -> None:
        """Take back that a segment holds a result: nothing of it will be sent."""
        for outbox in self._outboxes:
            if outbox.number == number:
                outbox.word[0] = 0

    def sent(self, number: int) -> None:
        """Let go of a segment that goes back with the result in it."""
        for outbox in self._outboxes:
            if outbox.number == number:
                self._outboxes.remove(outbox)
                outbox.close()
                return
