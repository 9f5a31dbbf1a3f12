"""Bytes and arrays that travel beside the JSON: what a call brings, and what a result takes along. See PROTOCOL.md, section 11.

A handler gets read-only views, of the frame or of shared memory, that nothing was copied for. What it keeps of them beyond its
call stays as it is: where that was shared memory, a copy takes its place before the call is answered.
"""

from __future__ import annotations

import struct
import sys
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

from . import codec, frames
from .segments import HEADER_BYTES, Ask, Segments

KEY = "$attachment"
_MARK = b'{"$attachment":'
_PLACE = struct.Struct(">QQQQ")
_RETURNED = 1
_ALIGNMENT = 64
_RESERVED_PARTS = 3
"""Parts of an answer that are no attachments: a session's two, and the table."""

# Codes of numpy's, by those of memoryview and struct.
_FORMATS = {
    "b1": "?",
    "i1": "b",
    "u1": "B",
    "i2": "h",
    "u2": "H",
    "i4": "i",
    "u4": "I",
    "i8": "q",
    "u8": "Q",
    "f2": "e",
    "f4": "f",
    "f8": "d",
}


class _Place(NamedTuple):
    """Where an attachment is: number of the segment or 0, offset or part, length, flags."""

    segment: int
    offset: int
    length: int
    flags: int = 0


class _Outgoing(NamedTuple):
    """What a result takes along."""

    size: int
    source: Any
    place: Optional[_Place]
    """Where it is already: a call's own attachment that is given back."""


class Attachments:
    """The attachments of one call after the other. Only the main thread uses it."""

    def __init__(self, limits: frames.Limits = frames.Limits()) -> None:
        self._limits = limits
        self.max_bytes = limits.attachments
        """The most bytes that a result may take along, or change in a session."""
        self._shared_from = sys.maxsize
        self._segments = Segments((), lambda _wanted, _returned: (0, "there is no shared memory"))
        self._numpy: Any = None
        self._looked_for_numpy = False
        # Of the call: the segments it came in, its arguments, and by identity what it was given and where that is.
        self._numbers: List[int] = []
        self._arguments: Sequence[Any] = ()
        self._given: Dict[int, Tuple[Any, List[Any], _Place]] = {}
        self._outgoing: List[_Outgoing] = []
        # The segment that its result is in, and whether that goes back with it.
        self._outbox: Optional[Tuple[int, bool]] = None

    def connect(self, limits: frames.Limits, offer: Optional[Dict[str, Any]], ask: Ask) -> None:
        """Take over what the JVM has said in its HELLO."""
        self._limits = limits
        self.max_bytes = offer["maxBytes"] if offer else limits.attachments
        if offer and offer["folders"]:
            self._shared_from = offer["sharedFrom"]
            self._segments = Segments(offer["folders"], ask)

    def arguments(self, body: bytes, parts: Sequence[memoryview]) -> Any:
        """Decode the body of a call that has attachments; raise ValueError or OSError."""
        places = _places(parts)

        def value_of(members: Dict[str, Any]) -> Any:
            return self._received(members[KEY], places, parts) if len(members) == 1 and KEY in members else members

        return codec.loads(body, value_of)

    def hold(self, positional: List[Any], keywords: Dict[str, Any]) -> None:
        """Remember the arguments, so that they can be let go of when the call ends."""
        if self._given:
            self._arguments = (positional, keywords)

    def _received(self, described: Any, places: Sequence[_Place], parts: Sequence[memoryview]) -> Any:
        if not isinstance(described, list) or len(described) not in (1, 3):
            raise ValueError("a placeholder holds index, dtype and shape")
        index = described[0]
        if type(index) is not int or not 0 <= index < len(places):
            raise ValueError(f"there is no attachment {index!r} of {len(places)}")
        place = places[index]
        if place.segment:
            self._numbers.append(place.segment)
            view = self._segments.view(place.segment, place.offset, place.length)
        else:
            if place.offset + 1 >= len(parts) or len(parts[place.offset + 1]) != place.length:
                raise ValueError(f"the frame has no part for attachment {index}")
            view = parts[place.offset + 1]
        value: Any = view if len(described) == 1 else self._array(view, described[1], described[2])
        self._given[id(value)] = (value, described[1:], place)
        return value

    def _array(self, view: memoryview, code: Any, shape: Any) -> Any:
        letter = _FORMATS.get(code)
        if letter is None or not isinstance(shape, list) or not all(type(n) is int and n >= 0 for n in shape):
            raise ValueError(f"there is no array of {code!r} with shape {shape!r}")
        size = struct.calcsize("=" + letter)
        for length in shape:
            size *= length
        if size != len(view):
            raise ValueError(f"an array of {code} with shape {shape} takes {size} bytes, not {len(view)}")
        numpy = self._find_numpy()
        if numpy is not None:
            array = numpy.frombuffer(view, _numpy_type(code)) if size else numpy.empty(0, _numpy_type(code))
            array.flags.writeable = False
            return array.reshape(shape)
        try:
            flat = view.cast(letter)
        except ValueError:
            return view  # Before Python 3.12 a memoryview knows no float16: the handler gets the bytes.
        return flat if 0 in shape or len(shape) == 1 else view.cast(letter, shape)

    def _find_numpy(self) -> Any:
        if not self._looked_for_numpy:
            self._looked_for_numpy = True
            try:
                import numpy  # type: ignore[import-not-found,unused-ignore]

                self._numpy = numpy
            except Exception:  # Whatever is wrong with it: arrays are memoryviews then.
                pass
        return self._numpy

    def encode(self, result: Any) -> Tuple[bytes, List[bytes]]:
        """Return body and parts of an answer; raise what the codec raises, segments.Unavailable or OSError."""
        outgoing = self._outgoing
        outgoing.clear()
        try:
            encoded = codec.dumps(result, self._limits.body, self._attach)
            if not outgoing:
                return encoded, []
            if encoded.count(_MARK) != len(outgoing):
                raise codec.Unencodable(f"an object with the key '{KEY}' cannot travel together with bytes or arrays")
            return encoded, self._placed(outgoing)
        finally:
            outgoing.clear()

    def _attach(self, value: Any) -> Optional[Dict[str, Any]]:
        """Return the placeholder of a value that travels beside the JSON; None for any other. Raise codec.Misfit."""
        given = self._given.get(id(value))
        if given is not None and given[0] is value:
            self._outgoing.append(_Outgoing(given[2].length, value, given[2] if given[2].segment else None))
            return {KEY: [len(self._outgoing) - 1, *given[1]]}
        described: List[Any] = []
        if isinstance(value, (bytes, bytearray)):
            size = len(value)
        elif isinstance(value, memoryview):
            size = value.nbytes
            code = _code_of(value)
            if code is not None:
                described = [code, list(value.shape or ())]
        else:
            numpy = sys.modules.get("numpy")
            if numpy is None or not isinstance(value, getattr(numpy, "ndarray", ())):
                return None
            code = f"{value.dtype.kind}{value.dtype.itemsize}"
            if code not in _FORMATS or isinstance(value, numpy.ma.MaskedArray):
                raise codec.Misfit(f"a numpy {type(value).__name__} of dtype {value.dtype} has no encoding")
            value = numpy.asarray(value)
            size = value.nbytes
            described = [code, list(value.shape)]
        self._outgoing.append(_Outgoing(size, value, None))
        return {KEY: [len(self._outgoing) - 1, *described]}

    def _placed(self, outgoing: Sequence[_Outgoing]) -> List[bytes]:
        """Copy what a result takes along to where it travels from, and return the parts of the answer's frame."""
        total = sum(each.size for each in outgoing)
        if total > self.max_bytes:
            raise codec.TooLarge(f"attachments.max-bytes is {self.max_bytes}, the result has {total}")
        most = self._limits.attachment_count - _RESERVED_PARTS
        if len(outgoing) > most:
            raise codec.TooLarge(f"a result may have {most} attachments, this one has {len(outgoing)}")
        shared = [each for each in outgoing if each.place is None and each.size >= self._shared_from]
        if shared:
            number, memory, goes_back = self._segments.outbox(sum(_aligned(each.size) for each in shared))
            self._outbox = number, goes_back
        places: List[_Place] = []
        parts: List[bytes] = []
        offset = HEADER_BYTES
        for each in outgoing:
            if each.place is not None:
                places.append(each.place)
            elif each.size >= self._shared_from:
                _copy(each.source, memory[offset : offset + each.size])
                places.append(_Place(number, offset, each.size, _RETURNED if goes_back else 0))
                offset += _aligned(each.size)
            else:
                places.append(_Place(0, len(parts), each.size))
                parts.append(_flat(each.source))
        return [b"".join(_PLACE.pack(*place) for place in places), *parts]

    def end(self, with_result: bool = False) -> None:
        """End the call: from here on the JVM may use again what it has lent. Raise MemoryError.

        ``with_result`` says whether what the result takes along is about to be sent.
        """
        if self._outbox is not None:
            number, goes_back = self._outbox
            self._outbox = None
            if not with_result:
                self._segments.unused(number)
            elif goes_back:
                self._segments.sent(number)
        if self._given or self._numbers:
            for arguments in self._arguments:
                arguments.clear()
            self._arguments = ()
            self._given.clear()
            numbers = set(self._numbers)
            self._numbers.clear()
            self._segments.end_of_call(tuple(numbers))

    def become_child(self) -> None:
        """Keep what this process, which was forked off the worker, has inherited of the running call."""
        self._segments.become_child(tuple(set(self._numbers)))


