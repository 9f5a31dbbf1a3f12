"""Reviews are rated before they are shown. Whose last ones were bad is watched more closely: that is kept in a session."""

from __future__ import annotations

from vivarium_worker import Context, handler

_BAD = {"scam", "fake", "spam"}


@handler(effects="session")
def rate(ctx: Context, text: str) -> float:
    """Return how bad a review is, from 0 to 1; that of an author with bad ones before counts as worse."""
    words = text.lower().split()
    bad = sum(word.strip(".,!?") in _BAD for word in words)
    before = ctx.session.get("bad", 0)
    ctx.session["bad"] = before + (bad > 0)
    share = bad / len(words) if words else 0.0
    return min(1.0, share * (1 + before))
