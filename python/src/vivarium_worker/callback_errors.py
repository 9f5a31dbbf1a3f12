"""What a handler gets in place of the result of a function of the JVM's: see ``Context.jvm``."""

from __future__ import annotations

from typing import Optional, Sequence, Tuple


class CallbackError(Exception):
    """A function of the JVM's that a handler called gave no result. Its subclasses say why.

    A handler that lets it through fails with it: the caller in the JVM gets a ``PythonException``, with what the function threw for
    its cause, or a ``CallTimedOut`` where the time was over.
    """

    def __init__(self, function: str, message: str, number: Optional[int] = None) -> None:
        super().__init__(message)
        self.function = function
        """The name that the function was called by."""
        self._number = number


class CallbackFailed(CallbackError):
    """The function threw an exception, or the stage that it returned failed."""

    def __init__(self, function: str, java_type: str, java_message: str, number: Optional[int] = None) -> None:
        super().__init__(function, f"{java_type}: {java_message}" if java_message else java_type, number)
        self.java_type = java_type
        """The class of what the function threw, such as ``java.lang.IllegalStateException``."""
        self.java_message = java_message
        """Its message; empty when it has none."""


class CallbackTimedOut(CallbackError, TimeoutError):
    """The call's deadline passed before the function had a result. What the handler returns after this may be too late."""


class UnknownFunction(CallbackError, LookupError):
    """The pool has no function of that name."""

    def __init__(self, function: str, message: str, known: Sequence[str] = (), number: Optional[int] = None) -> None:
        super().__init__(function, message, number)
        self.known: Tuple[str, ...] = tuple(known)
        """The names of the functions there are, at most 100 of them."""


class CallbackTooLarge(CallbackError, ValueError):
    """The encoded arguments, or the encoded result, are over ``functions.max-bytes``."""


class CallbackNotEncodable(CallbackError, TypeError):
    """An argument, or the result, has no encoding."""


class CallbackRefused(CallbackError):
    """The function was not called.

    As many callbacks as may be are in flight (``functions.max-per-worker``, ``functions.max-in-flight``), the executor of the functions
    took no more, the call has ended for its caller, or the JVM is gone.
    """
