"""Handlers of scripts/session-storm."""

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
