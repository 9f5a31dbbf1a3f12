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
import pickle
import uuid
from typing import Any, Callable, Dict, Iterable, List, Optional, Tuple

from . import errors, frames

try:
    import orjson  # type: ignore[import-not-found]
except ImportError:
    orjson = None

NAME = "json"

_DEFAULT_LIMIT = frames.Limits().body
_SCALARS = frozenset((type(None), bool, int, float, str))
_ORDINARY = _SCALARS | {dict, list, tuple}
_STREAMED = 4  # The first version of pickle that is written piece by piece.
_SHOWN_STEPS = 20


class Unencodable(Exception):
    """A value has no encoding; the message names its type and the path to it."""


class TooLarge(Exception):
    """The encoding of a value is over the limit; the message names limit and size."""

    size = "more"
    """The size, where it is known."""


# What contains itself does not get as far as the encoder, which need not look for it.
_encoder = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, check_circular=False)
_scan = json.JSONDecoder().scan_once


def _encoder_in_c() -> Optional[Callable[[Any, int], Iterable[str]]]:
    """Return what ``_encoder.encode`` makes anew for every value, which takes longer than most values; None without it."""
    make = getattr(json.encoder, "c_make_encoder", None)
    if make is None:
        return None
    encoder: Callable[[Any, int], Iterable[str]] = make(
        None, _encoder.default, json.encoder.encode_basestring, None, ":", ",", False, False, True  # type: ignore[attr-defined]
    )
    return encoder


_pieces = _encoder_in_c()


Attach = Callable[[Any], Optional[Dict[str, Any]]]
"""Returns what stands in the JSON for a value that travels beside it, and None for any other; raises Misfit."""


def dumps(value: Any, limit: int = _DEFAULT_LIMIT, attach: Optional[Attach] = None) -> bytes:
    """Encode a value, or raise Unencodable or TooLarge and nothing else, whatever the value's own code raises.

    Without ``attach`` bytes are base64. Only the main thread may encode.
    """
    return _dumps(value, limit, orjson is not None, attach)


def dumps_elsewhere(value: Any, limit: int = _DEFAULT_LIMIT) -> bytes:
    """Do what ``dumps`` does on a thread other than the main one, which takes longer."""
    return _dumps(value, limit, orjson is not None, None, survey=False)


def dumps_standard(value: Any, limit: int = _DEFAULT_LIMIT) -> bytes:
    """Encode a value with the standard library alone."""
    return _dumps(value, limit, False, None)


def _dumps(
    value: Any, limit: int, accelerated: bool, attach: Optional[Attach], survey: bool = True
) -> bytes:
    conversion = None
    try:
        encoded = None
        if attach is not None and type(value) not in _ORDINARY:
            placeholder = attach(value)
            if placeholder is not None:
                return _encode(placeholder, accelerated)
        if survey and _is_plain(value, limit):
            try:
                encoded = _encode(value, accelerated)
            except (TypeError, ValueError):
                pass  # Below, the value is converted after all, or the path to what has no encoding is found.
        if encoded is None:
            conversion = _Conversion(limit, attach)
            encoded = _encode(conversion.plain(value), accelerated)
        if len(encoded) <= limit:
            return encoded
        size = f"{len(encoded)}"
    except RecursionError:
        raise Unencodable(f"the value is nested too deeply (at {_shown(conversion)})") from None
    except _Excess:
        size = "more"
    except BaseException as error:
        # Also what is no Exception: cancellations cannot strike here, so it was raised by the value's own code.
        reason = str(error) if type(error) is Misfit else f"{errors.type_name(type(error))}: {errors.text(error)}"
        raise Unencodable(f"{reason} (at {_shown(conversion)})") from None
    excess = TooLarge(f"maxBodyBytes is {limit}, the result has {size}")
    excess.size = size
    raise excess


def _encode(plain: Any, accelerated: bool) -> bytes:
    if accelerated:
        try:
            encoded: bytes = orjson.dumps(plain)
            if b"null" not in encoded:
                return encoded
        except TypeError:
            pass
    text = _encoder.encode(plain) if _pieces is None else "".join(_pieces(plain, 0))
    return text.encode("utf-8")