def _places(parts: Sequence[memoryview]) -> List[_Place]:
    if len(parts[0]) % _PLACE.size:
        raise ValueError(f"a table of attachments has {len(parts[0])} bytes")
    return [_Place(*fields) for fields in _PLACE.iter_unpack(parts[0])]


def _code_of(view: memoryview) -> Optional[str]:
    """Return the dtype of a view of numbers; None for bytes."""
    kinds = {"?": "b", **dict.fromkeys("bhilqn", "i"), **dict.fromkeys("HILQN", "u"), **dict.fromkeys("efd", "f")}
    kind = kinds.get(view.format)
    return None if kind is None else f"{kind}{view.itemsize}"


def _numpy_type(code: str) -> str:
    return "?" if code == "b1" else "<" + code


def _aligned(size: int) -> int:
    return (size + _ALIGNMENT - 1) // _ALIGNMENT * _ALIGNMENT


def _copy(source: Any, target: memoryview) -> None:
    if isinstance(source, (bytes, bytearray)):
        target[:] = source
    elif isinstance(source, memoryview):
        target[:] = source.cast("B") if source.c_contiguous else source.tobytes()
    else:
        little = source.dtype.newbyteorder("<")
        sys.modules["numpy"].frombuffer(target, little).reshape(source.shape)[...] = source  # type: ignore[attr-defined,unused-ignore]


def _flat(source: Any) -> bytes:
    if isinstance(source, (bytes, bytearray)):
        return bytes(source)
    if isinstance(source, memoryview):
        return source.tobytes()
    flat: bytes = source.astype(source.dtype.newbyteorder("<"), copy=False).tobytes()
    return flat
