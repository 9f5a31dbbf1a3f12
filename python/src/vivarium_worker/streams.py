"""Calls whose answer is a stream: items are sent as the handler yields them, as far as credit goes. See PROTOCOL.md, section 10.

The main thread runs the generator and waits for credit; the control thread tells it of more. Items that come quickly travel
together. While some wait for others, a third thread, the flusher, looks at them every few milliseconds and sends them: a
generator may block at any moment, and the main thread with it.
"""

from __future__ import annotations

import array
import queue
import struct
import sys
import threading
import time
import types
from typing import TYPE_CHECKING, Any, AsyncGenerator, Generator, List, NamedTuple, Optional, Sequence, Tuple, Union

from . import codec, errors, frames
from .api import CallCancelled
from .forked import end_child

if TYPE_CHECKING:
    import asyncio

    from .runtime import Worker

HEAD = struct.Struct(">QQIB")
CREDIT = struct.Struct(">QQ")
BLOCK = struct.Struct(">QI")
LENGTH_BYTES = 4

OF_SESSION = 1
"""Flag of a head: the attachments that follow are those of a session's call."""

FED = 2
"""Flag of a head: the handler gets items as well."""

FRAME_BYTES = 48 * 1024
"""Items are sent when they take so much together. Less than a pipe holds, so that a frame is written at once."""

_AT_ONCE_S = 0.0002
"""An item that took its generator longer than this does not wait for others: they will take long, too."""

_FLUSH_S = 0.002
"""How often the flusher looks for items that wait."""

_IDLE_TURNS = 5
"""After so many looks without finding any it waits until it is called."""

Buffer = Union[bytes, memoryview]


class Head(NamedTuple):
    """What comes before a call whose answer is a stream."""

    items: int
    bytes: int
    most_items: int
    of_session: bool
    fed: bool


def read_head(block: Buffer) -> Head:
    """Return the head of a STREAM_CALL, or raise ValueError."""
    if len(block) != HEAD.size:
        raise ValueError(f"a stream's head has {HEAD.size} bytes, got {len(block)}")
    items, size, most_items, flags = HEAD.unpack(block)
    if max(items, size) >= 1 << 63:
        raise ValueError(f"a credit is below 2^63, got {items} items, {size} bytes")
    if not 1 <= most_items < 1 << 31:
        raise ValueError(f"a frame of a stream has room for an item, got {most_items}")
    if flags & ~(OF_SESSION | FED):
        raise ValueError(f"a stream's head has no such flags: {flags:#x}")
    return Head(items, size, most_items, bool(flags & OF_SESSION), bool(flags & FED))


def read_credit(body: Buffer) -> Tuple[int, int]:
    """Return the items and bytes of a CREDIT or a WANTED, or raise ValueError."""
    if len(body) != CREDIT.size:
        raise ValueError(f"a credit has {CREDIT.size} bytes, got {len(body)}")
    items, size = CREDIT.unpack(body)
    if max(items, size) >= 1 << 63:
        raise ValueError(f"a credit is below 2^63, got {items} items, {size} bytes")
    return items, size


def write_items(first: int, items: Sequence[bytes]) -> bytes:
    """Return the body of ITEMS: so many items came before, and these come now."""
    lengths = array.array("I", map(len, items))
    if sys.byteorder == "little":
        lengths.byteswap()
    return b"".join((BLOCK.pack(first, len(items)), lengths.tobytes(), *items))


def read_items(body: Buffer) -> Tuple[int, List[bytes]]:
    """Return how many items came before those of an ITEMS, and its own, or raise ValueError."""
    if len(body) < BLOCK.size + LENGTH_BYTES:
        raise ValueError(f"a block of items is longer than {BLOCK.size} bytes and holds one")
    first, count = BLOCK.unpack_from(body)
    if not 1 <= count <= (len(body) - BLOCK.size) // LENGTH_BYTES:
        raise ValueError(f"{count} items do not fit into {len(body)} bytes")
    items = []
    offset = BLOCK.size + LENGTH_BYTES * count
    for length in struct.unpack_from(f">{count}I", body, BLOCK.size):
        items.append(bytes(body[offset : offset + length]))
        offset += length
    if offset != len(body):
        raise ValueError(f"the lengths of items do not add up to {len(body)} bytes")
    return first, items


