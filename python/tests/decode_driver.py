"""Decodes what the Java tests send, so that both decoders can be compared.

Standard input: records of a length (4 bytes, big-endian) and that many bytes. Standard output: a line for each, the frames
as ``TYPE:callId:remaining:incarnation:bodyLength:attachmentCount:crc32`` joined by ``;``, then ``|`` and the violation's
name or ``OK``. The stream counts as ended after the bytes.
"""

from __future__ import annotations

import os
import sys
import zlib

sys.dont_write_bytecode = True  # Beside the sources the launcher would see a changed folder and build.
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "src"))

from vivarium_worker import frames  # noqa: E402

LIMITS = frames.Limits(65536, 65536, 16)


def describe(data: bytes) -> str:
    decoder = frames.Decoder(LIMITS)
    found = []
    verdict = "OK"
    try:
        for frame in decoder.feed(data):
            crc = zlib.crc32(frame.body)
            for attachment in frame.attachments:
                crc = zlib.crc32(attachment, crc)
            found.append(
                f"{frames.TYPE_NAMES[frame.type]}:{frame.call_id}:{frame.remaining}:{frame.incarnation}"
                f":{len(frame.body)}:{len(frame.attachments)}:{crc}"
            )
        decoder.end()
    except frames.Violation as violation:
        verdict = violation.name
    return ";".join(found) + "|" + verdict + "\n"


def main() -> None:
    read = sys.stdin.buffer.read
    lines = []
    while True:
        head = read(4)
        if len(head) < 4:
            break
        lines.append(describe(read(int.from_bytes(head, "big"))))
        if len(lines) >= 512:
            sys.stdout.write("".join(lines))
            lines.clear()
    sys.stdout.write("".join(lines))
    sys.stdout.flush()


if __name__ == "__main__":
    main()
