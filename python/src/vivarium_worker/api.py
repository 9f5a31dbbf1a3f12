"""What handler authors use: the decorator, the context, the cancellation."""

from __future__ import annotations

import inspect
import math
from typing import TYPE_CHECKING, Any, Callable, Optional, Sequence, TypeVar, overload

if TYPE_CHECKING:  # `logging` is loaded by the runtime; the guardian imports this package and must start fast.
    import logging

    from .callbacks import Callbacks
    from .feeding import Feed
    from .sessions import Session

F = TypeVar("F", bound=Callable[..., Any])

_MARK = "__vivarium_handler__"
_EFFECTS = "__vivarium_effects__"
_HOOK = "__vivarium_session_hook__"


class CallCancelled(BaseException):
    """Raised inside a handler when its caller cancelled the call, or its deadline passed.

    It derives from BaseException so that ``except Exception`` does not swallow it. A handler may catch it to clean up; what
    the handler returns afterwards is dropped.
    """


class RetryAfter(Exception):
    """Raised by a handler that asks to be called again later, such as when a service answers that it has had too many requests.

    ``seconds`` is the time to wait first, from 0 to 86,400; it travels in whole milliseconds, rounded up. A call that may be
    sent again (it is retry-safe, has retries and time left) is sent again after that time, and not before. Otherwise its caller
    gets a ``PythonException`` whose ``retryAfter()`` says so. The worker is not blamed and goes on serving.

    Raises ValueError when ``seconds`` is no such number.
    """

    LONGEST = 86_400
    """The longest time that may be asked for, in seconds."""

    __slots__ = ("_millis",)

    def __init__(self, seconds: float, message: str = "") -> None:
        plain = isinstance(seconds, (int, float)) and not isinstance(seconds, bool)
        if not plain or not 0 <= seconds <= self.LONGEST:
            raise ValueError(f"seconds must be from 0 to {self.LONGEST}, got {seconds!r}")
        super().__init__(seconds, message)
        self._millis = math.ceil(seconds * 1000)

    @property
    def seconds(self) -> float:
        """The time to wait, in seconds."""
        return self._millis / 1000

    def __str__(self) -> str:
        return self.args[1] if len(self.args) == 2 and self.args[1] else f"to be called again after {self.seconds} s"


class Context:
    """What a handler may know about the call it runs. A handler gets it by naming a parameter ``ctx``."""

    __slots__ = ("call_id", "is_over", "logger", "worker_id", "_callbacks", "_deadline", "_now", "_input", "_progress", "_session")

    def __init__(
        self,
        call_id: int,
        worker_id: str,
        logger: "logging.Logger",
        deadline: Optional[float],
        now: Callable[[], float],
        progress: Callable[[], None],
        session: "Optional[Session]" = None,
        input: "Optional[Feed]" = None,
        callbacks: "Optional[Callbacks]" = None,
    ) -> None:
        self.call_id = call_id
        """The call's id, unique within its pool."""
        self.worker_id = worker_id
        """The worker's name, ``pool/slot``."""
        self.logger = logger
        """Records become log lines of the JVM, with worker and call."""
        self._deadline = deadline
        self._now = now
        self._progress = progress
        self._session = session
        self._input = input
        self._callbacks = callbacks
        self.is_over = False
        """Whether the handler has ended."""

    @property
    def input(self) -> "Feed":
        """The items that the caller feeds the handler with: an iterator, and an asynchronous one as well.

        It asks for items when it is asked for them, and waits; the handler need not take them all. It belongs to the thread
        that runs the handler. Raises RuntimeError in a call that is not fed.
        """
        if self._input is None:
            raise RuntimeError(f"call {self.call_id} has no input: it was not made with streamThrough(...)")
        return self._input

    def jvm(self, function: str, /, *args: Any, **keywords: Any) -> Any:
        """Call a function that the JVM has registered on the pool, and wait for its result.

        Arguments and result travel as those of a call do, but for bytes, which are base64 texts. The time left until the call's
        deadline is what the function gets, and how long this waits. Any thread may call it while the handler runs. A coroutine uses
        ``jvm_async``, because this holds up its loop.

        Raises CallbackError: CallbackFailed when the function threw, CallbackTimedOut, UnknownFunction, CallbackTooLarge,
        CallbackNotEncodable, CallbackRefused. Raises RuntimeError after the handler has ended.
        """
        return self._called().ask(self, function, args, keywords)

    async def jvm_async(self, function: str, /, *args: Any, **keywords: Any) -> Any:
        """Do what ``jvm`` does in a coroutine; several may wait at a time."""
        return await self._called().ask_async(self, function, args, keywords)

    def _called(self) -> "Callbacks":
        if self._callbacks is None:
            raise RuntimeError("this context has no JVM")
        return self._callbacks

    @property
    def session(self) -> "Session":
        """What the call's session remembers: a mutable mapping of strings to values that have an encoding.

        Raises RuntimeError in a call without a session.
        """
        if self._session is None:
            raise RuntimeError(f"call {self.call_id} has no session: it was not made with pool.session(...)")
        return self._session

    @property
    def has_session(self) -> bool:
        """Whether the call belongs to a session."""
        return self._session is not None

    @property
    def remaining(self) -> Optional[float]:
        """Seconds until the call's deadline, never negative; None when it has none."""
        if self._deadline is None:
            return None
        return max(0.0, self._deadline - self._now())

    def progress(self) -> None:
        """Tell the JVM that the handler is getting on. Cheap: one store into shared memory."""
        self._progress()


