"""Streams: the blocks shared with the Java tests, and a worker with a test at the other end."""

from __future__ import annotations

import json
import os
import unittest
from typing import Any, List, Tuple

from . import support
from .support import WorkerProcess
from vivarium_worker import frames, streams

BLOCKS = os.path.join(
    support.HERE, "..", "..", "worker-protocol", "src", "test", "resources", "vectors", "streams", "blocks.json"
)

HANDLERS = '''
import asyncio, threading
from vivarium_worker import CallCancelled, Context, handler, streams

streams._AT_ONCE_S = 1e9  # However slow this machine is, items wait for others.
closed = []

@handler
def numbers(count): yield from range(count)

@handler
async def numbers_later(count):
    for number in range(count):
        yield number
        if number % 7 == 0:
            await asyncio.sleep(0)

@handler
def documents(count):
    document = {"text": "x" * 100}
    for number in range(count):
        document["number"] = number
        yield document

@handler
def plain(value): return value

@handler
def endless():
    try:
        number = 0
        while True:
            yield number
            number += 1
    finally:
        closed.append("endless")

held = []

@handler
def held_elsewhere():
    held.append(endless())
    return held[0]

@handler
async def endless_later():
    try:
        number = 0
        while True:
            yield number
            number += 1
    finally:
        await asyncio.sleep(0)
        closed.append("endless_later")

@handler
def burst_then_waits():
    try:
        yield 1; yield 2; yield 3
        threading.Event().wait()
    finally:
        closed.append("burst_then_waits")

@handler
async def burst_then_waits_later():
    try:
        yield 1; yield 2; yield 3
        await asyncio.Event().wait()
    finally:
        closed.append("burst_then_waits_later")

@handler
def spins():
    try:
        yield 1
        while True: pass
    finally:
        closed.append("spins")

@handler
def fails(count):
    yield from range(count)
    raise ValueError("no more")

@handler
def odd():
    yield 1
    try:
        yield object()
    finally:
        closed.append("odd")

@handler
def large(size):
    yield "small"
    yield "x" * size

@handler
def swallows():
    while True:
        try:
            yield 1
        except CallCancelled:
            pass

@handler
def what_was_closed(): return closed

@handler
def doubled(ctx: Context):
    for number in ctx.input:
        yield 2 * number

@handler
async def doubled_later(ctx: Context):
    async for number in ctx.input:
        yield 2 * number

@handler
def first_of(ctx: Context): return next(ctx.input)

@handler
def without_input(ctx: Context): return ctx.input

kept = []

@handler
def keeps_input(ctx: Context): kept.append(ctx.input)

@handler
def uses_kept_input(): return next(kept[0])
'''


class Blocks(unittest.TestCase):
    def setUp(self) -> None:
        with open(BLOCKS) as file:
            self.vectors = json.load(file)

    def test_heads_are_read_as_the_vectors_say(self) -> None:
        for vector in self.vectors["heads"]:
            with self.subTest(vector["name"]):
                block = bytes.fromhex(vector["hex"])
                if vector["items"] is None:
                    self.assertRaises(ValueError, streams.read_head, block)
                    continue
                expected = (int(vector["items"]), int(vector["bytes"]), vector["mostItems"])
                self.assertEqual(streams.read_head(block), (*expected, vector["ofSession"], vector["fed"]))

    def test_credits_are_read_as_the_vectors_say(self) -> None:
        for vector in self.vectors["credits"]:
            with self.subTest(vector["name"]):
                body = bytes.fromhex(vector["hex"])
                if vector["items"] is None:
                    self.assertRaises(ValueError, streams.read_credit, body)
                    continue
                self.assertEqual(streams.read_credit(body), (int(vector["items"]), int(vector["bytes"])))

    def test_items_are_read_and_written_as_the_vectors_say(self) -> None:
        for vector in self.vectors["items"]:
            with self.subTest(vector["name"]):
                body = bytes.fromhex(vector["hex"])
                if vector["first"] is None:
                    self.assertRaises(ValueError, streams.read_items, body)
                    continue
                items = [item.encode() for item in vector["items"]]
                self.assertEqual(streams.read_items(body), (int(vector["first"]), items))
                self.assertEqual(streams.write_items(int(vector["first"]), items), body)


