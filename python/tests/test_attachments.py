"""Bytes and arrays beside the JSON: what a handler gets, what becomes of what it keeps, and how results leave."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import unittest
from typing import Any, Dict, List, Tuple
from unittest import mock

from .support import HERE
from .test_guardian import DEADLINE_S, FakeJvm

from vivarium_worker import attachments, codec, frames, segments
from vivarium_worker.attachments import Attachments

try:
    import numpy  # type: ignore[import-not-found,unused-ignore]
except ImportError:
    numpy = None  # type: ignore[assignment,unused-ignore]

VECTORS = os.path.join(HERE, "..", "..", "worker-protocol", "src", "test", "resources", "vectors", "attachments", "values.json")


def without_numpy() -> Attachments:
    made = Attachments()
    made._looked_for_numpy = True
    return made


class Vectors(unittest.TestCase):
    """They are Java's as well."""

    def setUp(self) -> None:
        with open(VECTORS) as file:
            self.vectors = json.load(file)

    def decode(self, made: Attachments, vector: Dict[str, Any]) -> List[Any]:
        parts = [bytes.fromhex(part) for part in (vector["tableHex"], *vector["partsHex"])]
        value: List[Any] = made.arguments(vector["body"].encode(), [memoryview(part) for part in parts])
        return value

    def test_are_decoded_and_encoded_as_they_came(self) -> None:
        for vector in self.vectors:
            if vector["values"] is not None:
                for made in (Attachments(), without_numpy()):
                    with self.subTest(vector["name"]):
                        values = self.decode(made, vector)

                        for value, expected in zip(values, vector["values"]):
                            self.assertEqual(value.tobytes().hex(), expected["hex"])
                        encoded, parts = made.encode(values)
                        self.assertEqual(encoded.decode(), vector["body"])
                        self.assertEqual([part.hex() for part in parts], [vector["tableHex"], *vector["partsHex"]])

    def test_that_are_wrong_are_a_value_error(self) -> None:
        for vector in self.vectors:
            if vector["values"] is None:
                with self.subTest(vector["name"]), self.assertRaises(ValueError):
                    self.decode(Attachments(), vector)


