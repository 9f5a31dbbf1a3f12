"""Callbacks: the blocks shared with the Java tests, and a worker that calls functions of a test."""

from __future__ import annotations

import json
import os
import unittest
from typing import Any, List, Optional, Tuple

from . import support
from .support import WorkerProcess
from vivarium_worker import callbacks, frames, streams

BLOCKS = os.path.join(
    support.HERE, "..", "..", "worker-protocol", "src", "test", "resources", "vectors", "callbacks", "blocks.json"
)

HANDLERS = '''
import asyncio, os, threading
from concurrent.futures import ThreadPoolExecutor
from vivarium_worker import (
    CallbackError, CallbackFailed, CallbackTimedOut, CallCancelled, Context, UnknownFunction, handler
)

@handler
def echo(value): return value

@handler
def ask(ctx: Context, function, *args, **keywords): return ctx.jvm(function, *args, **keywords)

@handler
async def ask_later(ctx: Context, function, *args): return await ctx.jvm_async(function, *args)

@handler
async def gather(ctx: Context, function, count):
    return await asyncio.gather(*(ctx.jvm_async(function, n) for n in range(count)))

@handler
def caught(ctx: Context, function, *args):
    try:
        return ctx.jvm(function, *args)
    except CallbackError as error:
        known = {name: value for name, value in vars(error).items() if not name.startswith("_")}
        return [type(error).__name__, str(error), known]

@handler
async def caught_later(ctx: Context, function):
    try:
        return await ctx.jvm_async(function)
    except CallbackTimedOut as error:
        return [type(error).__name__, isinstance(error, TimeoutError)]

@handler
def large(ctx: Context, size): return ctx.jvm("f", "x" * size)

@handler
def odd(ctx: Context): return ctx.jvm("f", object())

@handler
def number(ctx: Context): return ctx.jvm(5)

@handler
def threads(ctx: Context, function, count):
    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(lambda n: ctx.jvm(function, n), range(count)))

@handler
async def tasks_then_wait(ctx: Context, function):
    task = asyncio.ensure_future(ctx.jvm_async(function))
    ended.append("began")
    try:
        await task
    finally:
        ended.append("left")

ended = []

@handler
def what_ended(): return ended

@handler
def waits(ctx: Context, function):
    try:
        return ctx.jvm(function)
    except BaseException as error:
        ended.append(type(error).__name__)
        raise

kept = []

@handler
def keeps(ctx: Context): kept.append(ctx)

@handler
def uses_kept():
    return kept[-1].jvm("f")

@handler
def uses_kept_elsewhere():
    results = []
    def use():
        try: kept[-1].jvm("f")
        except RuntimeError as error: results.append(str(error))
    thread = threading.Thread(target=use); thread.start(); thread.join()
    return results

@handler
def leaves_a_thread(ctx: Context, function):
    def use():
        try: ctx.jvm(function)
        except CallbackError as error: ended.append(type(error).__name__ + ": " + str(error))
        gone.set()
    threading.Thread(target=use, daemon=True).start()
    return ctx.jvm("main")

gone = threading.Event()

@handler
def await_the_thread(): gone.wait(); return ended

@handler
def each(ctx: Context, function, count):
    for n in range(count):
        yield ctx.jvm(function, n)

@handler
async def each_later(ctx: Context, function, count):
    for n in range(count):
        yield await ctx.jvm_async(function, n)

@handler
def two_then_ask(ctx: Context, function):
    yield 1
    yield 2
    yield ctx.jvm(function)

@handler
def forked(ctx: Context, path):
    pid = os.fork()
    if pid == 0:
        try: ctx.jvm("f")
        except RuntimeError as error: open(path, "w").write(str(error))
        os._exit(0)
    os.waitpid(pid, 0)
    return open(path).read()
'''


