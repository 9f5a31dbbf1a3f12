"""What the bench calls."""

import base64
import time
from typing import Any, AsyncIterator, Iterator

from vivarium_worker import Context, handler


@handler
def echo(value: Any) -> Any:
    """Return the argument."""
    return value


@handler
def burn(micros: int) -> int:
    """Use the processor for that long, as the thread's own clock tells it, and return the argument."""
    end = time.thread_time_ns() + micros * 1000
    while time.thread_time_ns() < end:
        pass
    return micros


@handler
def echo_bytes(text: str) -> str:
    """Decode bytes, as a handler that uses them must, and return them encoded again."""
    return base64.b64encode(base64.b64decode(text)).decode()


@handler(effects="session")
def plain(ctx: Context, number: int) -> int:
    """Answer a number, and have nothing to do with a session."""
    return number


@handler(effects="session")
def fill(ctx: Context, size: int) -> None:
    """Give the session a text of so many characters."""
    ctx.session["text"] = "x" * size


@handler(effects="session")
def fill_list(ctx: Context, count: int) -> None:
    """Give the session a list of so many texts of seven characters."""
    ctx.session["text"] = ["x" * 7] * count


@handler(effects="session")
def read(ctx: Context, number: int) -> Any:
    """Answer a number, having read the text."""
    return number if ctx.session["text"] else None


@handler(effects="session")
def write(ctx: Context, number: int, size: int) -> int:
    """Answer a number, having changed the whole text."""
    ctx.session["text"] = f"{number:09d}".ljust(size, "x")
    return number


@handler
def items(count: int) -> Iterator[Any]:
    """Yield so many small documents."""
    for number in range(count):
        yield {"id": number, "text": "token"}


@handler
async def items_later(count: int) -> AsyncIterator[Any]:
    """Yield so many small documents, from an asynchronous generator."""
    for number in range(count):
        yield {"id": number, "text": "token"}
