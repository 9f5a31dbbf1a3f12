"""Frames: the header, the encoder and the single-pass decoder. See PROTOCOL.md, sections 2 and 3."""

from __future__ import annotations

import struct
from typing import Iterator, List, NamedTuple, Optional, Sequence, Union

MAGIC = b"VIVA"
VERSION = 1
HEADER = struct.Struct(">4sBBHQQIIIHH")
HEADER_BYTES = HEADER.size
QUOTED_BYTES = 64

ATTACH = 0x01
HELLO = 0x02
READY = 0x03
DRAIN = 0x04
BYE = 0x05
CALL = 0x10
REPLY = 0x11
ERROR = 0x12
CANCEL = 0x13
SPACE_WANTED = 0x14
SPACE = 0x15
PING = 0x20
PONG = 0x21
LOG = 0x22
SPAWN = 0x30
SPAWNED = 0x31
REFUSED = 0x32
SIGNAL = 0x33
EXITED = 0x34
MEMORY = 0x35
TEMPLATE = 0x36
STREAM_CALL = 0x40
ITEMS = 0x41
ITEMS_END = 0x42
CREDIT = 0x50
WANTED = 0x51
CALLBACK = 0x60
CALLBACK_REPLY = 0x61
CALLBACK_ERROR = 0x62
SESSION_CALL = 0x70
SESSION_REPLY = 0x71
STATE_WANTED = 0x72
SESSION_CLOSE = 0x73

TYPE_NAMES = {
    ATTACH: "ATTACH",
    HELLO: "HELLO",
    READY: "READY",
    DRAIN: "DRAIN",
    BYE: "BYE",
    CALL: "CALL",
    REPLY: "REPLY",
    ERROR: "ERROR",
    CANCEL: "CANCEL",
    SPACE_WANTED: "SPACE_WANTED",
    SPACE: "SPACE",
    PING: "PING",
    PONG: "PONG",
    LOG: "LOG",
    SPAWN: "SPAWN",
    SPAWNED: "SPAWNED",
    REFUSED: "REFUSED",
    SIGNAL: "SIGNAL",
    EXITED: "EXITED",
    MEMORY: "MEMORY",
    TEMPLATE: "TEMPLATE",
    STREAM_CALL: "STREAM_CALL",
    ITEMS: "ITEMS",
    ITEMS_END: "ITEMS_END",
    CREDIT: "CREDIT",
    WANTED: "WANTED",
    CALLBACK: "CALLBACK",
    CALLBACK_REPLY: "CALLBACK_REPLY",
    CALLBACK_ERROR: "CALLBACK_ERROR",
    SESSION_CALL: "SESSION_CALL",
    SESSION_REPLY: "SESSION_REPLY",
    STATE_WANTED: "STATE_WANTED",
    SESSION_CLOSE: "SESSION_CLOSE",
}


class Limits(NamedTuple):
    """The largest frame that one side accepts; bytes, bytes, count."""

    body: int = 16 << 20
    attachments: int = 256 << 20
    attachment_count: int = 1024


CONTROL_LIMITS = Limits(1 << 20, 0, 0)


class Frame(NamedTuple):
    """One frame; the attachments are views into what was received, or copies of it where they are small."""

    type: int
    call_id: int
    remaining: int
    incarnation: int
    body: bytes
    attachments: Sequence[Union[bytes, memoryview]] = ()


class Violation(Exception):
    """Something on the wire that the protocol does not allow; ``name`` is the one that PROTOCOL.md gives it."""

    def __init__(self, name: str, detail: str, first: bytes) -> None:
        self.name = name
        self.detail = detail
        self.first = first[:QUOTED_BYTES]
        text = "".join(chr(b) if 0x20 <= b < 0x7F else "." for b in self.first)
        super().__init__(f'{name}: {detail}; first bytes: {self.first.hex()} "{text}"')


def encode(
    type: int,
    call_id: int,
    incarnation: int,
    body: bytes = b"",
    remaining: int = 0,
    attachments: Sequence[bytes] = (),
) -> bytes:
    """Return a frame's bytes. Limits are the caller's to check: what is too large must fail its own call only."""
    if not attachments:
        return HEADER.pack(MAGIC, VERSION, type, 0, call_id, remaining, incarnation, len(body), 0, 0, 0) + body
    table = b"".join(len(a).to_bytes(4, "big") for a in attachments)
    section = len(table) + sum(len(a) for a in attachments)
    header = HEADER.pack(
        MAGIC, VERSION, type, 0, call_id, remaining, incarnation, len(body), section, len(attachments), 0
    )
    return b"".join((header, body, table, *attachments))