class Blocks(unittest.TestCase):
    def test_numbers_are_read_as_the_vectors_say(self) -> None:
        with open(BLOCKS) as file:
            vectors = json.load(file)["blocks"]
        for vector in vectors:
            with self.subTest(vector["name"]):
                body = bytes.fromhex(vector["hex"])
                if vector["number"] is None:
                    self.assertRaises(ValueError, callbacks.read_number, body)
                    continue
                self.assertEqual(callbacks.read_number(body), int(vector["number"]))
                written = callbacks.NUMBER.pack(int(vector["number"])) + vector["content"].encode()
                self.assertEqual(written, body)


class Case(unittest.TestCase):
    def setUp(self) -> None:
        self.worker = WorkerProcess(HANDLERS)
        self.addCleanup(self.worker.close)
        self.worker.ready()

    def asked(self) -> Tuple[int, int, Any]:
        """Return the call that a function is called from, the callback's number, and what it is called with."""
        frame = self.worker.data.receive(frames.CALLBACK)
        return frame.call_id, callbacks.read_number(frame.body), json.loads(frame.body[callbacks.NUMBER.size :])

    def reply(self, call_id: int, number: int, value: Any) -> None:
        self.send(frames.CALLBACK_REPLY, call_id, number, value)

    def refuse(self, call_id: int, number: int, kind: str, message: str, **more: Any) -> None:
        body = {"kind": kind, "type": "", "message": message, "known": []}
        body.update(more)
        self.send(frames.CALLBACK_ERROR, call_id, number, body)

    def send(self, type: int, call_id: int, number: int, content: Any) -> None:
        body = callbacks.NUMBER.pack(number) + json.dumps(content).encode()
        self.worker.control.socket.sendall(frames.encode(type, call_id, 1, body))

    def answered(self) -> Any:
        return self.worker.answer()[1]

    def still_serves(self) -> None:
        self.worker.call(999, "echo", "well")
        self.assertEqual(self.answered(), "well")


class Asking(Case):
    def test_a_handler_gets_what_the_function_returns(self) -> None:
        self.worker.call(1, "ask", "lookup", 7, None, locale="de")
        call_id, number, what = self.asked()
        self.assertEqual((call_id, number, what), (1, 1, ["lookup", [7, None], {"locale": "de"}]))
        self.reply(1, number, {"name": "Ada"})
        self.assertEqual(self.answered(), {"name": "Ada"})

    def test_numbers_rise_from_call_to_call(self) -> None:
        for call_id in (1, 2):
            self.worker.call(call_id, "ask", "f")
            asked, number, _ = self.asked()
            self.assertEqual((asked, number), (call_id, call_id))
            self.reply(call_id, number, None)
            self.assertIsNone(self.answered())

    def test_a_coroutine_waits_without_holding_up_its_loop(self) -> None:
        self.worker.call(1, "gather", "square", 3)
        asked = [self.asked() for _ in range(3)]
        for _, number, what in reversed(asked):
            self.reply(1, number, what[1][0] ** 2)
        self.assertEqual(self.answered(), [0, 1, 4])

    def test_other_threads_of_the_handler_ask_too(self) -> None:
        self.worker.call(1, "threads", "square", 4)
        for _, number, what in [self.asked() for _ in range(4)]:
            self.reply(1, number, what[1][0] ** 2)
        self.assertEqual(self.answered(), [0, 1, 4, 9])

    def test_a_large_answer_comes_whole(self) -> None:
        self.worker.call(1, "ask", "f")
        _, number, _ = self.asked()
        self.reply(1, number, "x" * 1_000_000)
        self.assertEqual(len(self.answered()), 1_000_000)

    def test_an_answer_that_nobody_waits_for_is_dropped(self) -> None:
        self.reply(1, 77, "for nobody")
        self.worker.call(1, "ask", "f")
        _, number, _ = self.asked()
        self.reply(1, number, 1)
        self.reply(1, number, 2)
        self.assertEqual(self.answered(), 1)
        self.still_serves()

    def test_an_answer_that_is_none_ends_the_worker(self) -> None:
        self.worker.control.socket.sendall(frames.encode(frames.CALLBACK_REPLY, 1, 1, b"short"))
        self.assertEqual(self.worker.process.wait(support.DEADLINE_S), 76)

    def test_a_name_that_is_no_text_is_a_type_error(self) -> None:
        self.worker.call(1, "number")
        self.assertEqual(self.answered()["type"], "TypeError")


