"""Calls into the JVM: what ``ctx.jvm`` and ``ctx.jvm_async`` do. See PROTOCOL.md, section 12.

A handler asks on the data channel, and is answered on the control channel, which another thread reads. So whoever asks just waits:
the main thread, any other thread that belongs to the call, or a coroutine.
"""

from __future__ import annotations

import json
import struct
import threading
from typing import TYPE_CHECKING, Any, Callable, Dict, List, NamedTuple, NoReturn, Optional, Tuple, Union

from . import codec, frames
from .api import CallCancelled
from .callback_errors import (
    CallbackFailed,
    CallbackNotEncodable,
    CallbackRefused,
    CallbackTimedOut,
    CallbackTooLarge,
    UnknownFunction,
)
from .ending import die
from .status import VIOLATED

if TYPE_CHECKING:
    import asyncio

    from .api import Context
    from .runtime import Worker

NUMBER = struct.Struct(">Q")
"""What the body of each frame of a callback begins with."""

Buffer = Union[bytes, memoryview]


def read_number(body: Buffer) -> int:
    """Return the number that a body begins with, or raise ValueError."""
    if len(body) <= NUMBER.size:
        raise ValueError(f"the body of a callback has more than {NUMBER.size} bytes, got {len(body)}")
    number: int = NUMBER.unpack_from(body)[0]
    if not 1 <= number < 1 << 63:
        raise ValueError(f"the number of a callback is from 1 to 2^63 - 1, got {number}")
    return number


class _Answer(NamedTuple):
    """How a callback was answered."""

    type: int
    """Of the frame; 0 when there will be none, for the reason in ``body``."""
    body: bytes


class _Waiter(NamedTuple):
    """Who waits for an answer."""

    call_id: int
    tell: Callable[[_Answer], None]


