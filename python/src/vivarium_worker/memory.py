"""Measuring the resident memory of workers' process trees, for the guardian. Linux only. See PROTOCOL.md, section 7."""

from __future__ import annotations

import os
import time
from typing import Any, Dict, Iterable, List, NamedTuple, Optional, Set, Tuple

from . import processes

_CHANGE_TOLD = 1 << 20
"""Bytes by which a tree must have changed to be told of again, unless it is over the limit or has other processes."""

_FASTEST_GROWTH = 2 << 30
"""Bytes per second that a tree is taken to grow by at most: so long before it could reach the limit it is looked at."""

_QUICKEST = 5
"""Where memory is limited, looks follow upon each other up to so many times faster than the interval says."""

_SEARCHES = 2
"""Of the looks in an interval, at most so many are also for processes that no look has seen; those cost the most."""

_REST = 50
"""Between two looks, and between two searches, there is so many times the processor time that one took: neither takes more than
a fiftieth of it. Not the time that passed: who is kept waiting for a processor would wait fifty times as long after that."""

_FORGET_STRANGERS = 64
"""After so many searches every process is looked at anew: the number of one that ended may have passed to one of ours."""

_YOUNG_S = 1.0
"""How long a process that has its parent's size may be on the way to becoming another program (vfork)."""


class Tree(NamedTuple):
    """What a worker and everything below it take."""

    bytes: int
    processes: int


class Line(NamedTuple):
    """A process as /proc shows it."""

    parent: int
    started: int
    virtual: int
    resident: int


class Meter:
    """Finds the processes of each worker, those included that have left its session or lost their parent, and adds up.

    What is added up is resident memory. Several processes share pages, a parent and what it forked above all: where that
    makes the sum reach a threshold, each page counts once (PSS), which costs the kernel a walk over all of them.
    """

    def __init__(self, run: str, precise_from: int) -> None:
        """``run`` is the ``VIVARIUM_RUN=…`` that workers carry; ``precise_from`` is a sum in bytes, 0 for none."""
        self._run = run.encode()
        self._precise_from = precise_from
        self._searches = 0
        self._strangers: Set[int] = set()
        # Process and start time of those below a worker, and the worker's process. It is theirs when they are orphans, too.
        self._owners: Dict[Tuple[int, int], int] = {}

    def look(self, workers: Dict[int, str], search: bool = True) -> Dict[int, Tree]:
        """Return the tree of each worker that lives.

        ``workers`` are their processes, and the ``VIVARIUM_WORKER=…`` of each; without ``search``, further processes are
        those that the last search has found.
        """
        lines = _lines(self._search() if search else {pid for pid, _ in self._owners} | set(workers))
        trees: Dict[int, List[int]] = {}
        for pid, line in lines.items():
            owner = self._owner(pid, lines, workers)
            if owner is not None:
                self._owners[pid, line.started] = owner
                ended = line.virtual == 0  # And has not been reaped.
                if not ended and not _is_becoming_another(line, lines.get(line.parent)):
                    trees.setdefault(owner, []).append(pid)
        self._owners = {
            one: owner for one, owner in self._owners.items() if one[0] in lines and lines[one[0]].started == one[1]
        }
        return {owner: self._sum(members, lines) for owner, members in trees.items()}

    def _search(self) -> Set[int]:
        """Return all processes that are not known to be strangers."""
        self._searches += 1
        listed = {int(name) for name in os.listdir("/proc") if name.isdigit()}
        self._strangers &= listed
        if self._searches % _FORGET_STRANGERS == 0:
            self._strangers.clear()
        return listed - self._strangers

    def _owner(self, pid: int, lines: Dict[int, Line], workers: Dict[int, str]) -> Optional[int]:
        """Return the worker that a process is below. Whose ancestors are all known and none of them ours is a stranger."""
        guardian = os.getpid()
        path = []
        while True:
            if pid in workers:
                return pid
            line = lines.get(pid)
            if line is None:
                if pid == 0 or pid in self._strangers:
                    self._strangers.update(path)
                return None  # Else it ended while we looked; the next look shows where its children have gone.
            known = self._owners.get((pid, line.started))
            if known is not None:
                return known if known in workers else None
            if line.parent == guardian:
                return self._adopted(pid, workers)
            if pid == guardian:
                return None
            path.append(pid)
            pid = line.parent

    def _adopted(self, pid: int, workers: Dict[int, str]) -> Optional[int]:
        """Return whose an orphan was that no look has seen before, by its environment."""
        carried = processes.environment(pid)
        return next((worker for worker, tag in workers.items() if carried >= {self._run, tag.encode()}), None)

    def _sum(self, members: List[int], lines: Dict[int, Line]) -> Tree:
        total = sum(lines[pid].resident for pid in members)
        if len(members) > 1 and 0 < self._precise_from <= total:
            total = sum(_proportional(pid, lines[pid].resident) for pid in members)
        return Tree(total, len(members))


class Told:
    """What was last said of a worker."""

    def __init__(self) -> None:
        self.bytes = -_CHANGE_TOLD
        self.processes = 0
        self.over = False


