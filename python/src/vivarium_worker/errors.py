"""Exceptions to the body of ERROR. See PROTOCOL.md, section 6."""

from __future__ import annotations

import os
import traceback
from types import TracebackType
from typing import Any, Dict, List, Optional

MAX_TEXT = 16_384
MAX_CAUSES = 16
MAX_FRAMES = 100

_OWN_FOLDER = os.path.dirname(os.path.abspath(__file__)) + os.sep


def body(kind: str, execution: str, type_name: str, message: str) -> Dict[str, Any]:
    """Describe a failure that no exception of the handler's stands for."""
    return {
        "kind": kind,
        "execution": execution,
        "type": type_name,
        "message": _cut(message),
        "traceback": [],
        "notes": [],
        "causes": [],
    }


def of_exception(kind: str, execution: str, error: BaseException) -> Dict[str, Any]:
    """Describe an exception with its traceback, notes and the exceptions that led to it."""
    description = {"kind": kind, "execution": execution}
    description.update(_describe(error))
    causes: List[Dict[str, Any]] = []
    seen = {id(error)}
    current: Optional[BaseException] = error
    while current is not None and len(causes) < MAX_CAUSES:
        relation = "cause" if current.__cause__ is not None else "context"
        following = current.__cause__
        if following is None and not current.__suppress_context__:
            following = current.__context__
        if following is None or id(following) in seen:
            break
        seen.add(id(following))
        cause = {"relation": relation}
        cause.update(_describe(following))
        causes.append(cause)
        current = following
    description["causes"] = causes
    return description


def _describe(error: BaseException) -> Dict[str, Any]:
    kind = type(error)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    return {
        "type": _cut(name),
        "message": _cut(_text(error)),
        "traceback": _frames(error.__traceback__),
        "notes": [_cut(str(note)) for note in _notes(error)],
    }


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except Exception as broken:  # A user's __str__ may raise; the error must still be reported.
        return f"<the message cannot be shown: {type(broken).__name__}>"


def _notes(error: BaseException) -> List[Any]:
    notes = getattr(error, "__notes__", None)
    return list(notes)[:MAX_FRAMES] if isinstance(notes, (list, tuple)) else []


def _frames(tb: Optional[TracebackType]) -> List[Dict[str, Any]]:
    entries = [
        {"file": _cut(f.filename), "line": f.lineno or 0, "function": _cut(f.name), "code": _cut(f.line or "")}
        for f in traceback.extract_tb(tb)
        if not os.path.abspath(f.filename).startswith(_OWN_FOLDER)
    ]
    if len(entries) > MAX_FRAMES:
        half = MAX_FRAMES // 2
        entries = entries[:half] + entries[-half:]
    return entries


def _cut(text: str) -> str:
    return text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 1] + "…"