def _position_of_context(signature: inspect.Signature) -> Optional[int]:
    """Return where among the positional parameters ``ctx`` stands, or None when it can be passed by name only."""
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    names = [parameter.name for parameter in signature.parameters.values() if parameter.kind in positional]
    return names.index("ctx") if "ctx" in names else None


class Handler:
    """A function that can be called from the JVM, with what must be known about it per call worked out once."""

    __slots__ = (
        "_context_index",
        "doc",
        "effects",
        "function",
        "is_async",
        "is_generator",
        "name",
        "needs_event_loop",
        "signature",
        "wants_context",
    )

    def __init__(self, name: str, function: Callable[..., Any]) -> None:
        self.name = name
        self.function = function
        self.effects = effects_of(function)
        self.is_async = inspect.iscoroutinefunction(function)
        self.is_generator = inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function)
        self.needs_event_loop = self.is_async or inspect.isasyncgenfunction(function)
        try:
            signature: Optional[inspect.Signature] = inspect.signature(function)
        except (TypeError, ValueError):
            signature = None
        self.wants_context = signature is not None and "ctx" in signature.parameters
        self._context_index = _position_of_context(signature) if signature is not None else None
        try:
            self.signature = "(...)" if signature is None else str(signature)
        except Exception:  # The text of a default or an annotation is the user's.
            self.signature = "(...)"
        self.doc = (inspect.getdoc(function) or "").split("\n", 1)[0]

    def place(self, context: Any, positional: "list[Any]", keywords: "dict[str, Any]") -> None:
        """Put the context among the arguments, so that callers need not know where in the signature ``ctx`` stands."""
        index = self._context_index
        if index is not None and len(positional) >= index:
            positional.insert(index, context)
        else:
            keywords["ctx"] = context

    def misfit(self, positional: Sequence[Any], keywords: "dict[str, Any]") -> Optional[str]:
        """Say why these arguments, the context among them, do not fit the signature, or None when they do."""
        try:
            inspect.signature(self.function).bind(*positional, **keywords)
        except TypeError as error:
            return f"{self.name}{self.signature}: {error}"
        except ValueError:
            return None
        return None


@overload
def handler(function: F) -> F: ...


@overload
def handler(*, name: Optional[str] = None, effects: Optional[str] = None) -> Callable[[F], F]: ...


def handler(function: Optional[F] = None, *, name: Optional[str] = None, effects: Optional[str] = None) -> Any:
    """Mark a function as callable from the JVM, under its own name or the one given.

    ``effects="session"`` declares that it has no effect but on ``ctx.session``: a call of a session that lost its worker is
    then sent again, because nothing of it has remained. Any other value raises ValueError.
    """
    if effects not in (None, "session"):
        raise ValueError(f"effects must be None or 'session', got {effects!r}")

    def mark(target: F) -> F:
        setattr(target, _MARK, name or target.__name__)
        if effects is not None:
            setattr(target, _EFFECTS, effects)
        return target

    return mark if function is None else mark(function)


def session_open(function: F) -> F:
    """Mark the function that makes anew, in ``session.local``, what a session has and what cannot travel.

    It is called with the session when that comes to a worker, before the first handler. There may be one.
    """
    return _hook(function, "open")


def session_close(function: F) -> F:
    """Mark the function that releases what ``session_open``, or a handler, put into ``session.local``.

    It is called with the session when that leaves its worker. What it raises is logged. There may be one.
    """
    return _hook(function, "close")


def _hook(function: F, what: str) -> F:
    if inspect.iscoroutinefunction(function):
        raise TypeError(f"@session_{what} needs a plain function, not a coroutine function")
    setattr(function, _HOOK, what)
    return function


def hook_of(value: Any) -> Optional[str]:
    """Return which hook of sessions a function was marked as, ``open`` or ``close``, or None."""
    mark = _attribute(value, _HOOK)
    return mark if isinstance(mark, str) else None


def effects_of(value: Any) -> Optional[str]:
    """Return the effects that a handler declares, or None."""
    mark = _attribute(value, _EFFECTS)
    return mark if isinstance(mark, str) else None


def marked_name(value: Any) -> Optional[str]:
    """Return the name under which ``value`` was marked as a handler, or None."""
    mark = _attribute(value, _MARK)
    return mark if isinstance(mark, str) else None


def _attribute(value: Any, name: str) -> Any:
    try:
        return getattr(value, "__dict__", {}).get(name) if callable(value) else None
    except Exception:  # A proxy to something that is not there yet may raise for every attribute. It is no handler.
        return None
