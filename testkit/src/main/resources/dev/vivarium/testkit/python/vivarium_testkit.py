"""Handlers for tests, and a decorator that keeps a record of what was executed.

A pool of the test kit loads this module. Its handlers are those of ``WorkerScript.standard()``. Handlers of your own take
part in the record when they are decorated:

    from vivarium_testkit import recorded

    @recorded
    def price(item: str) -> float: ...
"""

from __future__ import annotations

import ctypes
import fcntl
import functools
import inspect
import os
import signal as signals
import threading
from typing import Any, Callable, Iterator, List, Optional

from vivarium_worker import CallbackError, Context, RetryAfter, handler

_GATE_LOOK_S = 0.005

# Of the C library's lockf(3): wait for the lock.
_F_LOCK = 1


def _record(call_id: int, what: str, worker: str) -> None:
    path = os.environ.get("TESTKIT_RECORD")
    if path:
        # One write of a short line to a file opened for appending: lines of several processes do not mix.
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(file, f"{call_id} {what} {worker}\n".encode())
        finally:
            os.close(file)


def _gate(name: str) -> Optional[str]:
    folder = os.environ.get("TESTKIT_GATES")
    return os.path.join(folder, name) if folder else None


def _touch(path: Optional[str]) -> None:
    if path:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))


def _halt(call_id: int) -> None:
    """Wait while the kit wants a fault to land at this handler's start."""
    path = _gate(f".halt-{call_id}")
    if path and os.path.exists(path):
        _touch(_gate(f".halted-{call_id}"))
        while os.path.exists(path):
            threading.Event().wait(_GATE_LOOK_S)
    _hang(call_id)


def _hang(call_id: int) -> None:
    """Hang, if the kit wants this call to, until it lets go of its lock: C code that holds the interpreter lock."""
    path = _gate(f".hang-{call_id}")
    if not path or not os.path.exists(path):
        return
    file = os.open(path, os.O_RDWR)
    os.unlink(path)  # A repetition of the call is not to hang.
    lockf = ctypes.PyDLL(None).lockf
    while True:
        try:
            if lockf(file, _F_LOCK, ctypes.c_long(0)) == 0:
                break
        except BaseException:  # A cancellation, which is not heeded.
            continue
    os.close(file)


def _opened(lease: str) -> Optional[int]:
    """Open the file that the kit has locked until a fault is healed; None when it is healed already, and the file gone."""
    path = _gate(lease)
    if not path:
        raise RuntimeError("this worker does not belong to a pool of the test kit")
    try:
        return os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return None


def _when_healed(lock: Optional[int], give_back: Callable[[], None]) -> None:
    """Run something on a thread of its own once the kit lets go of a lock; at once when it has."""
    if lock is None:
        give_back()
        return
    file: int = lock

    def wait() -> None:
        fcntl.lockf(file, fcntl.LOCK_EX)
        os.close(file)
        give_back()

    threading.Thread(target=wait, name="testkit-lease", daemon=True).start()


