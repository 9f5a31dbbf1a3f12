"""The state of sessions in a worker: what a handler sees of it, what has changed, and what is kept. See PROTOCOL.md, section 9."""

from __future__ import annotations

import faulthandler
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


class Kept:
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

    def measure(self) -> int:
        """Set its size, that of what is encoded, and once more that of what is decoded as well; return by how much it grew."""
        encoded = self.encoded
        before = self.size
        self.sized = len(self.decoded)
        self.size = sum(map(len, encoded.values())) + sum(len(encoded[key]) for key in self.decoded)
        return self.size - before

    def change(self, changed: Dict[str, Optional[bytes]]) -> None:
        """Make it the next version."""
        self.version += 1
        for key, value in changed.items():
            if value is None:
                self.encoded.pop(key, None)
            else:
                self.encoded[key] = value


class Session(MutableMapping[str, Any]):
    """What a session remembers from call to call: a mapping of strings to values that have an encoding.

    Changes, also inside of values, are kept when the call is answered, and only then. Of a call that raises, is cancelled or
    loses its worker, nothing is kept. To be used within the call only, from one thread at a time.
    """

    __slots__ = ("_head", "_kept", "_values")

    def __init__(self, head: Head, kept: Kept) -> None:
        self._head = head
        self._kept = kept
        # What was read or written in this call; _ABSENT for a key that was removed. None once the call has ended.
        self._values: Optional[Dict[str, Any]] = {}

    @property
    def id(self) -> str:
        """The session's name."""
        return self._head.id

    @property
    def epoch(self) -> int:
        """Rises with each binding of the session to a worker."""
        return self._head.epoch

    @property
    def local(self) -> Dict[str, Any]:
        """What cannot travel, such as a loaded model: stays in this worker for as long as the session does. A session
        that has something here and loses its worker is lost, unless a function marked ``@session_open`` can make it again."""
        return self._kept.local

    def __getitem__(self, key: str) -> Any:
        values = self._values
        if values is None:
            values = self._use()
        if key in values:
            value = values[key]
            if value is _ABSENT:
                raise KeyError(key)
            return value
        decoded = self._kept.decoded
        if key in decoded:
            return decoded[key]
        value = codec.loads(self._kept.encoded[key])
        if type(value) in _FIXED:
            decoded[key] = value
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
        return values[key] is not _ABSENT if key in values else key in self._kept.encoded

    def __iter__(self) -> Iterator[str]:
        values = self._use()
        keys = [key for key in self._kept.encoded if values.get(key) is not _ABSENT]
        keys.extend(key for key, value in values.items() if value is not _ABSENT and key not in self._kept.encoded)
        return iter(keys)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __repr__(self) -> str:
        return f"Session({self.id!r}, epoch={self.epoch})"  # Never the values: they may be secrets.

    def _use(self) -> Dict[str, Any]:
        if self._values is None:
            raise RuntimeError(f"the call that this view of session {self.id!r} belongs to has ended")
        return self._values

    def changes(self, limit: int) -> Dict[str, Optional[bytes]]:
        """End the call's use of the state and return what it changed, encoded; raise Unsendable where that cannot be.

        Compared are the encoded bytes of what was read or written, so that changes inside of a value are noticed.
        """
        values = self._use()
        changed: Dict[str, Optional[bytes]] = {}
        left = limit
        encoded = self._kept.encoded
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
        # Have the next call find, decoded, what this one has changed, where that cannot change from within.
        decoded = self._kept.decoded
        for key in changed:
            value = values[key]
            if type(value) in _EXACT:
                decoded[key] = value
            else:
                decoded.pop(key, None)
        self._values = None
        return changed

    def end(self) -> None:
        """End the call's use of the state."""
        self._values = None

    @property
    def is_open(self) -> bool:
        """Whether the call still uses the state."""
        return self._values is not None


Hook = Callable[[Session], Any]


class OpenFailed(Exception):
    """The function marked ``@session_open`` raised; the cause is what it raised."""