class Watch:
    """Decides when to look, and what of it to tell."""

    def __init__(self, run: str, settings: Optional[Dict[str, Any]]) -> None:
        """``settings`` are those of the lifeline, or None when nobody wants to know."""
        self._interval = settings["everyMillis"] / 1000 if settings else 0.0
        self._limit: int = settings["limit"] if settings else 0
        self._meter = Meter(run, settings["preciseFrom"]) if settings and processes.LINUX else None
        self._told: Dict[int, Told] = {}
        self._due = 0.0
        self._search_due = 0.0
        self._search_overdue = 0.0
        self._cost = 0.0
        self._newest: Optional[bytes] = None

    def pause_ms(self, workers: bool) -> Optional[int]:
        """Return how long to wait until the next look, for ``poll``; None when there is nothing to look at."""
        if self._meter is None or not workers:
            return None
        return max(0, int((self._due - time.monotonic()) * 1000) + 1)

    def is_due(self) -> bool:
        """Return whether it is time to look."""
        return self._meter is not None and time.monotonic() >= self._due

    def look(self, workers: Dict[int, str]) -> Iterable[Tuple[int, Tree]]:
        """Return what is to be told, by the workers' processes; the parameter is as for ``Meter.look``."""
        if self._meter is None:
            return []
        begun = time.thread_time()
        search = self._must_search(time.monotonic())
        trees = self._meter.look(workers, search)
        self._told = {pid: self._told.get(pid) or Told() for pid in trees}
        news = [(pid, tree) for pid, tree in trees.items() if self._is_news(self._told[pid], tree)]
        largest = max((tree.bytes for tree in trees.values()), default=0)
        now, cost = time.monotonic(), time.thread_time() - begun
        if search:
            # What a search costs must not keep it from looking at the processes that it knows, which cost little.
            self._search_due = max(self._search_due, now + _REST * cost)
        else:
            self._cost = cost
        self._due = now + max(self._pause(largest), _REST * self._cost)
        return news

    def _must_search(self, now: float) -> bool:
        """Return whether there may be processes that no look has seen; once in an interval that is not left to signs."""
        if now < self._search_due:
            return False
        newest = _newest_process()
        if newest is not None and newest == self._newest and now < self._search_overdue:
            return False
        self._newest = newest
        self._search_due = now + self._interval / _SEARCHES
        self._search_overdue = now + self._interval
        return True

    def _pause(self, largest: int) -> float:
        if self._limit == 0:
            return self._interval
        headroom = max(0, self._limit - largest) / _FASTEST_GROWTH
        return min(self._interval, max(self._interval / _QUICKEST, headroom))

    def _is_news(self, told: Told, tree: Tree) -> bool:
        over = 0 < self._limit < tree.bytes
        # What one look saw of several processes may be a child and its parent's memory at the moment before its exec.
        sure = tree.processes == 1 or told.over
        told.over = over
        if over and not sure:
            return False
        if over or tree.processes != told.processes or abs(tree.bytes - told.bytes) >= _CHANGE_TOLD:
            told.bytes = tree.bytes
            told.processes = tree.processes
            return True
        return False


def _newest_process() -> Optional[bytes]:
    """Return the number that the kernel gave out last, or None where it does not say."""
    try:
        fd = os.open("/proc/loadavg", os.O_RDONLY)
        try:
            return os.read(fd, 256).rpartition(b" ")[2]
        finally:
            os.close(fd)
    except OSError:
        return None


def _lines(pids: Iterable[int]) -> Dict[int, Line]:
    lines = {}
    for pid in pids:
        line = _line(pid)
        if line is not None:
            lines[pid] = line
    return lines


def _line(pid: int) -> Optional[Line]:
    try:
        # Without the layers of open(): this is most of what a look costs.
        fd = os.open(f"/proc/{pid}/stat", os.O_RDONLY)
        try:
            fields = os.read(fd, 4096).rpartition(b")")[2].split(None, 22)
        finally:
            os.close(fd)
        return Line(int(fields[1]), int(fields[19]), int(fields[20]), int(fields[21]) * _PAGE)
    except (OSError, ValueError, IndexError):
        return None  # It ended while we looked.


def _is_becoming_another(line: Line, parent: Optional[Line]) -> bool:
    """Return whether a process just uses its parent's memory, which must not count twice (vfork)."""
    if parent is None or line.virtual != parent.virtual:
        return False
    return time.clock_gettime(time.CLOCK_BOOTTIME) - line.started / _TICKS < _YOUNG_S


def _proportional(pid: int, otherwise: int) -> int:
    """Return what a process takes when what it shares is shared out, or ``otherwise`` where the kernel does not say."""
    try:
        with open(f"/proc/{pid}/smaps_rollup", "rb") as file:
            for line in file:
                if line.startswith(b"Pss:"):
                    return int(line.split()[1]) * 1024
    except (OSError, ValueError, IndexError):
        pass
    return otherwise


_PAGE = os.sysconf("SC_PAGE_SIZE")
_TICKS = os.sysconf("SC_CLK_TCK")