class Case(unittest.TestCase):
    limits = None

    def setUp(self) -> None:
        self.worker = WorkerProcess(HANDLERS, limits=self.limits)
        self.addCleanup(self.worker.close)
        self.worker.ready()

    def stream(
        self, call_id: int, handler: str, *args: Any, items: int = 1 << 20, size: int = 1 << 30, most: int = 512, flags: int = 0
    ) -> None:
        head = streams.HEAD.pack(items, size, most, flags)
        body = json.dumps([handler, list(args), {}]).encode()
        self.worker.data.socket.sendall(frames.encode(frames.STREAM_CALL, call_id, 1, body, attachments=[head]))

    def credit(self, call_id: int, items: int, size: int = 1 << 30) -> None:
        body = streams.CREDIT.pack(items, size)
        self.worker.control.socket.sendall(frames.encode(frames.CREDIT, call_id, 1, body))

    def feed(self, call_id: int, first: int, *items: Any) -> None:
        body = streams.write_items(first, [json.dumps(item).encode() for item in items])
        self.worker.data.socket.sendall(frames.encode(frames.ITEMS, call_id, 1, body))

    def take(self, count: int) -> List[Any]:
        """Return the next items, which must be so many when a frame ends."""
        taken: List[Any] = []
        while len(taken) < count:
            _, items = streams.read_items(self.worker.data.receive(frames.ITEMS).body)
            taken.extend(map(json.loads, items))
        self.assertEqual(len(taken), count)
        return taken

    def run_all(self) -> Tuple[List[Any], frames.Frame]:
        """Return all items, and what the stream ends with."""
        taken: List[Any] = []
        while True:
            frame = self.worker.data.receive()
            if frame.type != frames.ITEMS:
                return taken, frame
            first, items = streams.read_items(frame.body)
            self.assertEqual(first, len(taken))
            taken.extend(map(json.loads, items))

    def closed(self) -> Any:
        self.worker.call(1000, "what_was_closed")
        return self.worker.answer()[1]

    def assert_held_back(self, call_id: int) -> None:
        """The worker sends nothing more, though it answers."""
        self.worker.control.send(frames.PING, 1)
        self.worker.control.receive(frames.PONG)
        self.assertEqual(self.worker.data._inbox, [])


class Sending(Case):
    def test_sends_what_generators_yield_and_tells_how_much_it_was(self) -> None:
        for call_id, handler in enumerate(("numbers", "numbers_later"), 1):
            with self.subTest(handler):
                self.stream(call_id, handler, 5000)
                items, end = self.run_all()
                self.assertEqual(items, list(range(5000)))
                self.assertEqual((end.type, end.body), (frames.REPLY, b"5000"))

    def test_encodes_an_item_when_it_is_yielded(self) -> None:
        self.stream(1, "documents", 100)
        self.assertEqual([item["number"] for item in self.run_all()[0]], list(range(100)))

    def test_sends_the_answer_of_a_plain_handler_as_one_item(self) -> None:
        self.stream(1, "plain", [1, 2])
        items, end = self.run_all()
        self.assertEqual((items, end.body), ([[1, 2]], b"1"))

    def test_puts_no_more_items_into_a_frame_than_allowed(self) -> None:
        self.stream(1, "numbers", 100, most=3)
        counts = []
        while sum(counts) < 100:
            counts.append(len(streams.read_items(self.worker.data.receive(frames.ITEMS).body)[1]))
        self.assertLessEqual(max(counts), 3)

    def test_sends_what_came_before_a_handler_waits(self) -> None:
        for call_id, handler in enumerate(("burst_then_waits", "burst_then_waits_later"), 1):
            with self.subTest(handler):
                self.stream(call_id, handler)
                self.assertEqual(self.take(3), [1, 2, 3])
                self.worker.control.send(frames.CANCEL, call_id)
                self.assertEqual(self.worker.answer()[1]["kind"], "cancelled")
        self.assertEqual(self.closed(), ["burst_then_waits", "burst_then_waits_later"])

    def test_sends_what_came_before_an_error(self) -> None:
        self.stream(1, "fails", 3)
        items, end = self.run_all()
        self.assertEqual((items, json.loads(end.body)["message"]), ([0, 1, 2], "no more"))

    def test_closes_a_generator_whose_item_has_no_encoding(self) -> None:
        self.stream(1, "odd")
        items, end = self.run_all()
        body = json.loads(end.body)
        self.assertEqual((items, body["kind"], body["execution"]), ([1], "unencodable_result", "RAN"))
        self.assertIn("item 1", body["message"])
        self.assertEqual(self.closed(), ["odd"])


