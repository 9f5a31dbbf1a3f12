"""Handlers of the chaos runner. Their answers carry a checksum; what the runner orders, they do before they work.

An order is a line of ``orders/SLOT`` in the folder of ``CHAOS_FOLDER``: a number, a kind and its values. The runner replaces the
file as a whole. One that is gone from it is healed: what it took is given back soon after, whether a call comes or not.
"""

from __future__ import annotations

import itertools
import os
import resource
import threading
import time
import zlib
from typing import Any, Callable, Dict, List

from vivarium_testkit import recorded
from vivarium_worker import Context

_FOLDER = os.environ.get("CHAOS_FOLDER", "")
_LOOK_S = 0.02

# Descriptors that are left: the kit's record and the runner's orders take one each for a moment.
_LEFT = 4


class _Order:
    """What one order has taken so far."""

    def __init__(self, words: List[str]) -> None:
        self.number, self.kind = words[0], words[1]
        self.values = [int(word) for word in words[2:]]
        self.taken: List[Any] = []
        self.done = False
        self.over = threading.Event()
        self.give_back: Callable[[], None] = lambda: None


_orders: Dict[str, _Order] = {}
_lock = threading.RLock()
_seen = 0


def _tell(order: _Order) -> None:
    file = os.open(os.path.join(_FOLDER, "landed"), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(file, f"{order.number} {os.getpid()}\n".encode())
    finally:
        os.close(file)


def _claim(order: _Order) -> bool:
    """Whether this process is the first that carries the order out."""
    try:
        os.close(os.open(os.path.join(_FOLDER, "claim-" + order.number), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        return True
    except FileExistsError:
        return False


def _grow(order: _Order) -> None:
    size, most = order.values
    if len(order.taken) * size < most:
        block = bytearray(size)
        block[:: os.sysconf("SC_PAGE_SIZE")] = b"\1" * len(block[:: os.sysconf("SC_PAGE_SIZE")])
        order.taken.append(block)


def _burn(order: _Order) -> None:
    if not order.done and _claim(order):
        end = time.monotonic() + order.values[0] / 1000
        while time.monotonic() < end and not order.over.is_set():
            pass
    order.done = True


def _start_threads(order: _Order) -> None:
    while len(order.taken) < order.values[0]:
        thread = threading.Thread(target=order.over.wait, name="chaos", daemon=True)
        order.taken.append(thread)
        try:
            thread.start()
        except RuntimeError:
            break  # No more can be had, which is what was asked for.


def _open_files(order: _Order) -> None:
    if order.done:
        return
    order.done = True
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    order.give_back = lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    taken = {int(name) for name in os.listdir("/proc/self/fd")}
    # The limit is of numbers: below it are as many free ones as were asked for.
    free = itertools.islice((number for number in itertools.count() if number not in taken), order.values[0])
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, max(free) + 1), hard))
    try:
        while True:
            order.taken.append(open(os.devnull, "rb"))
    except OSError:
        for _ in range(min(_LEFT, len(order.taken))):
            order.taken.pop().close()


def _fill_disk(order: _Order) -> None:
    """Write a file that may not become so large; only meanwhile, for the limit holds for the kit's record, too."""
    if not order.done:
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        order.give_back = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, before)
    most = order.values[0]
    path = os.path.join(_FOLDER, f"file-{os.getpid()}")
    with open(path, "wb", buffering=0) as file:
        os.unlink(path)
        file.truncate(most)
        file.seek(most)
        try:
            resource.setrlimit(resource.RLIMIT_FSIZE, (most, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
            file.write(b"1")
        except OSError:
            if not order.done:
                order.done = True
                _tell(order)
            raise
        finally:
            order.give_back()


_KINDS: Dict[str, Callable[[_Order], None]] = {
    "grow": _grow,
    "burn": _burn,
    "threads": _start_threads,
    "descriptors": _open_files,
    "disk-full": _fill_disk,
}


def _path(slot: str) -> str:
    return os.path.join(_FOLDER, "orders", slot)


def _wanted(slot: str) -> Dict[str, List[str]]:
    with open(_path(slot), encoding="ascii") as file:
        return {line.split()[0]: line.split() for line in file if line.strip()}


def _heal(order: _Order) -> None:
    order.over.set()  # First: what burns holds the lock.
    with _lock:
        for taken in order.taken:
            if hasattr(taken, "close"):
                taken.close()
        order.taken.clear()
        order.give_back()


def _heal_when_withdrawn(slot: str, order: _Order) -> None:
    """Look for the order, which takes a descriptor for a moment, until it is gone; with the folder, if the runner's is removed."""
    while not order.over.wait(_LOOK_S):
        try:
            if order.number in _wanted(slot):
                continue
        except FileNotFoundError:
            pass
        except OSError:
            continue
        _heal(order)


def _take_up(slot: str, words: List[str]) -> None:
    if words[0] not in _orders:
        order = _orders[words[0]] = _Order(words)
        try:
            threading.Thread(target=_heal_when_withdrawn, args=(slot, order), name="chaos-heal", daemon=True).start()
        except RuntimeError:
            pass  # Another order has taken all threads: the next call heals this one.


def _obey(ctx: Context) -> None:
    global _seen
    slot = ctx.worker_id.rsplit("/", 1)[-1]
    try:
        changed = os.stat(_path(slot)).st_mtime_ns
    except OSError:
        return
    if changed != _seen:
        wanted = _wanted(slot)
        _seen = changed
        for number in [number for number in _orders if number not in wanted]:
            _heal(_orders.pop(number))
        for words in wanted.values():
            _take_up(slot, words)
    for order in list(_orders.values()):
        with _lock:
            if order.over.is_set():
                continue
            first = not order.taken and not order.done
            _KINDS[order.kind](order)
            if first and (order.taken or order.done):
                _tell(order)


def _answer(ctx: Context, token: str, millis: int) -> List[Any]:
    _obey(ctx)
    if millis:
        threading.Event().wait(millis / 1000)
    return [token, zlib.crc32(token.encode())]


@recorded
def work(ctx: Context, token: str, millis: int) -> List[Any]:
    """Return the token with its checksum after a time."""
    return _answer(ctx, token, millis)


@recorded
def carry(ctx: Context, token: str, millis: int, data: Any) -> List[Any]:
    """Return the token with a checksum of both after a time."""
    return [_answer(ctx, token, millis)[0], zlib.crc32(data, zlib.crc32(token.encode()))]
