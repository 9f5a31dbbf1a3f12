"""Handlers of the chaos runner. Their answers carry a checksum; what the runner orders, they do before they work.

An order is a line of ``orders/SLOT`` in the folder of ``CHAOS_FOLDER``: a number, a kind and its values. The runner replaces the
file as a whole. One that is gone from it is healed: what it took is given back with the next call.
"""

from __future__ import annotations

import os
import threading
import time
import zlib
from typing import Any, Callable, Dict, List

from vivarium_testkit import recorded
from vivarium_worker import Context

_FOLDER = os.environ.get("CHAOS_FOLDER", "")


class _Order:
    """What one order has taken so far."""

    def __init__(self, words: List[str]) -> None:
        self.number, self.kind = words[0], words[1]
        self.values = [int(word) for word in words[2:]]
        self.taken: List[Any] = []
        self.done = False
        self.over = threading.Event()


_orders: Dict[str, _Order] = {}
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
        while time.monotonic() < end:
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
    try:
        while len(order.taken) < order.values[0]:
            order.taken.append(open(os.devnull, "rb"))
    except OSError:
        order.values[0] = len(order.taken)


_KINDS: Dict[str, Callable[[_Order], None]] = {
    "grow": _grow,
    "burn": _burn,
    "threads": _start_threads,
    "descriptors": _open_files,
}


def _heal(order: _Order) -> None:
    order.over.set()
    for taken in order.taken:
        if hasattr(taken, "close"):
            taken.close()
    order.taken.clear()


def _obey(ctx: Context) -> None:
    global _seen
    path = os.path.join(_FOLDER, "orders", ctx.worker_id.rsplit("/", 1)[-1])
    try:
        changed = os.stat(path).st_mtime_ns
    except OSError:
        return
    if changed != _seen:
        _seen = changed
        with open(path, encoding="ascii") as file:
            wanted = {line.split()[0]: line.split() for line in file if line.strip()}
        for number in [number for number in _orders if number not in wanted]:
            _heal(_orders.pop(number))
        for number, words in wanted.items():
            _orders.setdefault(number, _Order(words))
    for order in _orders.values():
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
