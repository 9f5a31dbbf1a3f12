"""Calls of ``async def`` handlers: how a cancellation reaches the coroutine, and nothing but it."""

from __future__ import annotations

import asyncio
import types
from typing import TYPE_CHECKING, Any, Callable, Generator, Optional, Set

from . import errors
from .api import CallCancelled

if TYPE_CHECKING:
    import logging


class _CoroutineCancelled(CallCancelled, asyncio.CancelledError):
    """A CallCancelled that asyncio's own code, which may stand between it and the handler, cleans up after.

    A Condition takes its lock again for a CancelledError only, and a TaskGroup wraps everything else.
    """


# Callers see the name that the documentation has.
_CoroutineCancelled.__module__ = CallCancelled.__module__
_CoroutineCancelled.__name__ = _CoroutineCancelled.__qualname__ = CallCancelled.__name__


async def _awaited(awaitable: Any) -> Any:
    return await awaitable


def new_loop() -> asyncio.AbstractEventLoop:
    """Make an event loop and have this thread use it."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    return loop


class AsyncCall:
    """A call of an ``async def`` handler, which a cancellation reaches inside the coroutine, and nowhere else.

    An exception that is raised in the event loop's own code leaves the coroutine pending, to go on in a later call, and
    can make the loop lose what it had in hand. So a signal raises only while the coroutine, or that of another task of
    the call, is on the stack; otherwise it leaves a note, and the coroutine is resumed with the exception.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        awaitable: Any,
        message: str,
        on_end: Callable[[Optional[BaseException]], None],
    ) -> None:
        """``on_end`` is called where the coroutine ends, with what it raised, before the loop has its next turn."""
        self._loop = loop
        self._on_end = on_end
        self._coroutine = awaitable if isinstance(awaitable, types.CoroutineType) else _awaited(awaitable)
        self._message = message
        self._task: Optional["asyncio.Task[None]"] = None
        self._started = False
        self._struck = False
        self._result: Any = None
        self._error: Optional[BaseException] = None

    def run(self) -> Any:
        """Run the coroutine to its end; return or raise what it does."""
        self._task = self._loop.create_task(self._main())
        self._loop.run_until_complete(self._task)
        if self._error is not None:
            try:
                raise self._error
            finally:
                self._error = None  # Its traceback holds this frame.
        return self._result

    def strike(self) -> None:
        """Cancel the call; the main thread's signal handler calls this, between any two bytecodes."""
        if self._coroutine.cr_running:
            raise _CoroutineCancelled(self._message)
        self._struck = True
        # This also wakes the loop where it waits for something to happen.
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._interrupt)
        other = asyncio.current_task(self._loop)
        if other is not None and getattr(other.get_coro(), "cr_running", False) and other is not self._task:
            # It may compute and never come back to the loop.
            raise _CoroutineCancelled(self._message)

    def _interrupt(self) -> None:
        """End what the coroutine waits for. Before its first step it waits for nothing, and finds the note itself."""
        if self._struck and self._started and self._task is not None:
            self._task.cancel()

    async def _main(self) -> None:
        # Kept, not passed through the task: a task turns some exceptions into others and throws some at its loop.
        try:
            self._result = await self._steps()
        except BaseException as error:
            self._error = error
        self._on_end(self._error)

    @types.coroutine
    def _steps(self) -> Generator[Any, Any, Any]:
        """Do what ``await`` does, and raise CallCancelled in the coroutine at the first step after it was struck."""
        self._started = True
        resume: Any = self._coroutine.send
        value: Any = None
        while True:
            if self._struck:
                self._struck = False
                resume, value = self._coroutine.throw, _CoroutineCancelled(self._message)
            try:
                awaited = resume(value)
            except StopIteration as stop:
                return stop.value
            try:
                value = yield awaited
                resume = self._coroutine.send
            except GeneratorExit:
                self._coroutine.close()
                raise
            except BaseException as error:
                resume, value = self._coroutine.throw, error


_LAST_TURNS = 16
"""How many turns a loop gets for what its tasks left: to close a connection, for one, takes a few."""


def end_callbacks(loop: asyncio.AbstractEventLoop) -> None:
    """Cancel the callbacks that a call left on the loop, once its tasks have ended: they would run in a later call.

    asyncio has no list of them for others to read. A loop that keeps them elsewhere is closed, and the next call has a new one.
    """
    try:
        scheduled, ready = loop._scheduled, loop._ready  # type: ignore[attr-defined]
    except AttributeError:
        loop.close()
        return
    for _ in range(_LAST_TURNS):
        if not ready:
            break
        loop.run_until_complete(asyncio.sleep(0))
    for handle in (*scheduled, *ready):
        handle.cancel()


def end_tasks(loop: asyncio.AbstractEventLoop, logger: "logging.Logger") -> None:
    """Cancel what a call left pending on the loop, and wait for its tasks: else it would run in the next call's time.

    What refuses to end keeps the worker busy with the call that it belongs to.
    """
    while not loop.is_closed():
        try:
            # One turn of the loop: the end of an asynchronous generator, for one, is not yet a task.
            loop.run_until_complete(asyncio.sleep(0))
            tasks = asyncio.all_tasks(loop)
            if not tasks:
                end_callbacks(loop)
                return
            for task in tasks:
                task.cancel()
            loop.run_until_complete(_ended(tasks))
        except BaseException as error:
            # A task may end with an exception that goes through the loop, SystemExit for example, or stop the loop.
            logger.debug("a task that was cancelled raised %s", errors.type_name(type(error)))


async def _ended(tasks: "Set[asyncio.Task[Any]]") -> None:
    await asyncio.wait(tasks)
    for task in tasks:
        if not task.cancelled():
            task.exception()  # Seen, so that nobody reports later that nobody saw it.
