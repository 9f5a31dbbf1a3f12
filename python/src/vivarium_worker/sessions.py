"""The state of sessions in a worker: what a handler sees of it, what has changed, and what is kept. See PROTOCOL.md, section 9."""

from __future__ import annotations

import struct
from collections import OrderedDict
from typing import Any, Callable, Dict, Iterator, List, MutableMapping, NamedTuple, Optional, Sequence, Tuple, Union

from . import codec, errors

HEAD = struct.Struct(">QQB")
RESIDENT = 1
"""Flag of a head and of a tail: the session has something in its worker that cannot travel, as the JVM knows it, and as it is."""

MAX_CACHED = 1000
"""How many sessions a worker keeps; the one that was used least recently goes first."""

MAX_CACHED_BYTES = 64 << 20
"""How many bytes of state a worker keeps, all sessions together."""

LOOKED_AT_BETWEEN_CALLS = 8
"""How many sessions are looked at, to let them go, after a call."""

_HEAD_BYTES = HEAD.size
_REMOVED = 0xFFFFFFFF
_LENGTH = struct.Struct(">I")
# What cannot be changed from within: a value that was only read is the same as before.
_FIXED = frozenset((type(None), bool, int, float, str))
# Of these, what is decoded is what was encoded, so that a value that was written need not be decoded.
_EXACT = frozenset((type(None), bool, int, str))
_ABSENT = object()
_UNKNOWN = -1
"""The version of a state that is not kept."""

Buffer = Union[bytes, memoryview]


class Head(NamedTuple):
    """What comes before a call of a session: which session, in which state, bound how often.

    ``resident`` says whether the JVM knows the session as one that has something in its worker that cannot travel.
    """

    version: int
    epoch: int
    id: str
    resident: bool


def read_head(data: Buffer) -> Head:
    """Return the head of a SESSION_CALL, or raise ValueError."""
    if len(data) <= _HEAD_BYTES:
        raise ValueError(f"a session's head is longer than {_HEAD_BYTES} bytes, got {len(data)}")
    version, epoch, flags = HEAD.unpack_from(data)
    if flags & ~RESIDENT:
        raise ValueError(f"a session's head has no flags but {RESIDENT:#x}, got {flags:#x}")
    return Head(version, epoch, str(data[_HEAD_BYTES:], "utf-8"), flags == RESIDENT)


def write_entries(entries: Dict[str, Optional[bytes]]) -> bytes:
    """Return state, or changes of it, as bytes; None stands for a key that was removed."""
    parts: List[bytes] = [_LENGTH.pack(len(entries))]
    for key, value in entries.items():
        name = key.encode("utf-8")
        parts.append(_LENGTH.pack(len(name)))
        parts.append(name)
        if value is None:
            parts.append(_LENGTH.pack(_REMOVED))
        else:
            parts.append(_LENGTH.pack(len(value)))
            parts.append(value)
    return b"".join(parts)


def read_entries(data: Buffer) -> Dict[str, Optional[bytes]]:
    """Return what :func:`write_entries` wrote, or raise ValueError."""
    entries: Dict[str, Optional[bytes]] = {}
    try:
        (count,) = _LENGTH.unpack_from(data)
        offset = 4
        for _ in range(count):
            (length,) = _LENGTH.unpack_from(data, offset)
            offset += 4
            if offset + length > len(data):
                raise ValueError("a key is longer than what there is")
            key = str(data[offset : offset + length], "utf-8")
            offset += length
            (length,) = _LENGTH.unpack_from(data, offset)
            offset += 4
            if length == _REMOVED:
                entries[key] = None
                continue
            if offset + length > len(data):
                raise ValueError("a value is longer than what there is")
            entries[key] = bytes(data[offset : offset + length])
            offset += length
    except struct.error as error:
        raise ValueError(f"the entries end too early: {error}") from None
    if offset != len(data):
        raise ValueError(f"{len(data) - offset} bytes follow the entries")
    return entries


