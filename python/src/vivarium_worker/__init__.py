"""Write Python functions that a JVM service can call.

    from vivarium_worker import Context, handler

    @handler
    def count_words(text: str) -> int:
        return len(text.split())

    @handler(name="slow")
    def slow_job(ctx: Context, items: list) -> int:
        for item in items:
            ctx.progress()
            ctx.logger.info("at %s, %s seconds left", item, ctx.remaining)
        return len(items)

    @handler(effects="session")
    def count(ctx: Context) -> int:
        ctx.session["count"] = ctx.session.get("count", 0) + 1
        return ctx.session["count"]

    @handler
    def greet(ctx: Context, user: int) -> str:
        return "Hello " + ctx.jvm("name_of", user)  # A function that the JVM has registered.
"""

from .api import CallCancelled, Context, RetryAfter, handler, session_close, session_open
from .callback_errors import (
    CallbackError,
    CallbackFailed,
    CallbackNotEncodable,
    CallbackRefused,
    CallbackTimedOut,
    CallbackTooLarge,
    UnknownFunction,
)

__version__ = "0.1.0"

__all__ = [
    "CallCancelled",
    "CallbackError",
    "CallbackFailed",
    "CallbackNotEncodable",
    "CallbackRefused",
    "CallbackTimedOut",
    "CallbackTooLarge",
    "Context",
    "RetryAfter",
    "UnknownFunction",
    "handler",
    "session_close",
    "session_open",
    "__version__",
]