class Unsendable(Exception):
    """An item cannot be sent; carries what ERROR says of it."""

    def __init__(self, kind: str, type: str, message: str) -> None:
        self.kind = kind
        self.type = type
        super().__init__(message)


class Flusher:
    """Sends items that wait for others which do not come. One for a worker; its thread starts when it is first needed."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        """Held by whoever writes to the data channel while a stream goes on. The main thread must not be interrupted with it."""
        self.is_asleep = True
        """Whether it looks at nothing; under the lock."""
        self.stream: Optional[Stream] = None
        """The stream that goes on; under the lock."""
        self._bell = threading.Lock()
        self._bell.acquire()
        self._thread: Optional[threading.Thread] = None

    def wake(self) -> None:
        """Begin to look, as long as there is something to see; the lock is held."""
        self.is_asleep = False
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="vivarium-flusher", daemon=True)
            self._thread.start()
        else:
            self._bell.release()

    def _run(self) -> None:
        idle = 0
        while True:
            if self._bell.acquire(timeout=_FLUSH_S if idle < _IDLE_TURNS else -1):
                idle = 0  # It was asleep, and has been called.
            elif not self.lock.acquire(blocking=False):
                idle = 0  # The main thread is just at it.
            else:
                try:
                    idle = 0 if self.stream is not None and self.stream.write_pending() else idle + 1
                    self.is_asleep = idle >= _IDLE_TURNS
                except OSError:
                    return  # The JVM is gone, as the main thread will find.
                finally:
                    self.lock.release()


class Stream:
    """The items that one call sends."""

    def __init__(self, worker: "Worker", call_id: int, head: Head, flusher: Flusher) -> None:
        self.call_id = call_id
        self.most_items = head.most_items
        self._worker = worker
        self._flusher = flusher
        self._lock = flusher.lock
        body = worker.body_limit
        self._limit = body - BLOCK.size - LENGTH_BYTES
        self._room = min(FRAME_BYTES, body) - BLOCK.size
        self._items_allowed = head.items
        self._bytes_allowed = head.bytes
        self._items = 0
        self._bytes = 0
        self._written = 0
        self._pending: List[bytes] = []
        self._pending_bytes = 0
        self._last = float("-inf")
        self._news: "queue.SimpleQueue[None]" = queue.SimpleQueue()
        self._waiter: "Optional[Tuple[asyncio.AbstractEventLoop, asyncio.Future[None]]]" = None

    def granted(self, items: int, size: int) -> None:
        """Take note of more credit; the control thread calls this. Credits count from the beginning, so the largest holds."""
        self._items_allowed = max(self._items_allowed, items)
        self._bytes_allowed = max(self._bytes_allowed, size)
        self._news.put(None)
        waiter = self._waiter
        if waiter is not None:
            try:
                waiter[0].call_soon_threadsafe(_complete, waiter[1])
            except RuntimeError:
                pass  # The loop was closed, so nobody waits.

    def send_all(self, result: Any) -> int:
        """Send what a handler has returned: what a generator yields, or the one value; return how many items that were.

        Raise what the generator raises, once the items before are sent, or Unsendable. In any case the generator is closed.
        """
        worker = self._worker
        worker._interruptible = 0
        with self._lock:
            self._flusher.stream = self
        try:
            if isinstance(result, types.AsyncGeneratorType):
                worker._run_async(self.call_id, self._drain(result))
            elif isinstance(result, types.GeneratorType):
                self._pump(result)
            else:
                self._await_credit()
                worker._interruptible = 0
                self._add(self._encoded(result))
        except BaseException as error:
            worker._interruptible = 0
            if not worker.is_forked:
                self._end(isinstance(error, CallCancelled))
            raise
        worker._interruptible = 0
        self._end(False)
        return self._items

    def _end(self, drop: bool) -> None:
        with self._lock:
            if drop:
                self._pending.clear()
            self.write_pending()
            self._flusher.stream = None

    def _pump(self, generator: Generator[Any, Any, Any]) -> None:
        worker, call_id, advance = self._worker, self.call_id, generator.__next__
        try:
            while True:
                if self._items >= self._items_allowed or self._bytes >= self._bytes_allowed:
                    self._await_credit()
                # From here to the reset below a cancellation may strike.
                worker._interruptible = call_id
                if worker._cancel_requested == call_id:
                    self._cancel()
                try:
                    item = advance()
                except StopIteration:
                    return
                worker._interruptible = 0
                if worker.is_forked:
                    end_child(None)
                self._add(self._encoded(item))
        finally:
            # A cancellation is raised once; a generator that is closed for another reason can still be cancelled.
            worker._interruptible = 0 if worker._cancel_requested == call_id else call_id
            generator.close()
            worker._interruptible = 0

    def _await_credit(self) -> None:
        """Wait until an item may be sent. Without credit nothing is kept back: whoever gives it may wait for these items."""
        if self._has_credit():
            return
        self.flush()
        self._worker._interruptible = self.call_id
        while not self._has_credit():
            if self._worker._cancel_requested == self.call_id:
                self._cancel()
            self._news.get()
        self._worker._interruptible = 0

    async def _drain(self, generator: AsyncGenerator[Any, Any]) -> None:
        worker, call_id = self._worker, self.call_id
        import asyncio  # It runs this, so it is there.

        loop = asyncio.get_running_loop()
        try:
            while True:
                if not self._has_credit():
                    await self._credit_on(loop)
                worker._interruptible = call_id
                if worker._cancel_requested == call_id:
                    self._cancel()
                try:
                    item = await generator.__anext__()
                except StopAsyncIteration:
                    return
                worker._interruptible = 0
                if worker.is_forked:
                    end_child(None)
                self._add(self._encoded(item))
                if len(self._pending) == 1:
                    loop.call_soon(self.flush)  # Its turn comes when the generator waits for something.
        finally:
            worker._interruptible = 0
            await generator.aclose()

    async def _credit_on(self, loop: asyncio.AbstractEventLoop) -> None:
        self.flush()
        self._worker._interruptible = self.call_id
        while not self._has_credit():
            if self._worker._cancel_requested == self.call_id:
                self._cancel()
            waiter = loop.create_future()
            self._waiter = (loop, waiter)
            if not self._has_credit():
                await waiter
        self._worker._interruptible = 0

    def _has_credit(self) -> bool:
        return self._items < self._items_allowed and self._bytes < self._bytes_allowed

    def _cancel(self) -> None:
        self._worker._interruptible = 0
        raise CallCancelled(f"call {self.call_id} was cancelled")

    def _encoded(self, item: Any) -> bytes:
        try:
            return codec.dumps(item, self._limit)
        except codec.Unencodable as error:
            kind, name, reason = "unencodable_result", errors.type_name(type(item)), str(error)
        except codec.TooLarge as error:
            kind, name, reason = "result_too_large", "ResultTooLarge", f"{error}; a frame takes 16 more"
        raise Unsendable(kind, name, f"item {self._items}: {reason}")

    def _add(self, encoded: bytes) -> None:
        size = len(encoded)
        with self._lock:
            pending = self._pending
            if pending and self._pending_bytes + size + LENGTH_BYTES > self._room:
                self._write()
            pending.append(encoded)
            self._pending_bytes += size + LENGTH_BYTES
            self._items += 1
            self._bytes += size
            now = time.monotonic()
            if (
                now - self._last > _AT_ONCE_S
                or len(pending) >= self.most_items
                or self._pending_bytes >= self._room
            ):
                self._write()
            elif self._flusher.is_asleep:
                self._flusher.wake()
            self._last = now

    def flush(self) -> None:
        """Send what waits for more."""
        with self._lock:
            self.write_pending()

    def write_pending(self) -> bool:
        """Send what waits for more, with the lock held; return whether there was anything."""
        if not self._pending:
            return False
        self._write()
        return True

    def send_frame(self, type: int, body: bytes) -> None:
        """Send a frame of the call, behind the items that wait."""
        with self._lock:
            self.write_pending()
            self._worker._send(type, self.call_id, body)

    def _write(self) -> None:
        pending = self._pending
        body = write_items(self._written, pending)
        self._written += len(pending)
        pending.clear()
        self._pending_bytes = 0
        self._worker._send(frames.ITEMS, self.call_id, body)


def _complete(waiter: "asyncio.Future[None]") -> None:
    if not waiter.done():
        waiter.set_result(None)