class Sessions:
    """The sessions that a worker keeps, bounded in number and size."""

    def __init__(self, most: int = MAX_CACHED, most_bytes: int = MAX_CACHED_BYTES) -> None:
        self.on_open: Optional[Hook] = None
        self.on_close: Optional[Hook] = None
        self.close_timeout: Optional[float] = None
        """How many seconds on_close may take, before the worker ends."""
        self._kept: "OrderedDict[str, Kept]" = OrderedDict()
        # Heads that were read, by their bytes: a session whose state does not change sends the same one with each call.
        self._heads: Dict[Buffer, Head] = {}
        self._most = most
        self._most_bytes = most_bytes
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._kept)

    def enter(self, attachments: Sequence[Buffer]) -> Optional[Session]:
        """Begin a call; None when the state must be sent first. Raise ValueError for what is no head or no state."""
        if not attachments:
            raise ValueError("a SESSION_CALL has a head")
        head = self._heads.get(attachments[0]) or self._head(attachments[0])
        version, epoch, id, _ = head
        kept = self._kept.get(id)
        if len(attachments) == 1 or not attachments[1]:
            if kept is not None and kept.version == version and kept.epoch == epoch:
                return Session(head, kept)
            if version > 0:
                return None
            encoded: Dict[str, bytes] = {}
        else:
            encoded = read_entries(attachments[1])  # type: ignore[assignment]
            if None in encoded.values():
                raise ValueError("a state has no removed keys")
        self._take(id)
        now = Kept(version, epoch, encoded)
        if kept is not None and kept.epoch == epoch:
            now.local, now.opened = kept.local, kept.opened
        elif kept is not None:
            self._close(id, kept)  # What cannot travel is not handed on: the session has been elsewhere meanwhile.
        return Session(head, now)

    def _head(self, data: Buffer) -> Head:
        head = read_head(data)
        if len(self._heads) >= MAX_CACHED:
            self._heads.clear()
        self._heads[bytes(data)] = head
        return head

    def open(self, session: Session) -> None:
        """Have the user's hook make what did not travel, where the session is new in this worker."""
        kept = session._kept
        if not kept.opened and self.on_open is not None:
            try:
                self.on_open(session)
            except Exception as error:
                raise OpenFailed(str(error)) from error
        kept.opened = True

    def answer(self, session: Session, limit: int) -> Optional[List[bytes]]:
        """Keep what a call has made of its session; return the attachments of its answer, or None when there are none."""
        _, _, id, known = session._head
        kept = session._kept
        changed: Optional[Dict[str, Optional[bytes]]] = None
        if session._values:
            changed = session.changes(limit)
        else:
            session._values = None
        if id in self._kept:
            self._kept.move_to_end(id)
        else:
            self._put(id, kept)
        if changed:
            kept.change(changed)
        if changed or len(kept.decoded) != kept.sized:
            self._bytes += kept.measure()
        resident = bool(kept.local)
        # Compared with what the JVM knows, not with what it was told: it may have dropped the answer that told it.
        if resident == known and not changed:
            return None
        return [bytes((RESIDENT if resident else 0,)), write_entries(changed or {})]

    def _put(self, id: str, kept: Kept) -> None:
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

    def drop(self, session: Session) -> None:
        """Forget the state of a session whose call was not answered. What cannot travel stays: it is no state."""
        session.end()
        self._take(session.id)
        husk = Kept(_UNKNOWN, session.epoch, {})
        husk.local, husk.opened = session._kept.local, session._kept.opened
        if husk.opened:
            self._put(session.id, husk)

    def close(self, id: str) -> None:
        """Let a session go, if it is here."""
        kept = self._take(id)
        if kept is not None:
            self._close(id, kept)

    def close_all(self) -> None:
        """Let all sessions go."""
        for id in list(self._kept):
            self.close(id)

    def _take(self, id: str) -> Optional[Kept]:
        kept = self._kept.pop(id, None)
        if kept is not None:
            self._bytes -= kept.size
        return kept

    def _close(self, id: str, kept: Kept) -> None:
        if self.on_close is None or not kept.opened:
            return
        view = Session(Head(0, kept.epoch, id, False), kept)
        if self.close_timeout is not None:
            # No call waits for it whose deadline would end it. Not a thread of Python's: the hook may hold the
            # interpreter lock.
            faulthandler.dump_traceback_later(self.close_timeout, file=2, exit=True)
        try:
            self.on_close(view)
        except Exception as error:
            import logging

            logging.getLogger("handler").warning(
                "@session_close of %r raised %s: %s", id, errors.type_name(type(error)), errors.text(error)
            )
        finally:
            faulthandler.cancel_dump_traceback_later()
            view.end()
