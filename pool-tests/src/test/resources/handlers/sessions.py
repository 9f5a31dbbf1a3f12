"""Handlers of scripts/session-storm."""

from typing import Any

from vivarium_worker import Context, handler


@handler(effects="session")
def count(ctx: Context, size: int = 0) -> int:
    """Add one to the session's counter, which has a text of so many characters beside it."""
    if size and "text" not in ctx.session:
        ctx.session["text"] = "x" * size
    ctx.session["count"] = ctx.session.get("count", 0) + 1
    return int(ctx.session["count"])


@handler(effects="session")
def look(ctx: Context) -> int:
    """Return the session's counter."""
    return int(ctx.session.get("count", 0))


@handler(effects="session")
def fill(ctx: Context, size: int) -> None:
    """Give the session a text of so many characters."""
    ctx.session["text"] = "x" * size


@handler(effects="session")
def fill_list(ctx: Context, count: int) -> None:
    """Give the session a list of so many texts of seven characters."""
    ctx.session["text"] = ["x" * 7] * count


@handler(effects="session")
def plain(ctx: Context, number: int) -> int:
    """Answer a number, and have nothing to do with a session."""
    return number


@handler(effects="session")
def read(ctx: Context, number: int) -> Any:
    """Answer a number, having read the text."""
    return number if ctx.session["text"] else None


@handler(effects="session")
def write(ctx: Context, number: int, size: int) -> int:
    """Answer a number, having changed the whole text."""
    ctx.session["text"] = f"{number:09d}".ljust(size, "x")
    return number