def recorded(
    function: Optional[Callable[..., Any]] = None, *, effects: Optional[str] = None, heedless: bool = False
) -> Callable[..., Any]:
    """Make a function a handler whose executions are recorded for the ledger of the test kit.

    ``effects`` is that of ``@handler``. Arguments that do not fit it raise TypeError; those of a plain handler are refused by the worker.
    Coroutines and generators of both kinds can be recorded; what is recorded is their run, and not that they were made.
    ``heedless``, for plain functions only: whatever is raised in it, a cancellation above all, from when it counts as started, it begins again.
    """
    if function is None:
        return functools.partial(recorded, effects=effects, heedless=heedless)
    target = function
    signature = inspect.signature(target)
    wants_context = "ctx" in signature.parameters
    if not wants_context:
        parameters = list(signature.parameters.values())
        catch_all = [p for p in parameters if p.kind is inspect.Parameter.VAR_KEYWORD]
        others = [p for p in parameters if p.kind is not inspect.Parameter.VAR_KEYWORD]
        context = inspect.Parameter("ctx", inspect.Parameter.KEYWORD_ONLY)
        signature = signature.replace(parameters=others + [context] + catch_all)

    def entered(args: Any, keywords: Any) -> Context:
        ctx: Context = signature.bind(*args, **keywords).arguments["ctx"]  # Before anything counts as started.
        if not wants_context:
            del keywords["ctx"]
        _record(ctx.call_id, "STARTED", ctx.worker_id)
        return ctx

    @functools.wraps(target)
    def generating(*args: Any, **keywords: Any) -> Any:
        ctx = entered(args, keywords)
        try:
            _halt(ctx.call_id)
            yield from target(*args, **keywords)
        finally:
            _record(ctx.call_id, "FINISHED", ctx.worker_id)

    @functools.wraps(target)
    async def awaiting(*args: Any, **keywords: Any) -> Any:
        ctx = entered(args, keywords)
        try:
            _halt(ctx.call_id)
            return await target(*args, **keywords)
        finally:
            _record(ctx.call_id, "FINISHED", ctx.worker_id)

    @functools.wraps(target)
    async def generating_asynchronously(*args: Any, **keywords: Any) -> Any:
        ctx = entered(args, keywords)
        items = target(*args, **keywords)
        try:
            _halt(ctx.call_id)
            async for item in items:
                yield item
        finally:
            try:
                await items.aclose()
            finally:
                _record(ctx.call_id, "FINISHED", ctx.worker_id)

    @functools.wraps(target)
    def recording(*args: Any, **keywords: Any) -> Any:
        ctx = entered(args, keywords)
        try:
            _halt(ctx.call_id)
            return target(*args, **keywords)
        finally:
            _record(ctx.call_id, "FINISHED", ctx.worker_id)

    @functools.wraps(target)
    def unheeding(*args: Any, **keywords: Any) -> Any:
        ctx: Context = signature.bind(*args, **keywords).arguments["ctx"]
        begun: List[bool] = []
        while True:
            try:
                if not begun:
                    begun.append(True)
                    entered(args, keywords)
                _halt(ctx.call_id)
                return target(*args, **keywords)
            except BaseException:
                continue

    try:
        _record(0, "RECORDED", target.__name__)
    except OSError:
        pass  # The test is over, and its folder gone.
    wrapper: Any = unheeding if heedless else recording
    for is_of_kind, of_kind in (
        (inspect.isgeneratorfunction, generating),
        (inspect.iscoroutinefunction, awaiting),
        (inspect.isasyncgenfunction, generating_asynchronously),
    ):
        if is_of_kind(target):
            if heedless:
                raise TypeError(f"{target.__name__} cannot be heedless: it is no plain function")
            wrapper = of_kind
    wrapper.__signature__ = signature
    _touch(_gate(f".recorded-{target.__name__}"))
    return handler(effects=effects)(wrapper)


def wait_for(gate: str) -> None:
    """Return once ``TestPool.open(gate)`` was called."""
    path = os.path.join(os.environ["TESTKIT_GATES"], gate)
    while not os.path.exists(path):
        threading.Event().wait(_GATE_LOOK_S)


@recorded
def echo(value: Any) -> Any:
    """Return the argument."""
    return value


@recorded
def fail(message: str) -> None:
    """Raise ValueError."""
    raise ValueError(message)


@recorded
def leave(status: int) -> None:
    """End the process at once with an exit status."""
    os._exit(status)


@recorded
def die(signal: int) -> None:
    """End the process by a signal."""
    os.kill(os.getpid(), signal)
    signals.pause()


@recorded
def hang() -> None:
    """Wait for ever, or until the call is cancelled."""
    threading.Event().wait()


@recorded(heedless=True)
def stubborn() -> None:
    """Never end, and heed no cancellation: C code that holds the interpreter lock, again and again."""
    libc = ctypes.PyDLL(None)
    while True:
        libc.pause()


@recorded
def slow(seconds: float, value: Any) -> Any:
    """Return a value after a time."""
    threading.Event().wait(seconds)
    return value


@recorded
def held(gate: str, value: Any) -> Any:
    """Return a value once a gate is open."""
    wait_for(gate)
    return value


def _retry_after(ctx: Context, times: int, seconds: float) -> int:
    with open(os.environ["TESTKIT_RECORD"], encoding="utf-8") as record:
        starts = sum(line.startswith(f"{ctx.call_id} STARTED ") for line in record)
    if starts <= times:
        raise RetryAfter(seconds, "not yet")
    return starts


@recorded
def retry_after(ctx: Context, times: int, seconds: float) -> int:
    """Ask to be called again so many times, after so many seconds each; then return how often the call was started."""
    return _retry_after(ctx, times, seconds)


@recorded
def hung() -> None:
    """Hang in place of a handler that cannot, since it keeps no record; raise once that is healed."""
    raise RuntimeError("the hang was healed; the handler does not keep the kit's record, and has not run")


@recorded
def balloon(size: int, lease: str) -> int:
    """Take memory, touch it, and keep it until a lease of the kit's is over."""
    block = bytearray(size)
    block[:: os.sysconf("SC_PAGE_SIZE")] = b"\1" * len(block[:: os.sysconf("SC_PAGE_SIZE")])
    taken: List[bytearray] = [block]
    _when_healed(_opened(lease), taken.clear)
    return size