@unittest.skipUnless(sys.platform.startswith("linux"), "shared memory is Linux's")
class Shared(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.asked: List[Tuple[int, List[int]]] = []
        self.refusal = ""
        self.attachments = self.connected(frames.Limits())

    def connected(self, limits: frames.Limits) -> Attachments:
        made = Attachments()
        offer = {"maxBytes": limits.attachments, "folders": ["/nowhere", self.folder], "sharedFrom": 1024}
        made.connect(limits, offer, self.grant)
        return made

    def grant(self, wanted: int, returned: List[int]) -> Tuple[int, str]:
        self.asked.append((wanted, returned))
        if self.refusal:
            return 0, self.refusal
        number = 100 + len(self.asked)
        self.write(number, bytes(wanted + segments.HEADER_BYTES))
        return number, ""

    def path(self, number: int) -> str:
        return os.path.join(self.folder, str(number))

    def write(self, number: int, content: bytes) -> None:
        with open(self.path(number), "r+b" if os.path.exists(self.path(number)) else "wb") as file:
            file.write(content)

    def call(self, number: int, size: int, *described: Any) -> List[Any]:
        table = attachments._PLACE.pack(number, 0, size, 0)
        body = json.dumps([{attachments.KEY: [0, *described]}]).encode()
        arguments: List[Any] = self.attachments.arguments(body, [memoryview(table)])
        self.attachments.hold(arguments, {})
        return arguments

    def placed(self, parts: List[bytes]) -> List[Tuple[int, ...]]:
        return list(attachments._PLACE.iter_unpack(parts[0]))


class WhatAHandlerGets(Shared):
    def test_is_a_read_only_view(self) -> None:
        self.write(1, b"x" * 5000)

        view = self.call(1, 4000)[0]

        self.assertIsInstance(view, memoryview)
        self.assertTrue(view.readonly)
        self.assertEqual(bytes(view), b"x" * 4000)

    @unittest.skipIf(numpy is None, "numpy is not installed")
    def test_is_a_read_only_array_of_numpy_that_nothing_was_copied_for(self) -> None:
        self.write(1, bytes(4096))

        array = self.call(1, 4096, "f4", [2, 512])[0]

        self.assertEqual((array.shape, array.dtype.name, array.flags.writeable), ((2, 512), "float32", False))
        self.write(1, b"\x00\x00\x80\x3f")
        self.assertEqual(array[0, 0], 1.0)

    def test_is_a_view_of_numbers_without_numpy(self) -> None:
        self.attachments._looked_for_numpy = True
        self.write(1, b"\x01\x00\x00\x00" * 1024)

        view = self.call(1, 4096, "i4", [4, 256])[0]

        self.assertEqual((view.format, view.shape, view[3, 255]), ("i", (4, 256), 1))

    def test_is_refused_beyond_the_end_of_a_segment_and_where_there_is_none(self) -> None:
        self.write(1, bytes(10))

        with self.assertRaises(ValueError):
            self.call(1, 11)
        with self.assertRaises(OSError):
            self.call(2, 1)


class WhatAHandlerKeeps(Shared):
    def test_is_nothing_and_the_segment_stays_mapped(self) -> None:
        self.write(1, b"a" * 5000)
        self.call(1, 5000)
        self.attachments.end()
        self.write(1, b"b" * 5000)

        with mock.patch.object(segments.os, "open", side_effect=AssertionError):
            self.assertEqual(bytes(self.call(1, 5000)[0]), b"b" * 5000)

    def test_stays_as_it_is_though_the_next_call_comes_in_the_same_segment(self) -> None:
        self.write(1, b"a" * 5000)
        kept = self.call(1, 5000)[0][10:20]

        self.attachments.end()
        self.write(1, b"b" * 5000)
        following = self.call(1, 5000)[0]

        self.assertEqual((bytes(kept), bytes(following[:3])), (b"a" * 10, b"bbb"))

    def test_outlives_the_segment(self) -> None:
        self.write(1, b"a" * 5000)
        kept = self.call(1, 5000)[0]

        self.attachments.end()
        os.truncate(self.path(1), 0)  # What is not a copy would end this process here.

        self.assertEqual(bytes(kept), b"a" * 5000)

    @unittest.skipIf(numpy is None, "numpy is not installed")
    def test_may_be_an_array_a_part_of_one_or_hidden_in_an_object(self) -> None:
        for keep in (lambda a: a, lambda a: a[3:9:2], lambda a: {"x": [memoryview(a)]}["x"][0]):
            self.write(1, b"\x01" * 5000)
            kept = keep(self.call(1, 4096, "u1", [4096])[0])
            before = bytes(kept)

            self.attachments.end()
            self.write(1, b"\x02" * 5000)

            self.assertEqual(bytes(kept), before)

    def test_stays_as_it_is_in_a_forked_child(self) -> None:
        self.write(1, b"a" * 5000)
        view = self.call(1, 5000)[0]
        told, tell = os.pipe()
        go, let_go = os.pipe()
        child = os.fork()
        if child == 0:
            self.attachments.become_child()
            os.read(go, 1)
            os.write(tell, bytes(view[:1]))
            os._exit(0)
        # The child must have its copy before the parent's call ends, as it has where a worker is forked.
        os.set_blocking(told, True)
        del view
        os.waitpid(child, os.WNOHANG)
        os.write(let_go, b"x")
        self.assertEqual(os.read(told, 1), b"a")
        os.waitpid(child, 0)

    def test_is_let_go_of_with_the_arguments(self) -> None:
        self.write(1, b"a" * 5000)
        arguments = self.call(1, 5000)

        self.attachments.end()

        self.assertEqual(arguments, [])
        self.assertEqual(list(self.attachments._segments._lent), [1])


class Results(Shared):
    def test_from_the_limit_on_go_through_a_segment_and_others_through_the_frame(self) -> None:
        encoded, parts = self.attachments.encode({"a": b"x" * 1024, "b": bytearray(b"y" * 1023)})

        self.assertEqual(json.loads(encoded), {"a": {attachments.KEY: [0]}, "b": {attachments.KEY: [1]}})
        self.assertEqual(self.placed(parts), [(101, 64, 1024, 0), (0, 0, 1023, 0)])
        self.assertEqual(parts[1:], [b"y" * 1023])
        with open(self.path(101), "rb") as file:
            self.assertEqual(file.read()[64:1088], b"x" * 1024)

    def test_use_the_same_segment_once_it_has_been_read(self) -> None:
        self.attachments.encode(b"x" * 2000)
        self.write(101, bytes(8))

        _, parts = self.attachments.encode(b"y" * 1500)

        self.assertEqual(self.placed(parts)[0][0], 101)
        self.assertEqual(self.asked, [(2048, [])])

    def test_use_another_while_it_has_not(self) -> None:
        self.attachments.encode(b"x" * 2000)

        _, parts = self.attachments.encode(b"y" * 1500)

        self.assertEqual(self.placed(parts)[0][0], 102)

    def test_that_are_not_sent_leave_their_segment_free(self) -> None:
        self.attachments.encode(b"x" * 2000)
        self.attachments.end()

        self.attachments.encode(b"y" * 2000)

        self.assertEqual(len(self.asked), 1)

    def test_give_a_segment_that_is_too_small_back(self) -> None:
        self.attachments.encode(b"x" * 2000)
        self.write(101, bytes(8))

        self.attachments.encode(b"y" * 5000)

        self.assertEqual(self.asked, [(2048, []), (5056, [101])])

    def test_take_a_large_segment_along(self) -> None:
        _, parts = self.attachments.encode(bytes(9 << 20))
        self.attachments.end(with_result=True)

        self.assertEqual(self.placed(parts), [(101, 64, 9 << 20, 1)])
        self.assertEqual(self.attachments._segments._outboxes, [])

    def test_that_were_the_arguments_stay_where_they_are(self) -> None:
        self.write(1, b"a" * 5000)
        view = self.call(1, 5000)[0]

        _, parts = self.attachments.encode([view, view])

        self.assertEqual(self.placed(parts), [(1, 0, 5000, 0)] * 2)
        self.assertEqual(self.asked, [])

    def test_without_room_are_unavailable_and_harm_nothing(self) -> None:
        self.refusal = "all is full"

        with self.assertRaisesRegex(segments.Unavailable, "all is full"):
            self.attachments.encode(b"x" * 2000)
        self.assertEqual(self.attachments.encode(b"x")[1][1:], [b"x"])

    def test_over_the_limit_are_too_large_with_both_numbers(self) -> None:
        self.attachments = self.connected(frames.Limits(1 << 20, 3000, 16))

        with self.assertRaisesRegex(codec.TooLarge, "max-bytes is 3000, the result has 3001"):
            self.attachments.encode([b"x" * 3000, b"y"])

    def test_hold_no_key_of_placeholders_themselves(self) -> None:
        with self.assertRaisesRegex(codec.Unencodable, "cannot travel together"):
            self.attachments.encode([b"x", {attachments.KEY: [0]}])
        self.assertEqual(self.attachments.encode({attachments.KEY: [0]}), (b'{"$attachment":[0]}', []))

    def test_of_views_may_be_strided_and_of_any_format(self) -> None:
        import array

        for view, described, content in (
            (memoryview(b"abcdef")[::2], [], b"ace"),
            (memoryview(array.array("h", [1, 2])), ["i2", [2]], b"\x01\x00\x02\x00"),
            (memoryview(b"\x01\x00\x02\x00").cast("H", [2, 1]), ["u2", [2, 1]], b"\x01\x00\x02\x00"),
        ):
            encoded, parts = self.attachments.encode(view)

            self.assertEqual(json.loads(encoded), {attachments.KEY: [0, *described]})
            self.assertEqual(parts[1], content)

    @unittest.skipIf(numpy is None, "numpy is not installed")
    def test_of_numpy_may_be_big_endian_strided_transposed_empty_or_of_no_dimension(self) -> None:
        base = numpy.arange(2000, dtype="<i4").reshape(40, 50)
        for value in (
            base.astype(">i4"),
            base[::3, ::-2],
            base.T,
            numpy.asfortranarray(base),
            numpy.zeros((0, 3), "<i4"),
            numpy.array(7, "<i4"),
            base[:4],
        ):
            expected = numpy.ascontiguousarray(value, "<i4").reshape(value.shape)

            encoded, parts = self.attachments.encode([value])

            number, offset, length, _ = self.placed(parts)[0]
            content = parts[1] if not number else self.content(number, offset, length)
            self.assertEqual(json.loads(encoded), [{attachments.KEY: [0, "i4", list(value.shape)]}])
            self.assertEqual(content, expected.tobytes())
            if number:
                self.write(number, bytes(8))

    def content(self, number: int, offset: int, length: int) -> bytes:
        with open(self.path(number), "rb") as file:
            return file.read()[offset : offset + length]

    @unittest.skipIf(numpy is None, "numpy is not installed")
    def test_of_numpy_without_a_dtype_on_the_wire_have_no_encoding(self) -> None:
        for value in (
            numpy.array([object()]),
            numpy.array(["text"]),
            numpy.array([1j]),
            numpy.zeros(1, "M8[s]"),
            numpy.ma.masked_array([1, 2], [True, False]),
        ):
            with self.subTest(value.dtype), self.assertRaisesRegex(codec.Unencodable, "has no encoding .at result.0"):
                self.attachments.encode([value])


@unittest.skipUnless(sys.platform.startswith("linux"), "the guardian's promises are Linux's")
class TheGuardian(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.segments = os.path.join(folder.name, "segments")
        os.mkdir(self.segments)
        with open(os.path.join(self.segments, "1"), "wb") as file:
            file.write(bytes(100))
        self.jvm = FakeJvm(os.urandom(16).hex(), os.path.join(folder.name, "private"), shared_memory=[self.segments])

    def test_removes_the_segments_of_a_jvm_that_has_ended(self) -> None:
        self.jvm.close()

        self.assertFalse(os.path.exists(self.segments))

    def test_leaves_them_to_a_jvm_that_lives(self) -> None:
        assert self.jvm.guardian.stdin is not None
        self.jvm.guardian.stdin.write(b"lives\n")
        self.jvm.guardian.stdin.flush()
        self.jvm.close()

        self.assertTrue(os.path.exists(os.path.join(self.segments, "1")))
        self.assertEqual(self.jvm.guardian.wait(DEADLINE_S), 0)
