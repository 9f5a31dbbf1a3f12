"""The codec ``json``: values to bytes and back. See PROTOCOL.md, section 5.

The standard library's ``json`` defines every result. orjson, when it is there, is used only where it provably agrees: it
encodes plain values, and whenever its answer could differ (it refuses the value, or wrote a ``null`` that may have been a
NaN) the standard library encodes again. It is not used for decoding, where it would silently turn large integers into
floats.
"""

from __future__ import annotations

import base64
import dataclasses
import datetime
import enum
import json
import uuid
from typing import Any, Optional

try:
    import orjson  # type: ignore[import-not-found]
except ImportError:
    orjson = None

NAME = "json"


class Unencodable(Exception):
    """A value has no encoding; the message names its type and the path to it."""


def _plain(value: Any) -> Any:
    """Turn a value that JSON does not know into one that it does, or raise TypeError."""
    if isinstance(value, (datetime.datetime, datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, (bytes, bytearray, memoryview)):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, uuid.UUID):
        return str(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    raise TypeError(f"{type(value).__module__}.{type(value).__qualname__} has no JSON encoding")


_encoder = json.JSONEncoder(separators=(",", ":"), default=_plain)

if orjson is not None:
    _OPTIONS = (
        orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_SUBCLASS
    )


def dumps(value: Any) -> bytes:
    """Encode a value, or raise Unencodable."""
    if orjson is not None:
        try:
            encoded: bytes = orjson.dumps(value, option=_OPTIONS)
            if b"null" not in encoded:
                return encoded
        except TypeError:
            pass
    return dumps_standard(value)


def dumps_standard(value: Any) -> bytes:
    """Encode a value with the standard library alone."""
    try:
        return _encoder.encode(value).encode("ascii")
    except (TypeError, ValueError, RecursionError) as error:
        path = _path_to_misfit(value)
        raise Unencodable(f"{error} (at {path})" if path else str(error)) from None


def loads(data: bytes) -> Any:
    """Decode a value, or raise ValueError."""
    return json.loads(data)


def _path_to_misfit(value: Any, path: str = "result", depth: int = 0) -> Optional[str]:
    """Find where in ``value`` the first thing without an encoding is."""
    if depth > 100:
        return path
    if isinstance(value, dict):
        for key, item in value.items():
            if key is not None and not isinstance(key, (str, int, float)):
                return f"{path}, key {key!r:.60}"
            found = _path_to_misfit(item, f"{path}[{key!r:.60}]", depth + 1)
            if found:
                return found
        return None
    if isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            found = _path_to_misfit(item, f"{path}[{index}]", depth + 1)
            if found:
                return found
        return None
    if value is None or isinstance(value, (str, int, float)):
        return None
    try:
        return _path_to_misfit(_plain(value), path, depth + 1)
    except TypeError:
        return path
