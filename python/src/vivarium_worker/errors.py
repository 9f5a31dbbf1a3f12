"""Exceptions to the body of ERROR. See PROTOCOL.md, section 6.

An exception is the user's, and so is what it is made of: any attribute and any conversion to text may raise anything. None
of that may reach the runtime. Cancellations do not strike here, so whatever is raised is the user's.
"""

from __future__ import annotations

import itertools
import json
import os
import traceback
from types import TracebackType
from typing import Any, Callable, Dict, Iterator, List, Optional, Tuple

from .api import RetryAfter
from .callback_errors import CallbackError

MAX_TEXT = 16_384
MAX_CAUSES = 16
MAX_FRAMES = 100

_OWN_FOLDER = os.path.dirname(__file__) + os.sep

# What the interpreter itself recorded, past any attribute by which a class may hide it.
_cause = BaseException.__cause__.__get__  # type: ignore[attr-defined]
_context = BaseException.__context__.__get__  # type: ignore[attr-defined]
_suppresses_context = BaseException.__suppress_context__.__get__  # type: ignore[attr-defined]
_traceback = BaseException.__traceback__.__get__  # type: ignore[attr-defined]
_millis = RetryAfter.__dict__["_millis"].__get__
_dict = BaseException.__dict__["__dict__"].__get__
_qualified_name = type.__dict__["__qualname__"].__get__
_module = type.__dict__["__module__"].__get__


def body(kind: str, execution: str, type_name: str, message: str) -> Dict[str, Any]:
    """Describe a failure that no exception of the handler's stands for."""
    return {
        "kind": kind,
        "execution": execution,
        "type": cut(type_name),
        "message": cut(message),
        "traceback": [],
        "notes": [],
        "causes": [],
    }


def of_exception(kind: str, execution: str, error: BaseException) -> Dict[str, Any]:
    """Describe an exception with its traceback, notes and the exceptions that led to it; never raises."""
    description = {"kind": kind, "execution": execution}
    description.update(_describe(error))
    if kind == "handler" and issubclass(type(error), RetryAfter):
        millis = _suggested_millis(error)
        if millis is not None:
            description["retryAfterMillis"] = millis
    if kind == "handler" and issubclass(type(error), CallbackError):
        number = _callback_number(error)
        if number:
            description["callback"] = number
    causes: List[Dict[str, Any]] = []
    seen = {id(error)}
    current = error
    while len(causes) < MAX_CAUSES:
        relation, following = "cause", _cause(current)
        if following is None and not _suppresses_context(current):
            relation, following = "context", _context(current)
        if following is None or id(following) in seen:
            break
        seen.add(id(following))
        cause = {"relation": relation}
        cause.update(_describe(following))
        causes.append(cause)
        current = following
    description["causes"] = causes
    return description


def _suggested_millis(error: BaseException) -> Optional[int]:
    try:
        millis = _millis(error)
    except AttributeError:  # A class of the user's does not call the constructor.
        return None
    return millis if type(millis) is int and 0 <= millis <= RetryAfter.LONGEST * 1000 else None


def _callback_number(error: BaseException) -> int:
    try:
        number = _dict(error).get("_number")
    except BaseException:  # A class of the user's does not call the constructor.
        return 0
    return number if type(number) is int and number > 0 else 0


def encode(description: Dict[str, Any], limit: int) -> bytes:
    """Return a description as a body that keeps to the limit, if need be without its details."""
    encoded = _encode(description)
    short = dict(description, traceback=[], notes=[], causes=[])
    for most in (256, 64, 16):
        if len(encoded) <= limit:
            break
        short["type"] = cut(description["type"], most)
        short["message"] = cut(description["message"], most) + " (details left out: over maxBodyBytes)"
        encoded = _encode(short)
    return encoded


def _encode(description: Dict[str, Any]) -> bytes:
    return json.dumps(description, ensure_ascii=False, separators=(",", ":")).encode("utf-8")


def type_name(kind: type) -> str:
    """Return a type's qualified name, with the module unless that is ``builtins``."""
    try:
        module = _module(kind)
    except BaseException:  # There may be none.
        module = None
    name: str = _qualified_name(kind)
    return f"{str.__str__(module)}.{name}" if isinstance(module, str) and module != "builtins" else name


def text(value: Any, convert: Callable[[Any], str] = str) -> str:
    """Return a value's text, or say why there is none."""
    try:
        return str.__str__(convert(value))  # The text may be of a type derived from str, with methods of its own.
    except BaseException as broken:
        return f"<the text cannot be shown: {type_name(type(broken))}>"


def cut(string: str, most: int = MAX_TEXT) -> str:
    """Return a string of at most ``most`` characters that has a form in UTF-8: lone surrogates appear as escapes."""
    if not string.isascii():
        string = string.encode("utf-8", "backslashreplace").decode("utf-8")
    return string if len(string) <= most else string[: max(most - 1, 0)] + "…"[:most]


def is_raised_by_the_call_itself(error: BaseException) -> bool:
    """Return whether an exception that the runtime caught was raised by its own call, not by anything inside of that."""
    tb = _traceback(error)
    return tb is not None and tb.tb_next is None


def _describe(error: BaseException) -> Dict[str, Any]:
    return {
        "type": cut(type_name(type(error))),
        "message": cut(text(error)),
        "traceback": _frames(_traceback(error)),
        "notes": [cut(text(note)) for note in _notes(error)],
    }


def _notes(error: BaseException) -> List[Any]:
    try:
        notes = getattr(error, "__notes__", None)
        return list(itertools.islice(notes, MAX_FRAMES)) if isinstance(notes, (list, tuple)) else []
    except BaseException:
        return []


def _frames(tb: Optional[TracebackType]) -> List[Dict[str, Any]]:
    try:
        found = [(f.filename, f.lineno, f.name, f.line) for f in traceback.extract_tb(tb)]
    except BaseException:  # Source comes from the loader of the module, which may be the user's.
        found = list(_frames_without_source(tb))
    entries = [
        {"file": cut(file), "line": line or 0, "function": cut(function), "code": cut(code or "")}
        for file, line, function, code in found
        if not file.startswith(_OWN_FOLDER)
    ]
    if len(entries) > MAX_FRAMES:
        half = MAX_FRAMES // 2
        entries = entries[:half] + entries[-half:]
    return entries


def _frames_without_source(tb: Optional[TracebackType]) -> Iterator[Tuple[str, Optional[int], str, Optional[str]]]:
    while tb is not None:
        code = tb.tb_frame.f_code
        yield code.co_filename, tb.tb_lineno, code.co_name, None
        tb = tb.tb_next
