"""Changing what /proc shows of a process: its environment and its arguments are words in its own memory.

A process that was forked shows what its parent was started with. The guardian finds what a dead worker left behind by
the environment, so a worker that was forked, and what it forks in its turn, has to show its own.
"""

from __future__ import annotations

import ctypes

from . import processes

ROOM = 64
"""Bytes in the place of which others are written."""

WORKER = ("VIVARIUM_WORKER=template" + "." * ROOM)[:ROOM]
"""The environment variable that a template is started with in the place of a worker's."""

COMMAND = "--template-waits".ljust(ROOM, ".")
"""The argument that a template is started with in the place of those that name a worker."""

# Fields of /proc/PID/stat, counted from the state: where arguments begin, and where the environment ends.
_FIRST, _END = 45, 48


class Words:
    """One word among the arguments or in the environment of this process, which has at least ``ROOM`` bytes."""

    def __init__(self, placeholder: str) -> None:
        """Find the word; where that is not possible, nothing is ever written."""
        self._placeholder = placeholder.encode()
        self._address = _find(b"\0" + self._placeholder + b"\0")

    def write(self, text: str) -> bool:
        """Write ``text`` in its place, if nobody else has used the memory meanwhile; return whether that was so."""
        encoded = text.encode()
        if not self._address or len(encoded) > ROOM:
            return False
        if ctypes.string_at(self._address, ROOM) != self._placeholder:
            return False
        ctypes.memmove(self._address, encoded.ljust(ROOM, b"\0"), ROOM)
        return True


def _find(word: bytes) -> int:
    """Return the address of the byte after the first of ``word``, or 0."""
    first, end = processes.own_words(_FIRST, _END)
    if not 0 < first < end:
        return 0
    offset = ctypes.string_at(first, end - first).find(word)
    return first + offset + 1 if offset >= 0 else 0