class _Excess(Exception):
    """The encoding of a value cannot but be over the limit."""


class _NotPlain(Exception):
    """A value holds something that is not of a built-in type."""


class _Survey(pickle.Pickler):
    """Looks through a value in C, and ends at what is not of a built-in type, at too much, and at a value within itself.

    What it writes is only counted. It is the one walk through a value that is as fast as the encoding, takes exactly the
    built-in types, and can be ended underway: a few lists that hold each other twice are gigabytes once they are written.
    """

    def __init__(self) -> None:
        self.left = 0
        super().__init__(self, _STREAMED)  # type: ignore[arg-type]
        # Without notes of what was met before: every occurrence counts, as it does in JSON.
        self.fast = True

    def write(self, data: bytes) -> None:
        """Count what was written since the last time."""
        self.left -= len(data)
        if self.left < 0:
            raise _Excess

    def reducer_override(self, _other: Any) -> Any:
        """Refuse what is not of a built-in type, before any code of its own runs."""
        raise _NotPlain


_survey = _Survey()


def _is_plain(value: Any, limit: int) -> bool:
    """Return whether a value is made of built-in types only, not of types derived from them, and is safe to encode.

    Where that is not sure the answer is no: the conversion, which is slow, finds out. The built-in types without an encoding
    are taken here as well; the encoders refuse them.
    """
    if type(value) in _SCALARS:
        return True
    try:
        # Some values, zeros above all, are shorter in JSON; hardly any by half.
        return _survey_within(value, 2 * limit)
    except _Excess:
        pass
    try:
        # It is too much, or nearly. If it is that in memory as well, the encoding is the quickest way to the exact size.
        return _survey_within(value, 2 * len(marshal.dumps(value)))
    except (_Excess, ValueError):
        return False


def _survey_within(value: Any, most: int) -> bool:
    global _survey
    _survey.left = most
    try:
        _survey.dump(value)
        return True
    except BaseException as error:
        _survey = _Survey()  # In what state the old one was left is nowhere written.
        if isinstance(error, _Excess) or not isinstance(error, Exception):
            raise  # What is no Exception was raised by a signal handler of the user's.
        return False


class Misfit(Exception):
    """The value that the path leads to has no encoding; the message says why."""


class _Conversion:
    """Makes a value of built-in types out of any value that has an encoding."""

    def __init__(self, limit: int, attach: Optional[Attach]) -> None:
        self._attach = attach
        self.path: List[Any] = []
        """Leads to what is being converted, and so to where it failed."""
        self._left = limit
        # By identity: the value, so that it stays what the number stands for; what was made of it, or _OPEN; its least size.
        self._known: Dict[int, Tuple[Any, Any, int]] = {}

    def plain(self, value: Any) -> Any:
        """Convert a value; raise Misfit, _Excess or whatever the value's own code raises."""
        if value is None or value is True or value is False:
            return self._counted(value, 4)
        if isinstance(value, enum.Enum):
            return self.plain(value.value)
        if isinstance(value, str):
            string = _text(value)
            return self._counted(string, len(string) + 2)
        if isinstance(value, int):
            return self._counted(int.__int__(value), 1)
        if isinstance(value, float):
            return self._counted(float.__float__(value), 3)
        is_mapping, is_sequence = isinstance(value, dict), isinstance(value, (list, tuple))
        if is_mapping or is_sequence:
            pass
        elif isinstance(value, (datetime.datetime, datetime.date, datetime.time)):
            return self.plain(value.isoformat())
        elif self._attach is not None and (placeholder := self._attach(value)) is not None:
            return self._counted(placeholder, 20)
        elif isinstance(value, memoryview):
            return self.plain(base64.b64encode(value.tobytes()).decode("ascii"))
        elif isinstance(value, (bytes, bytearray)):
            return self.plain(base64.b64encode(value).decode("ascii"))
        elif isinstance(value, uuid.UUID):
            return self.plain(str(value))
        elif dataclasses.is_dataclass(value) and not isinstance(value, type):
            pass
        else:
            raise Misfit(f"{errors.type_name(type(value))} has no JSON encoding")

        # What holds other values is converted once, however often it occurs: occurrences can double at every level. All of
        # that in this one function, because every further one would halve how deeply a value may be nested.
        known = self._known.get(id(value))
        if known is not None:
            if known[1] is _OPEN:
                raise Misfit("the value contains itself")
            return self._counted(known[1], known[2])
        self._known[id(value)] = (value, _OPEN, 0)
        before = self._left
        path = self.path
        result: Any = self._counted([] if is_sequence else {}, 2)
        if is_mapping:
            for key, item in value.items():
                path.append(key)
                result[_key(key)] = self.plain(item)
                path.pop()
        elif is_sequence:
            for index, item in enumerate(value):
                path.append(index)
                result.append(self.plain(item))
                path.pop()
        else:
            for field in dataclasses.fields(value):
                path.append(field.name)
                result[field.name] = self.plain(getattr(value, field.name))
                path.pop()
        self._known[id(value)] = (value, result, before - self._left)
        return result

    def _counted(self, plain: Any, least: int) -> Any:
        """Return what was made of a value, after a look at how much there is by now, at the least."""
        self._left -= least
        if self._left < 0:
            raise _Excess
        return plain


