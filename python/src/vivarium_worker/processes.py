"""Finding and ending processes, for the guardian. Linux first; elsewhere with weaker promises, which HELLO admits."""

from __future__ import annotations

import errno
import os
import signal
import sys
from typing import Collection, Dict, Iterator, List, NamedTuple, Optional, Set, Tuple

LINUX = sys.platform.startswith("linux")

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36

try:
    import ctypes

    _libc: Optional["ctypes.CDLL"] = ctypes.CDLL(None, use_errno=True)
except (ImportError, OSError):
    _libc = None


def become_subreaper() -> bool:
    """Have orphaned descendants come to this process instead of init; return whether that worked."""
    return LINUX and _libc is not None and _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0


def can_die_with_parent() -> bool:
    """Return whether die_with_parent works here."""
    return LINUX and _libc is not None


def die_with_parent(parent: int) -> None:
    """Have the kernel kill this process when its parent ends. Call between fork and exec."""
    if not can_die_with_parent():
        return
    assert _libc is not None
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(127)


def has_pidfd() -> bool:
    """Return whether signals can go through process descriptors."""
    if not (hasattr(os, "pidfd_open") and hasattr(signal, "pidfd_send_signal")):
        return False
    try:
        os.close(os.pidfd_open(os.getpid()))
        return True
    except OSError:
        return False


def start_time(pid: int) -> int:
    """Return when a process started, in clock ticks since boot, or 0 where that cannot be read."""
    try:
        return int(_stat_fields(pid)[19])
    except (OSError, ValueError, IndexError):
        return 0


def _stat_fields(pid: int) -> List[str]:
    """Return the fields of /proc/PID/stat behind the command name, which may itself hold spaces and parentheses."""
    with open(f"/proc/{pid}/stat", "rb") as file:
        return file.read().rpartition(b")")[2].decode("ascii").split()


def own_words(first: int, end: int) -> Tuple[int, int]:
    """Return two fields of this process's own /proc/PID/stat, counted from the state; zeros where they are not shown."""
    try:
        fields = _stat_fields(os.getpid())
        return int(fields[first]), int(fields[end])
    except (OSError, ValueError, IndexError):
        return 0, 0


def shown(pid: int) -> str:
    """Return a process as people want to see it: its number, and its state where that can be read."""
    try:
        return f"{pid} (state {_stat_fields(pid)[0]})"
    except (OSError, ValueError, IndexError):
        return str(pid)


class Process(NamedTuple):
    """A line of the process table."""

    parent: int
    started: int
    ended: bool


def table() -> Dict[int, Process]:
    """Return every process. Zombies are in it: their children, if they have not been handed on yet, hang on them."""
    result = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                fields = _stat_fields(int(name))
                result[int(name)] = Process(int(fields[1]), int(fields[19]), fields[0] in ("Z", "X"))
            except (OSError, ValueError, IndexError):
                continue  # It ended while we looked.
    return result


def descendants(root: int) -> Dict[int, int]:
    """Return every live process below ``root``, with its start time."""
    processes = table()
    children: Dict[int, List[int]] = {}
    for pid, process in processes.items():
        children.setdefault(process.parent, []).append(pid)
    seen = {root}
    pending = list(children.get(root, ()))
    found: Dict[int, int] = {}
    while pending:
        pid = pending.pop()
        if pid not in seen:
            seen.add(pid)
            pending.extend(children.get(pid, ()))
            if not processes[pid].ended:
                found[pid] = processes[pid].started
    return found


def adopted(known: Collection[int]) -> Dict[int, int]:
    """Return every live process below this one, with its start time, but for the processes ``known`` and all below them.

    This process must have one thread, and reap nothing meanwhile: then none of its own children can be missing from its
    list. One further down can, when a sibling ends meanwhile; it comes to this process when its parent ends.
    """
    try:
        pending = _children(os.getpid())
    except OSError:
        return _adopted_by_table(known)
    found: Dict[int, int] = {}
    while pending:
        pid = pending.pop()
        if pid in known:
            continue
        try:
            fields = _stat_fields(pid)
            pending += _children(pid)
        except OSError:
            continue  # It ended while we looked.
        if fields[0] not in ("Z", "X"):
            found[pid] = int(fields[19])
    return found


def _children(pid: int) -> List[int]:
    """Return a process's children; raise OSError if it has ended, or the kernel does not list them."""
    children: List[int] = []
    for thread in os.listdir(f"/proc/{pid}/task"):
        try:
            with open(f"/proc/{pid}/task/{thread}/children", "rb") as file:
                children += map(int, file.read().split())
        except OSError:
            if pid == os.getpid():
                raise
    return children


def _adopted_by_table(known: Collection[int]) -> Dict[int, int]:
    below = descendants(os.getpid())
    for pid in known:
        for theirs in (pid, *descendants(pid)):
            below.pop(theirs, None)
    return below


def environment(pid: int) -> Set[bytes]:
    """Return the ``NAME=value`` that a process was started with; nothing where they are not to be seen."""
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            return set(file.read().split(b"\0"))
    except OSError:
        return set()


def carries(pid: int, *variables: str) -> bool:
    """Return whether a process was started with all of these ``NAME=value`` in its environment."""
    entries = environment(pid)
    return all(variable.encode() in entries for variable in variables)


def hides(pid: int) -> bool:
    """Return whether a live process shows no environment: it has none, is just becoming another program, or is dying."""
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            return not file.read(1)
    except OSError:
        return False


def carriers(*variables: str) -> Iterator[int]:
    """Yield every live process of this user that carries all of these variables."""
    for pid in table():
        if carries(pid, *variables):
            yield pid


def kill_if(pid: int, *variables: str, started: Optional[int] = None) -> bool:
    """Kill a process if it carries these variables and started then; check and kill are about the same process."""
    if hasattr(os, "pidfd_open") and hasattr(signal, "pidfd_send_signal"):
        try:
            fd = os.pidfd_open(pid)
        except OSError as error:
            if error.errno != errno.ENOSYS:
                return False
        else:
            try:
                # Looked at again through the descriptor: the number may have passed to a stranger since it was listed.
                if not _is_the_one(pid, variables, started):
                    return False
                signal.pidfd_send_signal(fd, signal.SIGKILL)
                return True
            except OSError:
                return False
            finally:
                os.close(fd)
    if not _is_the_one(pid, variables, started):
        return False
    try:
        os.kill(pid, signal.SIGKILL)
        return True
    except OSError:
        return False


def _is_the_one(pid: int, variables: Tuple[str, ...], started: Optional[int]) -> bool:
    if started is not None and start_time(pid) != started:
        return False
    return not variables or carries(pid, *variables)


def out_of_memory_kills() -> int:
    """Return how many processes the kernel has killed for memory, in this control group or at all; -1 if unknown."""
    for path in _memory_event_files():
        try:
            with open(path) as file:
                for line in file:
                    name, _, value = line.partition(" ")
                    if name == "oom_kill":
                        return int(value)
        except (OSError, ValueError):
            continue
    return -1


def _memory_event_files() -> List[str]:
    files = []
    try:
        with open("/proc/self/cgroup") as file:
            for line in file:
                if line.startswith("0::"):
                    files.append("/sys/fs/cgroup" + line[3:].strip().rstrip("/") + "/memory.events")
    except OSError:
        pass
    files.append("/proc/vmstat")
    return files