class Failures(Case):
    def fails(self, kind: str, message: str, **more: Any) -> Any:
        self.worker.call(1, "caught", "f")
        _, number, _ = self.asked()
        self.refuse(1, number, kind, message, **more)
        return self.answered()

    def test_what_the_function_threw_has_class_and_message(self) -> None:
        self.assertEqual(
            self.fails("function", "no such user", type="com.example.NotFound"),
            [
                "CallbackFailed",
                "com.example.NotFound: no such user",
                {"function": "f", "java_type": "com.example.NotFound", "java_message": "no such user"},
            ],
        )

    def test_an_unknown_function_names_those_there_are(self) -> None:
        self.assertEqual(
            self.fails("unknown_function", "there is no f", known=["g", "h"]),
            ["UnknownFunction", "there is no f", {"function": "f", "known": ["g", "h"]}],
        )

    def test_each_kind_has_its_type(self) -> None:
        for kind, name in (
            ("timed_out", "CallbackTimedOut"),
            ("result_too_large", "CallbackTooLarge"),
            ("unencodable_result", "CallbackNotEncodable"),
            ("too_many", "CallbackRefused"),
            ("refused", "CallbackRefused"),
            ("of a later version", "CallbackRefused"),
        ):
            with self.subTest(kind):
                self.assertEqual(self.fails(kind, "why"), [name, "why", {"function": "f"}])

    def test_arguments_that_are_too_large_name_limit_and_size(self) -> None:
        self.worker.call(1, "large", 1 << 20)
        error = self.answered()
        self.assertEqual(error["type"], "vivarium_worker.callback_errors.CallbackTooLarge")
        self.assertEqual(
            error["message"], "functions.max-bytes is 1048576, the arguments of 'f' have 1048589"
        )
        self.still_serves()

    def test_arguments_without_an_encoding_say_where(self) -> None:
        self.worker.call(1, "odd")
        error = self.answered()
        self.assertEqual(error["type"], "vivarium_worker.callback_errors.CallbackNotEncodable")
        self.assertIn("object", error["message"])
        self.assertNotIn("callback", error)

    def test_one_that_is_let_through_tells_which_it_was(self) -> None:
        self.worker.call(1, "ask", "f")
        _, number, _ = self.asked()
        self.refuse(1, number, "function", "no", type="java.lang.IllegalStateException")
        error = self.answered()
        self.assertEqual((error["kind"], error["execution"], error["callback"]), ("handler", "RAN", number))
        self.assertEqual(error["type"], "vivarium_worker.callback_errors.CallbackFailed")

    def test_the_time_that_is_left_is_how_long_it_waits(self) -> None:
        for handler in ("caught", "caught_later"):
            with self.subTest(handler):
                self.worker.data.send(frames.CALL, 1, [handler, ["f"], {}], remaining=30_000)
                _, number, _ = self.asked()
                self.assertEqual(self.answered()[0], "CallbackTimedOut")
                self.reply(1, number, "too late")
        self.still_serves()

    def test_the_end_of_the_control_channel_ends_the_wait(self) -> None:
        self.worker.call(1, "caught", "f")
        self.asked()
        self.worker.control.socket.close()
        self.assertEqual(self.answered()[:2], ["CallbackRefused", "the JVM is gone"])


