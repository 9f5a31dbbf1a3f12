"""The codec ``json``: values to bytes and back. See PROTOCOL.md, section 5.

Both encoders, the standard library's ``json`` and orjson where it is there, are given built-in types only, so they cannot
differ over a type of the user's, and no code of the user's runs inside of them: orjson dies of an enum whose ``value``
raises. Whatever else a result holds is made plain here first. What orjson refuses, or may have got wrong (a ``null`` that
was a NaN), the standard library encodes. orjson is not used for decoding, where it would silently turn large integers into
floats.
"""

from __future__ import annotations

import base64
import dataclasses
import datetime
import enum
import json
import marshal
import uuid
from typing import Any, List

from . import errors

try:
    import orjson  # type: ignore[import-not-found]
except ImportError:
    orjson = None

NAME = "json"

_MARSHAL_WITHOUT_REFERENCES = 2
_SHOWN_STEPS = 20


class Unencodable(Exception):
    """A value has no encoding; the message names its type and the path to it."""


_encoder = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False)


def dumps(value: Any) -> bytes:
    """Encode a value, or raise Unencodable and nothing else, whatever the value's own code raises."""
    return _dumps(value, orjson is not None)


def dumps_standard(value: Any) -> bytes:
    """Encode a value with the standard library alone."""
    return _dumps(value, False)


def _dumps(value: Any, accelerated: bool) -> bytes:
    path: List[Any] = []
    try:
        if _is_plain(value):
            try:
                return _encode(value, accelerated)
            except (TypeError, ValueError):
                pass  # Below, the value is converted after all, or the path to what has no encoding is found.
        return _encode(_plain(value, path), accelerated)
    except RecursionError:
        reason = "the value is nested too deeply, or contains itself"
    except BaseException as error:
        # Also what is no Exception: cancellations cannot strike here, so it was raised by the value's own code.
        reason = str(error) if type(error) is _Misfit else f"{errors.type_name(type(error))}: {errors.text(error)}"
    raise Unencodable(f"{reason} (at {_shown(path)})")


def _encode(plain: Any, accelerated: bool) -> bytes:
    if accelerated:
        try:
            encoded: bytes = orjson.dumps(plain)
            if b"null" not in encoded:
                return encoded
        except TypeError:
            pass
    return _encoder.encode(plain).encode("utf-8")


def _is_plain(value: Any) -> bool:
    """Return whether a value is made of built-in types only, not of types derived from them.

    Finding that out in Python would take longer than the encoding. ``marshal`` takes built-in types only, some of which have
    no encoding, and buffers, which neither encoder takes.
    """
    try:
        marshal.dumps(value, _MARSHAL_WITHOUT_REFERENCES)
    except ValueError:
        return False
    return True


class _Misfit(Exception):
    """The value that the path leads to has no encoding."""


def _plain(value: Any, path: List[Any]) -> Any:
    """Make a value of built-in types out of any value that has an encoding; ``path`` leads to where it failed."""
    if value is None or value is True or value is False:
        return value
    if isinstance(value, enum.Enum):
        return _plain(value.value, path)
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, int):
        return int.__int__(value)
    if isinstance(value, float):
        return float.__float__(value)
    if isinstance(value, dict):
        return _plain_mapping(value.items(), path)
    if isinstance(value, (list, tuple)):
        items = []
        for index, item in enumerate(value):
            path.append(index)
            items.append(_plain(item, path))
            path.pop()
        return items
    if isinstance(value, (datetime.datetime, datetime.date, datetime.time)):
        return _plain(value.isoformat(), path)
    if isinstance(value, memoryview):
        return base64.b64encode(value.tobytes()).decode("ascii")
    if isinstance(value, (bytes, bytearray)):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, uuid.UUID):
        return _plain(str(value), path)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {}
        for field in dataclasses.fields(value):
            path.append(field.name)
            fields[field.name] = _plain(getattr(value, field.name), path)
            path.pop()
        return fields
    raise _Misfit(f"{errors.type_name(type(value))} has no JSON encoding")


def _plain_mapping(items: Any, path: List[Any]) -> Any:
    mapping = {}
    for key, item in items:
        path.append(key)
        mapping[_key(key)] = _plain(item, path)
        path.pop()
    return mapping


def _key(key: Any) -> str:
    """Return the string that ``json.dumps`` makes of a key; an enum is its value here as well."""
    if isinstance(key, enum.Enum):
        return _key(key.value)
    if isinstance(key, str):
        return _text(key)
    if key is None or isinstance(key, (int, float)):
        return json.dumps(key)
    raise _Misfit(f"the key {errors.text(key, repr)[:60]} of type {errors.type_name(type(key))} has no JSON encoding")


def _text(value: str) -> str:
    """Return a ``str`` that is not of a derived type and has a form in UTF-8."""
    string = str.__str__(value)
    try:
        string.encode("utf-8")
    except UnicodeEncodeError as error:
        raise _Misfit(f"the string holds the lone surrogate U+{ord(string[error.start]):04X}") from None
    return string


def loads(data: bytes) -> Any:
    """Decode a value, or raise ValueError."""
    value = json.loads(data.decode("utf-8"))
    if b"\\ud" in data or b"\\uD" in data:
        # Such escapes come in pairs; one alone is no character, and no encoder could send it back.
        try:
            _encoder.encode(value).encode("utf-8")
        except UnicodeEncodeError as error:
            surrogate = ord(error.object[error.start])
            raise ValueError(f"a string holds the lone surrogate U+{surrogate:04X}") from None
    return value


def _shown(path: List[Any]) -> str:
    steps = [f"[{errors.text(step, repr)[:60]}]" for step in path[:_SHOWN_STEPS]]
    return "result" + "".join(steps) + ("[…]" if len(path) > _SHOWN_STEPS else "")