class SmallFrames(Case):
    limits = {"maxBodyBytes": 1024, "maxAttachmentsBytes": 1024, "maxAttachmentCount": 4}

    def test_hold_the_longest_item_that_fits(self) -> None:
        self.stream(1, "large", 1024 - 16 - 2)
        items, _ = self.run_all()
        self.assertEqual(len(items[1]), 1006)

    def test_fail_a_longer_one_and_nothing_else(self) -> None:
        self.stream(1, "large", 1024 - 16 - 1)
        items, end = self.run_all()
        self.assertEqual((items, json.loads(end.body)["kind"]), (["small"], "result_too_large"))

    def test_hold_what_comes_quickly(self) -> None:
        self.stream(1, "documents", 50)
        self.assertEqual(len(self.run_all()[0]), 50)


class Credit(Case):
    def test_in_items_is_kept_to(self) -> None:
        for call_id, handler in enumerate(("endless", "endless_later"), 1):
            with self.subTest(handler):
                self.stream(call_id, handler, items=10)
                self.assertEqual(self.take(10), list(range(10)))
                self.assert_held_back(call_id)
                self.credit(call_id, 15)
                self.assertEqual(self.take(5), list(range(10, 15)))
                self.assert_held_back(call_id)
                self.worker.control.send(frames.CANCEL, call_id)
                self.assertEqual(self.worker.answer()[1]["kind"], "cancelled")
        self.assertEqual(self.closed(), ["endless", "endless_later"])

    def test_in_bytes_is_gone_beyond_by_one_item(self) -> None:
        self.stream(1, "documents", 100, size=300)  # Of 126 bytes each.
        self.take(3)
        self.assert_held_back(1)
        self.credit(1, 1000, 400)
        self.take(1)
        self.assert_held_back(1)

    def test_counts_from_the_beginning_so_that_it_can_come_twice_and_late(self) -> None:
        self.stream(1, "endless", items=2)
        self.take(2)
        self.credit(1, 5)
        self.credit(1, 5)
        self.credit(1, 3)
        self.take(3)
        self.assert_held_back(1)

    def test_of_another_call_is_none(self) -> None:
        self.stream(1, "endless", items=2)
        self.take(2)
        self.credit(7, 100)
        self.assert_held_back(1)


