"""Frames: vectors shared with the Java tests, and mutations."""

from __future__ import annotations

import glob
import json
import os
import random
import unittest
from typing import Any, Dict, List, Optional

from . import support
from vivarium_worker import frames

VECTORS = os.path.join(support.HERE, "..", "..", "worker-protocol", "src", "test", "resources", "vectors", "*.json")


def described(frame: frames.Frame) -> Dict[str, Any]:
    return {
        "type": frames.TYPE_NAMES[frame.type],
        "callId": str(frame.call_id),
        "remaining": str(frame.remaining),
        "incarnation": frame.incarnation,
        "bodyHex": frame.body.hex(),
        "attachmentsHex": [bytes(a).hex() for a in frame.attachments],
    }


def decode(data: bytes, limits: frames.Limits, end: bool, chunk: int) -> Dict[str, Any]:
    decoder = frames.Decoder(limits)
    found: List[Dict[str, Any]] = []
    violation: Optional[str] = None
    try:
        for start in range(0, len(data), chunk):
            for frame in decoder.feed(data[start : start + chunk]):
                found.append(described(frame))
        if end:
            decoder.end()
    except frames.Violation as error:
        violation = error.name
    return {"frames": found, "violation": violation}


class TheVectors(unittest.TestCase):
    def test_decode_as_they_say_however_the_bytes_arrive(self) -> None:
        files = sorted(glob.glob(VECTORS))
        self.assertTrue(files, "the shared vectors are missing")
        count = 0
        for path in files:
            with open(path) as file:
                vectors = json.load(file)
            for vector in vectors:
                limits = frames.Limits()
                if "limits" in vector:
                    limits = frames.Limits(
                        vector["limits"]["maxBodyBytes"],
                        vector["limits"]["maxAttachmentsBytes"],
                        vector["limits"]["maxAttachmentCount"],
                    )
                expected = {"frames": vector["frames"], "violation": vector["violation"]}
                data = bytes.fromhex(vector["hex"])
                for chunk in (1, 7, max(1, len(data))):
                    with self.subTest(vector["name"], chunk=chunk):
                        self.assertEqual(decode(data, limits, vector["end"], chunk), expected)
                count += 1
        self.assertGreater(count, 40)


class AFrameThatArrivesWhole(unittest.TestCase):
    """What is told by one look is what feeding tells."""

    def assertIsAsFed(self, data: bytes, limits: frames.Limits, note: str) -> bool:
        whole = frames.Decoder(limits).whole(data)
        if whole is not None:
            fed = decode(data, limits, True, max(1, len(data)))
            self.assertEqual({"frames": [described(whole)], "violation": None}, fed, note)
        return whole is not None

    def test_is_read_as_the_vectors_say(self) -> None:
        count = 0
        for path in sorted(glob.glob(VECTORS)):
            with open(path) as file:
                for vector in json.load(file):
                    given = vector.get("limits")
                    limits = frames.Limits(*given.values()) if given else frames.Limits()
                    count += self.assertIsAsFed(bytes.fromhex(vector["hex"]), limits, vector["name"])
        self.assertGreater(count, 10)

    def test_is_fed_where_it_was_changed_into_what_is_unsound(self) -> None:
        seed = int(os.environ.get("VIVARIUM_SEED", random.randrange(1 << 32)))
        chance = random.Random(seed)
        limits = frames.Limits(64, 64, 8)
        count = 0

        for _ in range(20_000):
            kind = chance.choice((frames.CALL, frames.SESSION_CALL))
            attachments = [b"x" * chance.randrange(70)] * chance.choice((0, 1, 1, 2))
            data = bytearray(frames.encode(kind, 7, 1, b"b" * chance.randrange(70), 0, attachments))
            for _ in range(chance.randrange(3)):
                data[chance.randrange(len(data))] = chance.getrandbits(8)
            count += self.assertIsAsFed(bytes(data), limits, f"seed {seed}: {data.hex()}")
        self.assertGreater(count, 1000)

    def test_is_fed_where_part_of_one_came_before(self) -> None:
        frame = frames.encode(frames.CALL, 7, 1, b"body")
        decoder = frames.Decoder()
        self.assertEqual(list(decoder.feed(frame[:42])), [])

        self.assertIsNone(decoder.whole(frame))


class MutatedFrames(unittest.TestCase):
    def test_end_in_frames_or_in_a_named_violation(self) -> None:
        seed = int(os.environ.get("VIVARIUM_SEED", random.randrange(1 << 32)))
        chance = random.Random(seed)
        limits = frames.Limits(4096, 4096, 8)
        names = set()

        for _ in range(20_000):
            kind = chance.choice(list(frames.TYPE_NAMES))
            data = bytearray(frames.encode(kind, chance.getrandbits(64), 1, chance.randbytes(chance.randrange(64))
                             if hasattr(chance, "randbytes") else bytes(chance.randrange(64))))
            for _ in range(chance.randrange(1, 4)):
                data[chance.randrange(len(data))] = chance.getrandbits(8)
            outcome = decode(bytes(data), limits, True, len(data))
            if outcome["violation"] is not None:
                names.add(outcome["violation"])

        self.assertLessEqual(names, {
            "BAD_MAGIC", "BAD_VERSION", "RESERVED_TYPE", "UNKNOWN_TYPE", "BAD_FLAGS", "BAD_RESERVED", "OVERSIZE_BODY",
            "OVERSIZE_ATTACHMENTS", "BAD_ATTACHMENTS", "TRUNCATED"}, f"seed {seed}")
        self.assertGreaterEqual(len(names), 9, f"seed {seed}")


class AViolation(unittest.TestCase):
    def test_quotes_the_first_bytes(self) -> None:
        with self.assertRaises(frames.Violation) as caught:
            list(frames.Decoder().feed(b"hello from a print\n"))

        self.assertIn('"hello from a print."', str(caught.exception))

    def test_stays(self) -> None:
        decoder = frames.Decoder()
        with self.assertRaises(frames.Violation):
            list(decoder.feed(b"x"))

        with self.assertRaises(frames.Violation):
            list(decoder.feed(frames.encode(frames.PING, 1, 1)))


if __name__ == "__main__":
    unittest.main()