@recorded
def open_many(count: int, lease: str) -> int:
    """Open files and keep them until a lease of the kit's is over; fewer than asked for when the limit is reached."""
    files: List[int] = []

    def close() -> None:
        for file in files:
            os.close(file)

    lock = _opened(lease)  # First: it takes a descriptor, and soon there may be none.
    try:
        for _ in range(count):
            files.append(os.open(os.devnull, os.O_RDONLY))
    except OSError:
        pass
    _when_healed(lock, close)
    return len(files)


def _count(ctx: Context) -> int:
    ctx.session["count"] = ctx.session.get("count", 0) + 1
    return int(ctx.session["count"])


@recorded(effects="session")
def count(ctx: Context) -> int:
    """Count the calls of a session."""
    return _count(ctx)


@recorded
def count_unsafely(ctx: Context) -> int:
    """Count the calls of a session, without saying that this is all it does."""
    return _count(ctx)


@recorded(effects="session")
def count_held(ctx: Context, gate: str) -> int:
    """Count, and answer once a gate is open."""
    counted = _count(ctx)
    wait_for(gate)
    return counted


@recorded
def count_held_unsafely(ctx: Context, gate: str) -> int:
    """Count, and answer once a gate is open, without saying that this is all it does."""
    counted = _count(ctx)
    wait_for(gate)
    return counted


@recorded
def count_and_fail(ctx: Context, message: str) -> None:
    """Count, and raise ValueError."""
    _count(ctx)
    raise ValueError(message)


@recorded(effects="session")
def count_and_retry_after(ctx: Context, times: int, seconds: float) -> int:
    """Count, and ask to be called again so many times."""
    counted = _count(ctx)
    _retry_after(ctx, times, seconds)
    return counted


@recorded(effects="session")
def remember(ctx: Context, key: str, value: Any) -> None:
    """Put a value into the session."""
    ctx.session[key] = value


@recorded(effects="session")
def recall(ctx: Context, key: str) -> Any:
    """Return a value of the session, or None."""
    return ctx.session.get(key)


@recorded
def recall_held_unsafely(ctx: Context, gate: str, key: str) -> Any:
    """Return a value of the session, or None, once a gate is open, without saying that this is all it does."""
    value = ctx.session.get(key)
    wait_for(gate)
    return value


@recorded
def keep_local(ctx: Context, value: Any) -> None:
    """Keep a value in this worker, for as long as the session is here."""
    ctx.session.local["value"] = value


@recorded
def keep_local_held(ctx: Context, gate: str, value: Any) -> None:
    """Keep a value in this worker, and answer once a gate is open."""
    ctx.session.local["value"] = value
    wait_for(gate)


@recorded
def recall_local(ctx: Context) -> Any:
    """Return what was kept in this worker, or None."""
    return ctx.session.local.get("value")


@recorded
def items(count: int) -> Iterator[int]:
    """Yield the numbers from 0."""
    yield from range(count)


@recorded
def items_then_fail(count: int, message: str) -> Iterator[int]:
    """Yield the numbers from 0, then raise ValueError."""
    yield from range(count)
    raise ValueError(message)


@recorded
def items_then_hang(count: int) -> Iterator[int]:
    """Yield the numbers from 0, then wait for ever, or until the call is cancelled."""
    yield from range(count)
    threading.Event().wait()


@recorded
def items_then_held(count: int, gate: str, more: int) -> Iterator[int]:
    """Yield the numbers from 0, and more of them once a gate is open."""
    yield from range(count)
    wait_for(gate)
    yield from range(count, count + more)


@recorded
def doubled(ctx: Context) -> Iterator[int]:
    """Yield twice what the call is fed with."""
    for item in ctx.input:
        yield 2 * item


@recorded
def total(ctx: Context) -> int:
    """Return the sum of what the call is fed with."""
    return sum(ctx.input)


@recorded
def count_items(ctx: Context, count: int) -> Iterator[int]:
    """Count in a session, and yield each count."""
    for _ in range(count):
        yield _count(ctx)


@recorded
def ask(ctx: Context, function: str, value: Any) -> Any:
    """Return what a function of the JVM's returns."""
    return ctx.jvm(function, value)


@recorded
def ask_caught(ctx: Context, function: str, value: Any) -> Any:
    """Return what a function of the JVM's returns, or class and text of what is raised in place of that."""
    try:
        return ctx.jvm(function, value)
    except CallbackError as error:
        return [type(error).__name__, str(error)]


@recorded
def ask_each(ctx: Context, function: str, count: int) -> Iterator[Any]:
    """Yield what a function of the JVM's returns for the numbers from 0."""
    for number in range(count):
        yield ctx.jvm(function, number)


@recorded
def ask_and_count(ctx: Context, function: str) -> Any:
    """Count in a session, and return what a function of the JVM's returns for the count."""
    return ctx.jvm(function, _count(ctx))