class Cancelling(Case):
    def cancelled(self, handler: str) -> None:
        self.worker.call(1, handler, "f")
        self.asked()
        self.worker.control.send(frames.CANCEL, 1)
        self.assertEqual(self.answered()["kind"], "cancelled")

    def test_a_cancellation_ends_the_wait(self) -> None:
        self.cancelled("waits")
        self.worker.call(2, "what_ended")
        self.assertEqual(self.answered(), ["CallCancelled"])

    def test_a_cancellation_ends_the_wait_of_a_coroutine(self) -> None:
        self.cancelled("ask_later")
        self.still_serves()

    def test_a_cancellation_ends_the_wait_of_a_task(self) -> None:
        self.cancelled("tasks_then_wait")
        self.worker.call(2, "what_ended")
        self.assertEqual(self.answered(), ["began", "left"])

    def test_an_answer_that_comes_after_it_is_not_the_next_ones(self) -> None:
        self.worker.call(1, "ask", "f")
        _, first, _ = self.asked()
        self.worker.control.send(frames.CANCEL, 1)
        self.assertEqual(self.answered()["kind"], "cancelled")
        self.worker.call(2, "ask", "f")
        _, second, _ = self.asked()
        self.reply(1, first, "for the first")
        self.reply(2, second, "for the second")
        self.assertEqual(self.answered(), "for the second")


class TheEnd(Case):
    def test_a_handler_that_has_ended_asks_nothing_any_more(self) -> None:
        self.worker.call(1, "keeps")
        self.answered()
        for handler in ("uses_kept", "uses_kept_elsewhere"):
            with self.subTest(handler):
                self.worker.call(2, handler)
                self.assertIn("call 1 is over, and calls no function any more", json.dumps(self.answered()))

    def test_a_thread_that_still_waits_then_is_told(self) -> None:
        self.worker.call(1, "leaves_a_thread", "f")
        numbers = {what[0]: number for _, number, what in (self.asked(), self.asked())}
        self.reply(1, numbers["main"], "left")
        self.assertEqual(self.answered(), "left")
        self.worker.call(2, "await_the_thread")
        self.assertEqual(self.answered(), ["CallbackRefused: call 1 is over"])

    def test_a_forked_child_asks_nothing(self) -> None:
        self.worker.call(1, "forked", os.path.join(self.worker.folder.name, "said"))
        self.assertIn("was forked off the worker", self.answered())


class InStreams(Case):
    def stream(self, call_id: int, handler: str, *args: Any) -> None:
        head = streams.HEAD.pack(1000, 1 << 20, 512, 0)
        body = json.dumps([handler, list(args), {}]).encode()
        self.worker.data.socket.sendall(frames.encode(frames.STREAM_CALL, call_id, 1, body, attachments=[head]))

    def items(self) -> List[Any]:
        found: List[Any] = []
        while True:
            frame = self.worker.data.receive(frames.ITEMS, frames.REPLY, frames.ERROR)
            if frame.type != frames.ITEMS:
                self.assertEqual(frame.type, frames.REPLY, frame.body)
                return found
            found.extend(json.loads(item) for item in streams.read_items(frame.body)[1])

    def test_generators_ask_between_their_items(self) -> None:
        for call_id, handler in enumerate(("each", "each_later"), 1):
            with self.subTest(handler):
                self.stream(call_id, handler, "double", 3)
                for _ in range(3):
                    asked, number, what = self.asked()
                    self.reply(asked, number, 2 * what[1][0])
                self.assertEqual(self.items(), [0, 2, 4])

    def test_items_that_wait_for_others_come_before_what_is_asked(self) -> None:
        self.stream(1, "two_then_ask", "f")
        found: List[Any] = []
        asked: Optional[frames.Frame] = None
        while asked is None:
            frame = self.worker.data.receive()
            if frame.type == frames.CALLBACK:
                asked = frame
            else:
                found.extend(json.loads(item) for item in streams.read_items(frame.body)[1])
        self.assertEqual(found, [1, 2])
        self.reply(1, callbacks.read_number(asked.body), 3)
        self.assertEqual(self.items(), [3])

    def test_a_stream_that_is_cancelled_while_it_asks_ends(self) -> None:
        self.stream(1, "each", "f", 3)
        self.asked()
        self.worker.control.send(frames.CANCEL, 1)
        self.assertEqual(self.answered()["kind"], "cancelled")
        self.still_serves()


if __name__ == "__main__":
    unittest.main()
