"""A worker's process as the guardian knows it."""

from __future__ import annotations

import os
import signal
from typing import Optional

from . import processes


class Child:
    """A worker that has not been reaped: its number, and the group of that number, are its own."""

    def __init__(self, slot: int, incarnation: int, pid: int, pidfd: Optional[int], oom_kills: int) -> None:
        """``oom_kills`` is the kernel's count of processes killed for want of memory when it was started."""
        self.slot = slot
        self.incarnation = incarnation
        self.pid = pid
        self.pidfd = pidfd
        self.oom_kills = oom_kills

    @property
    def tag(self) -> str:
        """What it carries in its environment, and what it starts does."""
        return f"VIVARIUM_WORKER={self.slot}:{self.incarnation}"

    def signal(self, number: int, scope: str) -> None:
        """Send a signal to the process, or with the scope ``group`` to its group; raise OSError."""
        if scope == "group":
            os.killpg(self.pid, number)
        elif self.pidfd is not None:
            signal.pidfd_send_signal(self.pidfd, number)
        else:
            os.kill(self.pid, number)

    def out_of_memory_kills(self) -> int:
        """Return how many processes the kernel has killed for want of memory since it was started; -1 if unknown."""
        now = processes.out_of_memory_kills()
        return now - self.oom_kills if now >= 0 and self.oom_kills >= 0 else -1

    def close(self) -> None:
        """Let go of it: it has been reaped."""
        if self.pidfd is not None:
            os.close(self.pidfd)


def kill_group(leader: int) -> None:
    """Kill what is left of a process group."""
    try:
        os.killpg(leader, signal.SIGKILL)
    except OSError:
        pass  # The usual case: nobody is left in the group, or only what has ended already.
