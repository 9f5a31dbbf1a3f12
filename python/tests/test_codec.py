"""The rules of the codec, with and without orjson."""

from __future__ import annotations

import dataclasses
import datetime
import enum
import math
import unittest
import uuid
from typing import Any

from . import support  # noqa: F401
from vivarium_worker import codec


class Colour(enum.Enum):
    RED = "red"


@dataclasses.dataclass
class Point:
    x: int
    y: float


VALUES = [
    None,
    True,
    "text with ünïcode and \u2028 and \ud800",
    1,
    2**63,
    2**64 + 1,
    -(10**40),
    1.5,
    1e22,
    float("inf"),
    [1, (2, 3)],
    {"a": None, "b": [float("-inf")]},
    {1: "one", None: "none", True: "yes", 2.5: "float"},
    datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc),
    datetime.date(2026, 1, 2),
    datetime.time(3, 4),
    b"\x00\xff",
    bytearray(b"abc"),
    Colour.RED,
    uuid.UUID(int=7),
    Point(1, 2.0),
    {"deep": {"point": Point(1, math.inf)}},
]


class Encoding(unittest.TestCase):
    def test_gives_the_same_values_with_and_without_orjson(self) -> None:
        for value in VALUES:
            with self.subTest(repr(value)):
                self.assertEqual(codec.loads(codec.dumps(value)), codec.loads(codec.dumps_standard(value)))

    def test_keeps_nan(self) -> None:
        self.assertEqual(codec.dumps([float("nan")]), b"[NaN]")
        self.assertTrue(math.isnan(codec.loads(b"NaN")))

    def test_keeps_integers_exact(self) -> None:
        for number in (2**53 + 1, 2**64, 10**100):
            self.assertEqual(codec.loads(codec.dumps(number)), number)

    def test_writes_dates_as_text_and_bytes_as_base64(self) -> None:
        self.assertEqual(codec.loads(codec.dumps(datetime.date(2026, 1, 2))), "2026-01-02")
        self.assertEqual(codec.loads(codec.dumps(b"\x00\xff")), "AP8=")

    def test_names_what_cannot_be_encoded_and_where(self) -> None:
        for value, where in (({"a": [1, object()]}, "result['a'][1]"), ({(1, 2): 3}, "key (1, 2)")):
            with self.subTest(where), self.assertRaises(codec.Unencodable) as caught:
                codec.dumps(value)
            self.assertIn(where, str(caught.exception))

    def test_refuses_what_refers_to_itself(self) -> None:
        loop: Any = []
        loop.append(loop)

        with self.assertRaises(codec.Unencodable):
            codec.dumps(loop)


if __name__ == "__main__":
    unittest.main()
