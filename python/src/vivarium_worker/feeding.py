"""The items that a call is fed with: ``ctx.input``. See PROTOCOL.md, section 10."""

from __future__ import annotations

import os
import select
import threading
from collections import deque
from typing import TYPE_CHECKING, Any, Deque, NoReturn, Optional

from . import codec, frames, streams
from .api import CallCancelled
from .ending import die, flush
from .status import VIOLATED

if TYPE_CHECKING:
    import asyncio

    from .runtime import Worker


class Feed:
    """An iterator of the items that come with a call; to be used by the thread, or the coroutine, that runs the handler."""

    def __init__(self, worker: "Worker", stream: streams.Stream) -> None:
        self._worker = worker
        self._stream = stream
        self._items: Deque[bytes] = deque()
        self._taken = 0
        self._is_over = False

    def __iter__(self) -> "Feed":
        return self

    def __next__(self) -> Any:
        if not self._items and not self._is_over:
            self._more()
        if not self._items:
            raise StopIteration
        return codec.loads(self._items.popleft())

    def __aiter__(self) -> "Feed":
        return self

    async def __anext__(self) -> Any:
        if not self._items and not self._is_over:
            import asyncio  # It runs this, so it is there.

            await self._more_on(asyncio.get_running_loop())
        if not self._items:
            raise StopAsyncIteration
        return codec.loads(self._items.popleft())

    def _more(self) -> None:
        """Ask for items, and wait until some come or there are no more."""
        interruptible = self._ask()
        poll = select.poll()
        poll.register(self._worker.incoming, select.POLLIN)
        while not self._is_answered():
            self._allow_strike(interruptible)
            poll.poll()
            self._worker._interruptible = 0
        self._allow_strike(interruptible)

    async def _more_on(self, loop: "asyncio.AbstractEventLoop") -> None:
        interruptible = self._ask()
        while not self._is_answered():
            readable = loop.create_future()
            loop.add_reader(self._worker.incoming, _complete, readable)
            try:
                self._allow_strike(interruptible)
                await readable
            finally:
                self._worker._interruptible = 0
                loop.remove_reader(self._worker.incoming)
        self._allow_strike(interruptible)

    def _ask(self) -> int:
        worker = self._worker
        if threading.get_ident() != worker._main_thread or worker.is_forked:
            raise RuntimeError("ctx.input belongs to the thread that runs the handler")
        if worker._stream is not self._stream:
            raise RuntimeError(f"call {self._stream.call_id} is over, and its input with it")
        interruptible = worker._interruptible
        worker._interruptible = 0  # A frame that is half written, or read, would be the end of the channel.
        self._stream.send_frame(frames.WANTED, streams.CREDIT.pack(self._stream.most_items, streams.FRAME_BYTES))
        return interruptible

    def _allow_strike(self, interruptible: int) -> None:
        self._worker._interruptible = interruptible
        if interruptible and self._worker._cancel_requested == interruptible:
            self._worker._interruptible = 0
            raise CallCancelled(f"call {interruptible} was cancelled")

    def _is_answered(self) -> bool:
        """Read what there is; return whether the answer was among it."""
        try:
            while True:
                frame = self._next_frame()
                if frame is None:
                    return False
                if frame.type not in (frames.ITEMS, frames.ITEMS_END):
                    raise frames.Violation("UNEXPECTED_TYPE", f"type {frame.type:#x} while a call runs", frame.body)
                if frame.call_id == self._stream.call_id:
                    self._take(frame)
                    return True
                # Else it was asked for by a call that was interrupted before it came.
        except (frames.Violation, ValueError) as violation:
            self._worker._page.stage(VIOLATED)
            die(76, violation)

    def _take(self, frame: frames.Frame) -> None:
        if frame.type == frames.ITEMS_END:
            self._is_over = True
            return
        first, items = streams.read_items(frame.body)
        if first != self._taken:
            raise frames.Violation("MALFORMED_BODY", f"item {first} came where {self._taken} is next", frame.body)
        self._taken += len(items)
        self._items.extend(items)

    def _next_frame(self) -> Optional[frames.Frame]:
        worker = self._worker
        if not worker._inbox:
            poll = select.poll()
            poll.register(worker.incoming, select.POLLIN)
            if not poll.poll(0):
                return None
        frame = worker._receive()
        if frame is None:
            _leave()
        return frame


def _leave() -> NoReturn:
    """The JVM is gone."""
    flush()
    os._exit(0)


def _complete(waiter: "asyncio.Future[None]") -> None:
    if not waiter.done():
        waiter.set_result(None)