_OPEN = object()


def _key(key: Any) -> str:
    """Return the string that ``json.dumps`` makes of a key; an enum is its value here as well."""
    if isinstance(key, enum.Enum):
        return _key(key.value)
    if isinstance(key, str):
        return _text(key)
    if key is None or isinstance(key, (int, float)):
        return json.dumps(key)
    raise Misfit(f"the key {errors.text(key, repr)[:60]} of type {errors.type_name(type(key))} has no JSON encoding")


def _text(value: str) -> str:
    """Return a ``str`` that is not of a derived type and has a form in UTF-8."""
    string = str.__str__(value)
    try:
        string.encode("utf-8")
    except UnicodeEncodeError as error:
        raise Misfit(f"the string holds the lone surrogate U+{ord(string[error.start]):04X}") from None
    return string


def loads(data: bytes, hook: Optional[Callable[[Dict[str, Any]], Any]] = None) -> Any:
    """Decode a value, or raise ValueError. With a hook, what it returns stands in the place of each object."""
    text = data.decode("utf-8")
    if hook is not None:
        if b"\\ud" in data or b"\\uD" in data:
            loads(data)
        return json.loads(text, object_hook=hook)
    try:
        value, end = _scan(text, 0)
    except (ValueError, StopIteration):
        end = -1
    if end != len(text):
        value = json.loads(text)  # There is white space around it, which takes longer to see; or it is wrong.
    if b"\\" in data and (b"\\ud" in data or b"\\uD" in data):
        # Such escapes come in pairs; one alone is no character, and no encoder could send it back.
        try:
            _encoder.encode(value).encode("utf-8")
        except UnicodeEncodeError as error:
            surrogate = ord(error.object[error.start])
            raise ValueError(f"a string holds the lone surrogate U+{surrogate:04X}") from None
    return value


def _shown(conversion: Optional[_Conversion]) -> str:
    path = [] if conversion is None else conversion.path
    steps = [f"[{errors.text(step, repr)[:60]}]" for step in path[:_SHOWN_STEPS]]
    return "result" + "".join(steps) + ("[…]" if len(path) > _SHOWN_STEPS else "")


def call_of(call: Any) -> Tuple[str, List[Any], Dict[str, Any]]:
    """Return what the body of a CALL holds, or raise ValueError."""
    if type(call) is list and len(call) == 3:
        name, positional, keywords = call
        if type(name) is str and type(positional) is list and type(keywords) is dict:
            return name, positional, keywords
    raise ValueError("a CALL holds the handler's name, an array and an object")