class Callbacks:
    """The callbacks of one worker."""

    def __init__(self, worker: "Worker") -> None:
        self._worker = worker
        # Whoever writes to the data channel while a handler runs holds it; the main thread is not interrupted with it.
        self._lock = worker._flusher.lock
        self._waiting: Dict[int, _Waiter] = {}
        self._last = 0
        self._is_gone = False
        self._is_shared = False
        self.is_used = False
        """Whether any function was ever called."""
        self.max_bytes = 1 << 20
        """The most bytes of encoded arguments."""

    def connect(self, offer: Optional[Dict[str, Any]], control: frames.Decoder) -> None:
        """Take over what the JVM has said in its HELLO. An answer, on the control channel, may be as large as what is asked."""
        if offer:
            self.max_bytes = offer["maxBytes"]
            most = max(frames.CONTROL_LIMITS.body, self.max_bytes + NUMBER.size)
            control.limit(frames.CONTROL_LIMITS._replace(body=most))

    def ask(self, context: "Context", function: str, positional: Tuple[Any, ...], keywords: Dict[str, Any]) -> Any:
        """Call a function, wait for its result and return it; raise CallbackError."""
        answered = threading.Lock()
        answered.acquire()
        answers: List[_Answer] = []

        def tell(answer: _Answer) -> None:
            answers.append(answer)
            answered.release()

        number = self._send(context, function, positional, keywords, tell)
        try:
            left = context.remaining
            answered.acquire(timeout=-1 if left is None else min(left, threading.TIMEOUT_MAX))
        finally:
            self._waiting.pop(number, None)
        return self._result(context, function, number, answers[0] if answers else None)

    async def ask_async(
        self, context: "Context", function: str, positional: Tuple[Any, ...], keywords: Dict[str, Any]
    ) -> Any:
        """Do what ``ask`` does in a coroutine, whose loop goes on meanwhile."""
        import asyncio  # It runs this, so it is there.

        loop = asyncio.get_running_loop()
        answered: "asyncio.Future[Optional[_Answer]]" = loop.create_future()

        def tell(answer: _Answer) -> None:
            try:
                loop.call_soon_threadsafe(_complete, answered, answer)
            except RuntimeError:
                pass  # The loop was closed, so nobody waits.

        number = self._send(context, function, positional, keywords, tell)
        left = context.remaining
        timer = None if left is None else loop.call_later(left, _complete, answered, None)
        try:
            answer = await answered
        finally:
            self._waiting.pop(number, None)
            if timer is not None:
                timer.cancel()
        return self._result(context, function, number, answer)

    def _send(
        self,
        context: "Context",
        function: str,
        positional: Tuple[Any, ...],
        keywords: Dict[str, Any],
        tell: Callable[[_Answer], None],
    ) -> int:
        worker = self._worker
        if worker.is_forked:
            raise RuntimeError("a function of the JVM's cannot be called by a process that was forked off the worker")
        if not isinstance(function, str):
            raise TypeError(f"a function's name is a str, got {type(function).__name__}")
        # Before it looks whether the call has ended, and so is the next: see ``end``.
        self.is_used = True
        if threading.get_ident() != worker._main_thread:
            self._is_shared = True
            return self._write(context, self._encoded(function, positional, keywords, codec.dumps_elsewhere), tell)
        # What is half encoded, or half written, must not be left so.
        interruptible, worker._interruptible = worker._interruptible, 0
        try:
            number = self._write(context, self._encoded(function, positional, keywords, codec.dumps), tell)
        finally:
            worker._interruptible = interruptible
        if interruptible and worker._cancel_requested == interruptible:
            worker._interruptible = 0
            self._waiting.pop(number, None)
            if worker._async_call is not None:
                worker._async_call.strike()  # It knows how to raise in a task.
            raise CallCancelled(f"call {interruptible} was cancelled")
        return number

    def _encoded(
        self, function: str, positional: Tuple[Any, ...], keywords: Dict[str, Any], dumps: Callable[[Any, int], bytes]
    ) -> bytes:
        try:
            return dumps([function, list(positional), keywords], self.max_bytes)
        except codec.Unencodable as error:
            raise CallbackNotEncodable(function, f"the arguments of '{function}' have no encoding: {error}") from None
        except codec.TooLarge as error:
            raise CallbackTooLarge(
                function, f"functions.max-bytes is {self.max_bytes}, the arguments of '{function}' have {error.size}"
            ) from None

    def _write(self, context: "Context", content: bytes, tell: Callable[[_Answer], None]) -> int:
        worker, call_id = self._worker, context.call_id
        with self._lock:
            if context.is_over:
                raise RuntimeError(f"call {call_id} is over, and calls no function any more")
            if self._is_gone:
                raise _gone(content)
            self._last += 1
            number = self._last
            self._waiting[number] = _Waiter(call_id, tell)
            stream = worker._stream
            if stream is not None and stream.call_id == call_id:
                stream.write_pending()  # Whoever runs the function may wait for these items.
            worker._send(frames.CALLBACK, call_id, NUMBER.pack(number) + content)
        return number

    def _result(self, context: "Context", function: str, number: int, answer: Optional[_Answer]) -> Any:
        if answer is None:
            raise CallbackTimedOut(
                function, f"function '{function}' had no result when the time of call {context.call_id} was over", number
            )
        if not answer.type:
            raise CallbackRefused(function, answer.body.decode(), number)
        content = answer.body[NUMBER.size :]
        try:
            if answer.type == frames.CALLBACK_REPLY:
                return codec.loads(content)
            error = json.loads(content)
            kind, message = error["kind"], error["message"]
        except (ValueError, TypeError, KeyError) as violation:
            self._violated(violation)
        if kind == "function":
            raise CallbackFailed(function, error["type"], message, number)
        if kind == "unknown_function":
            raise UnknownFunction(function, message, error["known"], number)
        raise _KINDS.get(kind, CallbackRefused)(function, message, number)

    def _violated(self, violation: Exception) -> NoReturn:
        self._worker._page.stage(VIOLATED)
        die(76, frames.Violation("MALFORMED_BODY", f"the answer of a callback: {violation}", b""))

    def answered(self, frame: frames.Frame) -> None:
        """Take an answer; the control thread calls this. Raise ValueError when it is none; one that nobody waits for is dropped."""
        waiter = self._waiting.pop(read_number(frame.body), None)
        if waiter is not None:
            waiter.tell(_Answer(frame.type, bytes(frame.body)))

    def end(self, context: "Context") -> None:
        """A handler has ended: nothing of it may write any more, nor wait for an answer that will not come.

        ``is_over`` of its context was set before. A thread that does not see that holds the lock, or has said that there are such
        threads: then it has written before this returns.
        """
        if self._worker.is_forked:
            return  # Of the worker's threads there are none here, and nobody to let go of the lock.
        if self._is_shared:
            with self._lock:
                pass
        if self._waiting:
            self._release(f"call {context.call_id} is over", context.call_id)

    def gone(self) -> None:
        """Answer everybody: the JVM will not; the control thread calls this."""
        self._is_gone = True
        self._release("the JVM is gone", None)

    def _release(self, reason: str, call_id: Optional[int]) -> None:
        for number, waiter in list(self._waiting.items()):
            if call_id in (None, waiter.call_id) and self._waiting.pop(number, None) is not None:
                waiter.tell(_Answer(0, reason.encode()))


_KINDS = {
    "unencodable_result": CallbackNotEncodable,
    "result_too_large": CallbackTooLarge,
    "timed_out": CallbackTimedOut,
    "too_many": CallbackRefused,
    "refused": CallbackRefused,
}


def _gone(content: bytes) -> CallbackRefused:
    return CallbackRefused(codec.loads(content)[0], "the JVM is gone")


def _complete(waiter: "asyncio.Future[Optional[_Answer]]", answer: Optional[_Answer]) -> None:
    if not waiter.done():
        waiter.set_result(answer)
