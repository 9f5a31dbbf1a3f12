"""The status page: words in shared memory that outlive this process. See PROTOCOL.md, section 8."""

from __future__ import annotations

import mmap
import os

SLOT_BYTES = 64
STARTING = 1
LOADING = 2
SERVING = 3
DRAINING = 4
VIOLATED = 5
"""It ends because it could not read what the JVM sent."""


class StatusPage:
    """One slot's words. Each store is one aligned write of 8 bytes, so a reader never sees half of one."""

    def __init__(self, path: str, slot: int, incarnation: int) -> None:
        fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        try:
            self._map = mmap.mmap(fd, 0)
        finally:
            os.close(fd)
        start = (slot - 1) * SLOT_BYTES
        self.words = memoryview(self._map)[start : start + SLOT_BYTES].cast("Q")
        """incarnation, started, finished, progress, stage, timed (the JVM's), started at, deadline (the JVM's)."""
        self.words[0] = incarnation
        self.stage(STARTING)

    def detach(self) -> None:
        """Write to memory that nobody reads from now on: a forked child has the worker's page, but nothing to say there."""
        self.words = memoryview(bytearray(SLOT_BYTES)).cast("Q")

    def stage(self, value: int) -> None:
        """Say how far the worker has come."""
        self.words[4] = value

    def progress(self) -> None:
        """Count one step of the running handler."""
        self.words[3] = (self.words[3] + 1) & 0xFFFFFFFFFFFFFFFF