class Unsendable(Exception):
    """The state of a session cannot travel. ``kind`` is that of the ERROR; the message names the key."""

    def __init__(self, kind: str, type: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind
        self.type = type


class Session(MutableMapping[str, Any]):
    """What a session remembers from call to call: a mapping of strings to values that have an encoding.

    Changes, also inside of values, are kept when the call is answered, and only then. Of a call that raises, is cancelled or
    loses its worker, nothing is kept. To be used within the call only, from one thread at a time.
    """

    __slots__ = ("epoch", "id", "local", "_decoded", "_encoded", "_open", "_values")

    def __init__(
        self, id: str, epoch: int, encoded: Dict[str, bytes], local: Dict[str, Any], decoded: Dict[str, Any]
    ) -> None:
        self.id = id
        """The session's name."""
        self.epoch = epoch
        """Rises with each binding of the session to a worker."""
        self.local = local
        """What cannot travel, such as a loaded model: stays in this worker for as long as the session does. A session
        that has something here and loses its worker is lost, unless a function marked ``@session_open`` can make it again."""
        self._encoded = encoded
        # Values that cannot be changed from within, as earlier calls have read or written them.
        self._decoded = decoded
        # What was read or written in this call; _ABSENT for a key that was removed.
        self._values: Dict[str, Any] = {}
        self._open = True

    def __getitem__(self, key: str) -> Any:
        values = self._use()
        if key in values:
            value = values[key]
            if value is _ABSENT:
                raise KeyError(key)
            return value
        if key in self._decoded:
            return self._decoded[key]
        value = codec.loads(self._encoded[key])
        if type(value) in _FIXED:
            self._decoded[key] = value
        else:
            # Decoded anew in every call: what another call still holds of it must not change this one's.
            values[key] = value
        return value

    def __setitem__(self, key: str, value: Any) -> None:
        if not isinstance(key, str):
            raise TypeError(f"the keys of a session are strings, got {errors.type_name(type(key))}")
        key = str.__str__(key)
        key.encode("utf-8")  # What has no form in UTF-8 fails here, where it is written.
        self._use()[key] = value

    def __delitem__(self, key: str) -> None:
        if key not in self:
            raise KeyError(key)
        self._use()[key] = _ABSENT

    def __contains__(self, key: object) -> bool:
        values = self._use()
        return values[key] is not _ABSENT if key in values else key in self._encoded

    def __iter__(self) -> Iterator[str]:
        values = self._use()
        keys = [key for key in self._encoded if values.get(key) is not _ABSENT]
        keys.extend(key for key, value in values.items() if value is not _ABSENT and key not in self._encoded)
        return iter(keys)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __repr__(self) -> str:
        return f"Session({self.id!r}, epoch={self.epoch})"  # Never the values: they may be secrets.

    def _use(self) -> Dict[str, Any]:
        if not self._open:
            raise RuntimeError(f"the call that this view of session {self.id!r} belongs to has ended")
        return self._values

    def changes(self, limit: int) -> Dict[str, Optional[bytes]]:
        """End the call's use of the state and return what it changed, encoded; raise Unsendable where that cannot be.

        Compared are the encoded bytes of what was read or written, so that changes inside of a value are noticed.
        """
        if not self._values:
            self._open = False
            return {}
        changed: Dict[str, Optional[bytes]] = {}
        left = limit
        values = self._values
        encoded = self._encoded
        for key, value in list(values.items()):
            before = encoded.get(key)
            if value is _ABSENT:
                if before is not None:
                    changed[key] = None
                continue
            try:
                after = codec.dumps(value, left)
            except codec.Unencodable as error:
                # The path that is named begins with the word result.
                text = str(error).replace("(at result", f"(at session[{key[:60]!r}]", 1)
                raise Unsendable("unencodable_state", errors.type_name(type(value)), text) from None
            except codec.TooLarge:
                message = f"maxAttachmentsBytes leaves {left} bytes for session[{key[:60]!r}], which has more"
                raise Unsendable("state_too_large", "StateTooLarge", message) from None
            if after != before:
                changed[key] = after
                left -= len(after) + len(key) + 8
                if left < 0:
                    message = f"maxAttachmentsBytes leaves no room for session[{key[:60]!r}]"
                    raise Unsendable("state_too_large", "StateTooLarge", message)
        self._open = False
        return changed

    def remember(self, changed: Dict[str, Optional[bytes]]) -> None:
        """Have the next call find, decoded, what this one has changed, where that cannot change from within."""
        for key in changed:
            value = self._values[key]
            if type(value) in _EXACT:
                self._decoded[key] = value
            else:
                self._decoded.pop(key, None)

    def end(self) -> None:
        """End the call's use of the state."""
        self._open = False

    @property
    def is_open(self) -> bool:
        """Whether the call still uses the state."""
        return self._open


class _Kept:
    """A session as the worker keeps it between calls."""

    __slots__ = ("decoded", "encoded", "epoch", "local", "opened", "size", "sized", "version")

    def __init__(self, version: int, epoch: int, encoded: Dict[str, bytes]) -> None:
        self.version = version
        self.epoch = epoch
        self.encoded = encoded
        self.decoded: Dict[str, Any] = {}
        """Values that cannot be changed from within, by key: those that calls have read."""
        self.local: Dict[str, Any] = {}
        self.opened = False
        self.size = 0
        self.sized = 0
        self.measure()

    def measure(self) -> None:
        """Set its size: that of what is encoded, and once more that of what is decoded as well."""
        encoded = self.encoded
        self.sized = len(self.decoded)
        self.size = sum(map(len, encoded.values())) + sum(len(encoded[key]) for key in self.decoded)


Hook = Callable[[Session], Any]


class OpenFailed(Exception):
    """The function marked ``@session_open`` raised; the cause is what it raised."""


class SessionCall:
    """One call of a session, from its arrival to its answer."""

    __slots__ = ("session", "_cache", "_kept", "_resident")

    def __init__(self, cache: "Sessions", head: Head, kept: _Kept) -> None:
        _, epoch, id, self._resident = head
        self.session = Session(id, epoch, kept.encoded, kept.local, kept.decoded)
        self._cache = cache
        self._kept = kept

    def open(self) -> None:
        """Have the user's hook make what did not travel, where the session is new in this worker."""
        if not self._kept.opened and self._cache.on_open is not None:
            try:
                self._cache.on_open(self.session)
            except Exception as error:
                raise OpenFailed(str(error)) from error
        self._kept.opened = True

    def answer(self, limit: int) -> Optional[List[bytes]]:
        """Keep what the call has made of the session; return the attachments of the answer, or None when there are none."""
        session = self.session
        kept = self._kept
        resident = bool(kept.local)
        changed = session.changes(limit)
        if changed:
            session.remember(changed)
        self._cache.keep(session.id, kept, changed)
        # Compared with what the JVM knows, not with what it was told: it may have dropped the answer that told it.
        if resident == self._resident and not changed:
            return None
        return [bytes((RESIDENT if resident else 0,)), write_entries(changed)]


class Sessions:
    """The sessions that a worker keeps, bounded in number and size."""

    def __init__(self, most: int = MAX_CACHED, most_bytes: int = MAX_CACHED_BYTES) -> None:
        self.on_open: Optional[Hook] = None
        self.on_close: Optional[Hook] = None
        self._kept: "OrderedDict[str, _Kept]" = OrderedDict()
        self._most = most
        self._most_bytes = most_bytes
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._kept)

    def enter(self, head: Head, attachments: Sequence[Buffer]) -> Optional[SessionCall]:
        """Begin a call; None when the state must be sent first. Raise ValueError for what is no state.

        What is kept is taken out: only an answer puts it back.
        """
        version, epoch, id, _ = head
        kept = self._take(id)
        if len(attachments) > 1:
            encoded = read_entries(attachments[1])
            if None in encoded.values():
                raise ValueError("a state has no removed keys")
            fresh = _Kept(head.version, head.epoch, encoded)  # type: ignore[arg-type]
            return SessionCall(self, head, self._following(head, kept, fresh))
        if kept is not None and kept.version == version and kept.epoch == epoch:
            return SessionCall(self, head, kept)
        if head.version == 0:
            return SessionCall(self, head, self._following(head, kept, _Kept(0, head.epoch, {})))
        if kept is not None:
            self._put(head.id, kept)
        return None

    def _following(self, head: Head, before: Optional[_Kept], now: _Kept) -> _Kept:
        """Hand over what cannot travel, unless the session has been elsewhere meanwhile."""
        if before is not None and before.epoch == head.epoch:
            now.local, now.opened = before.local, before.opened
        elif before is not None:
            self._close(head.id, before)
        return now

    def keep(self, id: str, kept: _Kept, changed: Dict[str, Optional[bytes]]) -> None:
        """Put a session back, as its call has left it."""
        if changed:
            kept.version += 1
            for key, value in changed.items():
                if value is None:
                    kept.encoded.pop(key, None)
                else:
                    kept.encoded[key] = value
            kept.measure()
        elif len(kept.decoded) != kept.sized:
            kept.measure()
        self._kept[id] = kept
        self._bytes += kept.size

    def _put(self, id: str, kept: _Kept) -> None:
        self._kept[id] = kept
        self._bytes += kept.size

    def trim(self) -> None:
        """Let go of what is over the limits; called between calls.

        Not of what cannot travel and nothing makes anew: the pool believes it here until it lets the session go itself. Few
        at a time are looked at, so that no call waits for many.
        """
        if len(self._kept) <= self._most and self._bytes <= self._most_bytes:
            return
        for _ in range(LOOKED_AT_BETWEEN_CALLS):
            if len(self._kept) <= self._most and (self._bytes <= self._most_bytes or len(self._kept) <= 1):
                return
            id, kept = self._kept.popitem(last=False)
            if kept.local and self.on_open is None:
                self._kept[id] = kept
                continue
            self._bytes -= kept.size
            self._close(id, kept)

    def drop(self, call: SessionCall) -> None:
        """Forget the state of a session whose call was not answered. What cannot travel stays: it is no state."""
        call.session.end()
        husk = _Kept(_UNKNOWN, call.session.epoch, {})
        husk.local, husk.opened = call._kept.local, call._kept.opened
        if husk.opened:
            self._put(call.session.id, husk)

    def close(self, id: str) -> None:
        """Let a session go, if it is here."""
        kept = self._take(id)
        if kept is not None:
            self._close(id, kept)

    def close_all(self) -> None:
        """Let all sessions go."""
        for id in list(self._kept):
            self.close(id)

    def _take(self, id: str) -> Optional[_Kept]:
        kept = self._kept.pop(id, None)
        if kept is not None:
            self._bytes -= kept.size
        return kept

    def _close(self, id: str, kept: _Kept) -> None:
        if self.on_close is None or not kept.opened:
            return
        view = Session(id, kept.epoch, kept.encoded, kept.local, kept.decoded)
        try:
            self.on_close(view)
        except Exception as error:
            import logging

            logging.getLogger("handler").warning(
                "@session_close of %r raised %s: %s", id, errors.type_name(type(error)), errors.text(error)
            )
        finally:
            view.end()


# Heads that were read, by their bytes: a session whose state does not change sends the same one with each call.
_heads: Dict[bytes, Head] = {}


def split(attachments: Sequence[Buffer]) -> Tuple[Head, Sequence[Buffer]]:
    """Return the head of a SESSION_CALL, and head and state; raise ValueError."""
    if not attachments:
        raise ValueError("a SESSION_CALL has a head")
    data = bytes(attachments[0])
    head = _heads.get(data)
    if head is None:
        head = read_head(data)
        if len(_heads) >= MAX_CACHED:
            _heads.clear()
        _heads[data] = head
    return head, attachments[: 2 if len(attachments) > 1 and len(attachments[1]) else 1]
