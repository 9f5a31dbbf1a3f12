"""A chat that remembers: each conversation is a session, and survives the death of the worker that it was with.

It answers without a model, by simple rules, so that it runs anywhere.
"""

from __future__ import annotations

import re

from vivarium_worker import Context, handler

_KEPT = 100
"""How many lines of a conversation are kept."""


@handler(effects="session")
def say(ctx: Context, text: str) -> str:
    """Answer a line of a conversation."""
    lines = ctx.session.setdefault("lines", [])
    answer = _answer(ctx.session, lines, text)
    lines += [text, answer]  # A change inside of a value counts as well.
    del lines[:-_KEPT]
    return answer


def _answer(memory: "dict[str, object] | object", lines: "list[str]", text: str) -> str:
    name = re.search(r"\bmy name is (\w+)", text, re.IGNORECASE)
    if name:
        memory["name"] = name.group(1)  # type: ignore[index]
        return f"Hello {name.group(1)}."
    if re.search(r"\bmy name\b", text, re.IGNORECASE):
        known = memory.get("name")  # type: ignore[union-attr]
        return f"Your name is {known}." if known else "You have not told me."
    return f"I heard '{text}'. That is line {len(lines) // 2 + 1} of ours."