class Cancelling(Case):
    def assert_cancelled(self, call_id: int) -> None:
        self.worker.control.send(frames.CANCEL, call_id)
        self.assertEqual(self.worker.answer()[1]["kind"], "cancelled")

    def test_closes_a_generator_that_is_suspended_or_computes(self) -> None:
        for call_id, handler in enumerate(("endless", "endless_later", "spins"), 1):
            with self.subTest(handler):
                self.stream(call_id, handler, items=1)
                self.take(1)
                self.assert_cancelled(call_id)
        self.assertEqual(self.closed(), ["endless", "endless_later", "spins"])

    def test_closes_a_generator_that_yields_without_end(self) -> None:
        self.stream(1, "endless")
        self.worker.data.receive(frames.ITEMS)
        self.assert_cancelled(1)
        self.assertEqual(self.closed(), ["endless"])

    def test_closes_a_generator_that_somebody_else_has_as_well(self) -> None:
        self.stream(1, "held_elsewhere", items=1)
        self.take(1)
        self.assert_cancelled(1)
        self.assertEqual(self.closed(), ["endless"])

    def test_ends_a_generator_that_swallows_it_at_its_next_item(self) -> None:
        self.stream(1, "swallows")
        self.worker.data.receive(frames.ITEMS)
        self.assert_cancelled(1)

    def test_before_it_begins_runs_nothing(self) -> None:
        self.worker.control.send(frames.CANCEL, 1)
        self.worker.control.send(frames.PING, 1)
        self.worker.control.receive(frames.PONG)
        self.stream(1, "endless")
        self.assertEqual(self.run_all()[0], [])
        self.assertEqual(self.closed(), [])


class Fed(Case):
    def test_gets_what_it_asks_for(self) -> None:
        for call_id, handler in enumerate(("doubled", "doubled_later"), 1):
            with self.subTest(handler):
                self.stream(call_id, handler, flags=streams.FED, most=2)
                items, _ = streams.read_credit(self.worker.data.receive(frames.WANTED).body)
                self.assertEqual(items, 2)
                self.feed(call_id, 0, 1, 2)
                self.worker.data.receive(frames.WANTED)
                self.assertEqual(self.take(2), [2, 4])
                self.feed(call_id, 2, 3)
                self.worker.data.receive(frames.WANTED)
                self.assertEqual(self.take(1), [6])
                self.worker.data.send(frames.ITEMS_END, call_id)
                self.assertEqual(self.run_all()[1].body, b"3")

    def test_is_cancelled_while_it_waits_and_what_comes_then_is_dropped(self) -> None:
        for call_id, handler in enumerate(("doubled", "doubled_later"), 1):
            with self.subTest(handler):
                self.stream(call_id, handler, flags=streams.FED)
                self.worker.data.receive(frames.WANTED)
                self.worker.control.send(frames.CANCEL, call_id)
                self.assertEqual(self.worker.answer()[1]["kind"], "cancelled")
                self.feed(call_id, 0, 1)
        self.assertEqual(self.closed(), [])

    def test_takes_nothing_that_another_call_has_asked_for(self) -> None:
        self.stream(2, "first_of", flags=streams.FED)
        self.worker.data.receive(frames.WANTED)
        self.feed(1, 0, "another call's")
        self.feed(2, 0, "its own")
        self.assertEqual(self.run_all()[0], ["its own"])

    def test_need_not_yield(self) -> None:
        self.stream(1, "first_of", flags=streams.FED)
        self.worker.data.receive(frames.WANTED)
        self.feed(1, 0, "a", "b")
        self.assertEqual(self.run_all()[0], ["a"])

    def test_is_told_where_it_is_not(self) -> None:
        self.stream(1, "without_input")
        self.assertIn("no input", json.loads(self.run_all()[1].body)["message"])

    def test_has_its_input_as_long_as_it_runs(self) -> None:
        self.stream(1, "keeps_input", flags=streams.FED)
        self.run_all()
        self.worker.call(2, "uses_kept_input")
        self.assertIn("is over", self.worker.answer()[1]["message"])

    def test_ends_the_worker_where_items_are_not_those_that_come_next(self) -> None:
        self.stream(1, "doubled", flags=streams.FED)
        self.worker.data.receive(frames.WANTED)
        self.feed(1, 5, 1)
        self.assertTrue(self.worker.data.closed())
        self.worker.process.wait(support.DEADLINE_S)
        self.assertEqual(self.worker.process.returncode, 76)


if __name__ == "__main__":
    unittest.main()