class Decoder:
    """Turns bytes into frames, however they arrive, in one pass.

    >>> [frame.type == PING for frame in Decoder().feed(encode(PING, 7, 1))]
    [True]
    """

    def __init__(self, limits: Limits = Limits()) -> None:
        self._limits = limits
        self._parts: List[bytes] = []
        self._have = 0
        self._need = HEADER_BYTES
        self._header: Optional[tuple] = None
        self._head = b""
        self._failure: Optional[Violation] = None

    def limit(self, limits: Limits) -> None:
        """Accept frames of this size from now on."""
        self._limits = limits

    def whole(self, data: bytes) -> Optional[Frame]:
        """Return the frame that ``data`` is; None where it must be fed, being more or less than one frame, or unsound.

        This is how nearly all frames arrive, and feeding them takes more than twice as long.
        """
        size = len(data)
        if size < HEADER_BYTES or self._have or self._header is not None or self._failure is not None:
            return None
        magic, version, type, flags, call_id, remaining, incarnation, body, section, count, reserved = (
            HEADER.unpack_from(data)
        )
        end = HEADER_BYTES + body
        if (
            size != end + section
            or flags
            or reserved
            or version != VERSION
            or magic != MAGIC
            or type not in TYPE_NAMES
            or body > self._limits.body
        ):
            return None
        if not section:
            return None if count else Frame(type, call_id, remaining, incarnation, data[HEADER_BYTES:])
        if count != 1 or type != SESSION_CALL or section > self._limits.attachments:
            return None
        if data[end : end + 4] != (section - 4).to_bytes(4, "big", signed=True):
            return None
        return Frame(type, call_id, remaining, incarnation, data[HEADER_BYTES:end], (data[end + 4 :],))

    def feed(self, data: bytes) -> Iterator[Frame]:
        """Yield every frame that ``data`` completes; raise Violation at the first byte that breaks the protocol."""
        if self._failure is not None:
            raise self._failure
        offset = 0
        size = len(data)
        while offset < size:
            take = min(self._need - self._have, size - offset)
            self._parts.append(data[offset : offset + take])
            self._have += take
            offset += take
            if self._header is None:
                self._check_magic()
            if self._have < self._need:
                return
            chunk = self._take()
            if self._header is None:
                self._head = chunk
                self._header = self._check(chunk)
                self._need = self._header[7] + self._header[8]
                if self._need:
                    continue
                chunk = b""
            frame = self._finish(chunk)
            self._header = None
            self._need = HEADER_BYTES
            yield frame

    def _take(self) -> bytes:
        chunk = self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)
        self._parts = []
        self._have = 0
        return chunk

    def end(self) -> None:
        """Note the end of the stream; raise Violation when it ended inside a frame."""
        if self._failure is not None:
            raise self._failure
        if self._header is not None or self._have:
            self._fail("TRUNCATED", f"the stream ended {self._need - self._have} bytes too early")

    def _fail(self, name: str, detail: str) -> None:
        first = (self._head if self._header is not None else b"") + b"".join(self._parts)
        self._failure = Violation(name, detail, first or self._head)
        raise self._failure

    def _check_magic(self) -> None:
        if not self._parts:
            return
        start = self._parts[0] if len(self._parts[0]) >= 4 else b"".join(self._parts)[:4]
        if not MAGIC.startswith(start[:4]):
            self._fail("BAD_MAGIC", "a frame must begin with VIVA")

    def _check(self, head: bytes) -> tuple:
        header = HEADER.unpack(head)
        _, version, type, flags, _, _, _, body, section, count, reserved = header
        limits = self._limits
        if version != VERSION:
            self._fail("BAD_VERSION", f"version must be 1, got {version}")
        if type not in TYPE_NAMES:
            if 0x40 <= type <= 0x8F:
                self._fail("RESERVED_TYPE", f"type {type:#x} is reserved")
            self._fail("UNKNOWN_TYPE", f"type {type:#x} is unknown")
        if flags:
            self._fail("BAD_FLAGS", f"flags must be 0, got {flags:#x}")
        if reserved:
            self._fail("BAD_RESERVED", "the reserved field must be 0")
        if body > limits.body:
            self._fail("OVERSIZE_BODY", f"maxBodyBytes is {limits.body}, got {body}")
        if section > limits.attachments or count > limits.attachment_count:
            self._fail(
                "OVERSIZE_ATTACHMENTS",
                f"maxAttachmentsBytes is {limits.attachments}, got {section}; "
                f"maxAttachmentCount is {limits.attachment_count}, got {count}",
            )
        if (count == 0) != (section == 0) or section < 4 * count:
            self._fail("BAD_ATTACHMENTS", f"{count} attachments cannot take {section} bytes")
        return header

    def _finish(self, payload: bytes) -> Frame:
        assert self._header is not None
        _, _, type, _, call_id, remaining, incarnation, body, section, count, _ = self._header
        if not section:
            return Frame(type, call_id, remaining, incarnation, payload)
        if count == 1 and payload[body : body + 4] == (section - 4).to_bytes(4, "big"):  # That of most that have any.
            return Frame(type, call_id, remaining, incarnation, payload[:body], (memoryview(payload)[body + 4 :],))
        view = memoryview(payload)[body:]
        lengths = struct.unpack_from(f">{count}I", view)
        if 4 * count + sum(lengths) != section:
            self._parts = [payload]
            self._fail("BAD_ATTACHMENTS", f"the table does not add up to {section} bytes")
        attachments = []
        offset = 4 * count
        for length in lengths:
            attachments.append(view[offset : offset + length])
            offset += length
        return Frame(type, call_id, remaining, incarnation, payload[:body], tuple(attachments))
