"""The runtime, as a real process with a test at the other end of its channels."""

from __future__ import annotations

import json
import os
import random
import select
import signal
import sys
import tempfile
import unittest
from typing import Dict, Optional

from .support import WorkerProcess, frames

HANDLERS = '''
import asyncio, ctypes, logging, os, signal, subprocess, sys, threading
from vivarium_worker import CallCancelled, Context, handler

print("noise while importing")
cleaned = []

@handler
def echo(value=None): return value

@handler
def fail(): raise ValueError("no luck") from KeyError("root")

@handler
def add(a, b): return a + b

@handler
def inner_type_error(): return add()

@handler
def forever():
    try:
        threading.Event().wait()
    except CallCancelled:
        cleaned.append(1)
        raise

@handler
def spin():
    while True: pass

@handler
def cleanups(): return len(cleaned)

@handler
def noise():
    print("a line"); os.write(1, b"raw\\n"); subprocess.run(["echo", "child"], check=True)
    sys.stderr.write("error line\\n")
    return "done"

@handler
def crash(): ctypes.string_at(0)

@handler
def odd(): return {"x": object()}

@handler
def big(n): return "x" * n

@handler
def leave(): sys.exit(5)

@handler
def deaf_until(gate):
    number = signal.SIGRTMIN + 7 if hasattr(signal, "SIGRTMIN") else signal.SIGUSR1
    before = signal.signal(number, signal.SIG_IGN)
    open(gate + ".deaf", "w").close()
    while not os.path.exists(gate):
        threading.Event().wait(0.005)
    signal.signal(number, before)
    threading.Event().wait()

@handler
def context_first(ctx: Context, a, b=2): return [ctx.call_id, a, b]

@handler
def context_between(a, ctx: Context, b=2): return [a, ctx.call_id, b]

@handler(name="renamed")
def original(ctx: Context):
    """First line.

    Second."""
    ctx.progress(); ctx.logger.warning("told %s", 7)
    return [ctx.call_id, ctx.worker_id, ctx.remaining is not None]

@handler
async def later(value): return value

@handler
def generate(): yield 1

@handler
def takes_anything(**others): return sorted(others)

@handler
def surrogate(): return os.fsdecode(b"\\xff")

@handler
def large(): return 10**5000

@handler
def remainder(number): return number % 1000007

class Waiting(dict):
    """Is encoded, or shown, when somebody has opened the pipe."""

    def __init__(self, pipe):
        super().__init__(filled=True)
        self.pipe = pipe

    def items(self):
        open(self.pipe).read()
        return [("waited", True)]

class Shown(Exception):
    def __str__(self): return str(Waiting(self.args[0]).items())

@handler
def encoded_when(pipe): return Waiting(pipe)

@handler
def shown_when(pipe): raise Shown(pipe)

class Broken(dict):
    def __init__(self, raised):
        super().__init__(filled=True)
        self.raised = raised

    def items(self): raise self.raised

class BrokenText(Exception):
    def __str__(self): raise self.args[0]

RAISED = {
    error.__name__: error
    for error in (RuntimeError, KeyboardInterrupt, SystemExit, CallCancelled, MemoryError, RecursionError)
}

@handler
def return_broken(name): return Broken(RAISED[name]("own"))

@handler
def raise_broken(name): raise BrokenText(RAISED[name]("own"))

seen = []

@handler
def what_was_seen(): return list(seen)

@handler
async def wait_long():
    try:
        await asyncio.sleep(1000)
    except CallCancelled as error:
        await asyncio.sleep(0)
        seen.append("cancelled")
        raise
    finally:
        seen.append("ended")

@handler
async def cancelled_within(seconds):
    try:
        await asyncio.sleep(seconds)
    finally:
        seen.append("ended")

@handler
async def compute_long():
    try:
        n = 0  # Were the loop the first thing here, CPython 3.11 would raise what a signal raises outside of the try.
        while True: n += 1
    finally:
        seen.append("ended")

async def spin_below():
    while True: pass

@handler
async def wait_for_computing():
    try:
        await asyncio.create_task(spin_below())
    finally:
        seen.append("ended")

@handler
async def wait_for_condition():
    condition = asyncio.Condition()
    async with condition:
        await condition.wait()

async def go_on():
    try:
        while True:
            await asyncio.sleep(0)
            seen.append("turn")
    finally:
        seen.append("left")

@handler
async def leave_task():
    task = asyncio.ensure_future(go_on())
    kept.append(task)
    await asyncio.sleep(0)

async def exit_now(): sys.exit(3)

@handler
async def exit_in_task():
    kept.append(asyncio.ensure_future(exit_now()))
    await wait_long()

kept = []

@handler
async def turns(n):
    for _ in range(n):
        await asyncio.sleep(0)
    return n

class Impostor(Exception):
    @property
    def __class__(self): raise RuntimeError("no class")

@handler
def raise_impostor(): raise Impostor()
'''

RAISED = ("RuntimeError", "KeyboardInterrupt", "SystemExit", "CallCancelled", "MemoryError", "RecursionError")


CANCELLED = "vivarium_worker.api.CallCancelled"


class WorkerTest(unittest.TestCase):
    def setUp(self) -> None:
        self.worker = WorkerProcess(HANDLERS)
        self.addCleanup(self.worker.close)
        self.handlers = self.worker.ready()["handlers"]


class Answering(WorkerTest):
    def test_lists_its_handlers_with_signature_and_documentation(self) -> None:
        by_name = {entry["name"]: entry for entry in self.handlers}

        self.assertEqual(by_name["add"]["signature"], "(a, b)")
        self.assertEqual(by_name["renamed"]["doc"], "First line.")
        self.assertNotIn("original", by_name)

    def test_returns_values_and_notes_start_and_end_on_the_status_page(self) -> None:
        self.worker.call(7, "echo", {"a": [1, None, "ü"]})

        self.assertEqual(self.worker.answer(), (frames.REPLY, {"a": [1, None, "ü"]}))
        self.assertEqual(self.worker.words()[:3], (1, 7, 7))

    def test_runs_coroutines(self) -> None:
        self.worker.call(1, "later", 3)

        self.assertEqual(self.worker.answer(), (frames.REPLY, 3))

    def test_gives_a_context_to_handlers_that_want_one(self) -> None:
        self.worker.data.send(frames.CALL, 9, ["renamed", [], {}], remaining=5_000_000)

        self.assertEqual(self.worker.answer(), (frames.REPLY, [9, "test/2", True]))
        log = self.worker.control.receive(frames.LOG)
        self.assertEqual(log.call_id, 9)
        self.assertIn(b"told 7", log.body)
        self.assertEqual(self.worker.words()[3], 1)

    def test_passes_integers_of_any_size_both_ways(self) -> None:
        if hasattr(sys, "set_int_max_str_digits"):
            self.addCleanup(sys.set_int_max_str_digits, sys.get_int_max_str_digits())
            sys.set_int_max_str_digits(0)

        self.worker.call(1, "large")
        self.assertEqual(self.worker.answer(), (frames.REPLY, 10**5000))
        self.worker.call(2, "remainder", 10**5000)
        self.assertEqual(self.worker.answer(), (frames.REPLY, 10**5000 % 1000007))

    def test_is_cancelled_though_the_first_signal_struck_nothing(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        gate = os.path.join(folder.name, "gate")
        self.worker.call(1, "deaf_until", gate)
        while not os.path.exists(gate + ".deaf"):
            select.select([], [], [], 0.005)
        self.worker.control.send(frames.CANCEL, 1)
        self.worker.control.send(frames.PING, 7)
        self.worker.control.receive(frames.PONG)

        open(gate, "w").close()

        kind, body = self.worker.answer()
        self.assertEqual((kind, body["kind"]), (frames.ERROR, "cancelled"))

    def test_passes_the_context_wherever_it_stands_in_the_signature(self) -> None:
        self.worker.call(1, "context_first", 5, 6)
        self.assertEqual(self.worker.answer(), (frames.REPLY, [1, 5, 6]))
        self.worker.call(2, "context_first", a=5)
        self.assertEqual(self.worker.answer(), (frames.REPLY, [2, 5, 2]))
        self.worker.call(3, "context_between", 5, 6)
        self.assertEqual(self.worker.answer(), (frames.REPLY, [5, 3, 6]))
        self.worker.call(4, "context_between", a=5, b=6)
        self.assertEqual(self.worker.answer(), (frames.REPLY, [5, 4, 6]))

    def test_says_of_a_handler_with_context_which_arguments_do_not_fit(self) -> None:
        self.worker.call(1, "context_first", 5, 6, 7)

        kind, body = self.worker.answer()

        self.assertEqual((kind, body["kind"]), (frames.ERROR, "bad_arguments"))

    def test_passes_a_keyword_named_ctx_to_handlers_that_take_no_context(self) -> None:
        self.worker.call(1, "takes_anything", ctx=1, other=2)

        self.assertEqual(self.worker.answer(), (frames.REPLY, ["ctx", "other"]))


class Failing(WorkerTest):
    def error(self, handler: str, *args: object) -> dict:
        self.worker.call(3, handler, *args)
        kind, body = self.worker.answer()
        self.assertEqual(kind, frames.ERROR)
        return body

    def test_reports_exceptions_with_traceback_and_causes(self) -> None:
        body = self.error("fail")

        self.assertEqual((body["kind"], body["execution"], body["type"]), ("handler", "RAN", "ValueError"))
        self.assertEqual([entry["function"] for entry in body["traceback"]], ["fail"])
        self.assertEqual(body["causes"][0]["type"], "KeyError")

    def test_tells_wrong_arguments_from_a_type_error_inside_the_handler(self) -> None:
        self.assertEqual(self.error("add", 1)["kind"], "bad_arguments")
        self.assertEqual(self.error("inner_type_error")["kind"], "handler")

    def test_names_the_handlers_there_are(self) -> None:
        body = self.error("missing")

        self.assertEqual((body["kind"], body["execution"]), ("unknown_handler", "NOT_STARTED"))
        self.assertIn("echo", body["message"])

    def test_refuses_results_without_encoding_and_goes_on(self) -> None:
        self.assertEqual(self.error("odd")["kind"], "unencodable_result")
        self.assertEqual(self.error("generate")["kind"], "unencodable_result")
        self.worker.call(4, "echo", 1)
        self.assertEqual(self.worker.answer(), (frames.REPLY, 1))

    def test_refuses_results_over_the_limit_and_goes_on(self) -> None:
        self.worker.call(1, "big", (1 << 20) - 2)
        self.assertEqual(self.worker.answer()[0], frames.REPLY)

        body = self.error("big", (1 << 20) - 1)

        self.assertEqual((body["kind"], body["execution"]), ("result_too_large", "RAN"))
        self.assertIn(str(1 << 20), body["message"])

    def test_sys_exit_is_an_error_of_the_call(self) -> None:
        self.assertEqual(self.error("leave")["type"], "SystemExit")

    def test_of_a_result_to_be_encoded_fails_that_call_alone(self) -> None:
        for raised in RAISED:
            with self.subTest(raised):
                body = self.error("return_broken", raised)

                self.assertEqual((body["kind"], body["execution"]), ("unencodable_result", "RAN"))
                self.assertEqual(body["type"], "handlers_under_test.Broken")

    def test_of_an_exception_to_be_described_fails_that_call_alone(self) -> None:
        for raised in RAISED:
            with self.subTest(raised):
                body = self.error("raise_broken", raised)

                self.assertEqual((body["kind"], body["execution"]), ("handler", "RAN"))
                self.assertEqual(body["type"], "handlers_under_test.BrokenText")
                self.assertIn(raised, body["message"])

    def test_with_an_exception_without_a_class_fails_that_call_alone(self) -> None:
        self.assertEqual(self.error("raise_impostor")["type"], "handlers_under_test.Impostor")

    def test_refuses_a_keyword_that_is_the_context_s(self) -> None:
        self.worker.call(3, "renamed", ctx="mine")
        body = self.worker.answer()[1]

        self.assertEqual((body["kind"], body["execution"]), ("bad_arguments", "NOT_STARTED"))
        self.assertIn("'ctx' is the runtime's", body["message"])
        self.assertEqual(self.worker.words()[1], 0)

    def test_names_a_lone_surrogate_in_a_result_and_in_arguments(self) -> None:
        # The test's own JSON writes lone surrogates as escapes.
        body = self.error("echo", "\ud800")
        self.assertEqual((body["kind"], body["execution"]), ("undecodable_arguments", "NOT_STARTED"))
        self.assertIn("U+D800", body["message"])

        body = self.error("surrogate")
        self.assertEqual((body["kind"], body["execution"]), ("unencodable_result", "RAN"))
        self.assertIn("U+DCFF", body["message"])

    def test_malformed_arguments_are_an_error_of_the_call(self) -> None:
        for body in ({"not": "a triple of three"}, 5, ["echo", [], []], [["echo"], [], {}], ["echo", {}, {}]):
            with self.subTest(body):
                self.worker.data.send(frames.CALL, 5, body)

                self.assertEqual(self.worker.answer()[1]["kind"], "undecodable_arguments")


class Output(WorkerTest):
    def test_of_any_kind_leaves_the_protocol_alone(self) -> None:
        self.worker.call(1, "noise")

        self.assertEqual(self.worker.answer(), (frames.REPLY, "done"))
        out, err = self.worker.output()
        self.assertEqual(out.splitlines(), ["noise while importing", "a line", "raw", "child"])
        self.assertIn("error line", err)

    def test_of_a_crash_shows_the_python_stack(self) -> None:
        self.worker.call(1, "crash")

        self.assertTrue(self.worker.data.closed())
        _, err = self.worker.process.communicate()
        self.assertIn("in crash", err.decode())
        self.assertEqual(self.worker.process.returncode, -signal.SIGSEGV)


class Cancelling(WorkerTest):
    def test_interrupts_a_handler_that_waits_and_one_that_computes(self) -> None:
        for call_id, handler in ((11, "forever"), (12, "spin")):
            self.worker.call(call_id, handler)
            while self.worker.words()[1] != call_id:
                pass
            self.worker.control.send(frames.CANCEL, call_id)

            kind, body = self.worker.answer()
            self.assertEqual((kind, body["kind"], body["execution"]), (frames.ERROR, "cancelled", "UNKNOWN"))
        self.worker.call(13, "cleanups")
        self.assertEqual(self.worker.answer(), (frames.REPLY, 1))

    def cancelled(self, call_id: int, handler: str, *args: object) -> dict:
        """Call, cancel as soon as the call has begun, return the error."""
        self.worker.call(call_id, handler, *args)
        while self.worker.words()[1] != call_id:
            pass
        self.worker.control.send(frames.CANCEL, call_id)
        kind, body = self.worker.answer()
        self.assertEqual((kind, body["kind"], body["type"]), (frames.ERROR, "cancelled", CANCELLED), body)
        return body

    def seen(self) -> list:
        self.worker.call(1000, "what_was_seen")
        return self.worker.answer()[1]

    def test_is_raised_in_a_coroutine_that_waits_and_ends_it_before_the_answer(self) -> None:
        self.worker.call(1, "wait_long")
        # Not only at the first moment: give the loop the time to get to where it waits.
        while self.worker.words()[1] != 1:
            pass
        select.select([], [], [], 0.1)
        self.worker.control.send(frames.CANCEL, 1)
        body = self.worker.answer()[1]

        self.assertEqual((body["kind"], body["type"]), ("cancelled", CANCELLED))
        self.assertIn("wait_long", [entry["function"] for entry in body["traceback"]])
        self.assertEqual(self.seen(), ["cancelled", "ended"])

    def test_ends_a_coroutine_whenever_it_strikes(self) -> None:
        for call_id in range(1, 60):
            self.cancelled(call_id, "cancelled_within", 1000)
            self.worker.call(100 + call_id, "turns", 5)

            self.assertEqual(self.worker.answer(), (frames.REPLY, 5))
        self.assertLessEqual(len(self.seen()), 59)
        self.assertEqual(set(self.seen()) - {"ended"}, set())

    def test_ends_a_coroutine_that_computes_and_one_that_awaits_a_task_that_does(self) -> None:
        for call_id, handler in enumerate(("compute_long", "wait_for_computing"), start=1):
            self.worker.call(call_id, handler)
            while self.worker.words()[1] != call_id:
                pass
            select.select([], [], [], 0.1)
            self.worker.control.send(frames.CANCEL, call_id)

            self.assertEqual(self.worker.answer()[1]["kind"], "cancelled")
        self.assertEqual(self.seen(), ["ended", "ended"])

    def test_lets_what_the_coroutine_waits_in_clean_up(self) -> None:
        self.worker.call(1, "wait_for_condition")
        while self.worker.words()[1] != 1:
            pass
        select.select([], [], [], 0.1)
        self.worker.control.send(frames.CANCEL, 1)

        body = self.worker.answer()[1]

        self.assertEqual((body["kind"], body["type"]), ("cancelled", CANCELLED), body)

    def test_no_task_of_one_call_runs_in_a_later_one(self) -> None:
        self.worker.call(1, "leave_task")
        self.worker.answer()
        before = self.seen()
        self.worker.call(2, "turns", 20)
        self.worker.answer()

        self.assertEqual(before[-1], "left")
        self.assertEqual(self.seen(), before)

    def test_no_coroutine_goes_on_in_a_later_call_when_its_task_has_exited(self) -> None:
        self.worker.call(1, "exit_in_task")
        self.assertEqual(self.worker.answer()[1]["type"], "SystemExit")

        self.assertEqual(self.seen(), ["ended"])

    def test_before_the_call_has_begun_stops_it(self) -> None:
        self.worker.control.send(frames.CANCEL, 5)
        self.worker.control.send(frames.PING, 1)
        self.worker.control.receive(frames.PONG)

        self.worker.call(5, "forever")

        self.assertEqual(self.worker.answer()[1]["kind"], "cancelled")

    def test_of_another_call_does_nothing(self) -> None:
        for call_id in range(1, 200):
            self.worker.control.send(frames.CANCEL, call_id + 1000)
            self.worker.call(call_id, "echo", call_id)

            self.assertEqual(self.worker.answer(), (frames.REPLY, call_id))

    def test_while_the_answer_is_made_changes_nothing(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            pipe = os.path.join(folder, "pipe")
            os.mkfifo(pipe)
            for call_id, handler in ((5, "encoded_when"), (6, "shown_when")):
                with self.subTest(handler):
                    self.worker.call(call_id, handler, pipe)
                    while self.worker.words()[2] != call_id:
                        pass

                    self.worker.control.send(frames.CANCEL, call_id)
                    self.worker.control.send(frames.PING, call_id)
                    self.worker.control.receive(frames.PONG)
                    with open(pipe, "w"):
                        pass

                    kind, body = self.worker.answer()
                    if handler == "encoded_when":
                        self.assertEqual((kind, body), (frames.REPLY, {"waited": True}))
                    else:
                        self.assertEqual((body["kind"], body["message"]), ("handler", "[('waited', True)]"))

    def test_at_random_moments_never_hits_another_call_or_the_runtime(self) -> None:
        seed = random.randrange(1 << 32)
        chance = random.Random(seed)
        cancelled = 0
        for call_id in range(1, 10_001):
            # One call at a time: what is cancelled is this call or one that has ended.
            target = call_id if chance.random() < 0.7 else call_id - 1
            before = chance.random() < 0.5
            if before:
                self.worker.control.send(frames.CANCEL, target)
            self.worker.call(call_id, "echo", call_id)
            if not before:
                self.worker.control.send(frames.CANCEL, target)
            kind, body = self.worker.answer()
            if kind == frames.ERROR:
                self.assertEqual(body["kind"], "cancelled", f"seed {seed}, call {call_id}: {body}")
                self.assertEqual(target, call_id, f"seed {seed}: call {call_id} was hit for another")
                cancelled += 1
            else:
                self.assertEqual(body, call_id, f"seed {seed}")
        self.assertIsNone(self.worker.process.poll(), f"seed {seed}")


class Ending(WorkerTest):
    def test_with_the_data_channel(self) -> None:
        self.worker.data.socket.close()

        self.assertEqual(self.worker.process.wait(20), 0)

    def test_when_asked_to_drain(self) -> None:
        self.worker.data.send(frames.DRAIN)

        self.assertEqual(self.worker.data.body(frames.BYE), {"reason": "drained"})
        self.assertEqual(self.worker.process.wait(20), 0)

    def test_on_a_violation_with_the_bytes_that_broke_it(self) -> None:
        self.worker.data.socket.sendall(b"GET / HTTP/1.1\r\n\r\n")

        self.assertEqual(self.worker.process.wait(20), 76)
        _, err = self.worker.output()
        self.assertIn("BAD_MAGIC", err)
        self.assertIn("GET / HTTP", err)

    def test_answers_pings_while_a_handler_runs(self) -> None:
        self.worker.call(1, "forever")
        self.worker.control.send(frames.PING, 42)

        self.assertEqual(self.worker.control.receive(frames.PONG).call_id, 42)


MANY = "".join(
    f"def handler_number_{n}(first: int, second: str = 'a default') -> dict:\n    'Documentation.'\n" for n in range(38)
)
SMALL = {"maxBodyBytes": 3072, "maxAttachmentsBytes": 0, "maxAttachmentCount": 0}
TINY = dict(SMALL, maxBodyBytes=1024)


class Loading(unittest.TestCase):
    def load_error(self, source: str, limits: Optional[Dict[str, int]] = None) -> dict:
        worker = WorkerProcess(source, limits=limits)
        self.addCleanup(worker.close)
        body = worker.data.body(frames.ERROR)
        self.assertEqual(worker.process.wait(20), 72)
        return body

    def test_reports_what_an_import_raised(self) -> None:
        body = self.load_error("import surely_not_there\n")

        self.assertEqual(body["kind"], "load")
        self.assertIn("surely_not_there", body["message"])
        self.assertEqual(body["causes"][0]["type"], "ModuleNotFoundError")

    def test_refuses_a_file_without_handlers_and_two_of_one_name(self) -> None:
        self.assertIn("no handler", self.load_error("x = 1\n")["message"])
        twice = "from vivarium_worker import handler\n@handler(name='a')\ndef b(): pass\n"
        self.assertEqual(self.load_error(twice + "import sys; sys.exit(0)")["kind"], "load")

    def test_cuts_signatures_and_documentation_until_ready_fits_the_limit(self) -> None:
        worker = WorkerProcess(MANY, limits=SMALL)
        self.addCleanup(worker.close)
        ready = worker.data.receive(frames.READY)

        self.assertLessEqual(len(ready.body), SMALL["maxBodyBytes"])
        names = [entry["name"] for entry in json.loads(ready.body)["handlers"]]
        self.assertEqual(names, [f"handler_number_{n}" for n in range(38)])

    def test_says_so_when_not_even_the_names_fit(self) -> None:
        message = self.load_error(MANY, TINY)["message"]

        self.assertIn("the names of 38 handlers", message)
        self.assertIn("maxBodyBytes is 1024", message)

    def test_reports_an_error_that_fits_the_limit(self) -> None:
        worker = WorkerProcess("raise ValueError('x' * 5000)\n", limits=TINY)
        self.addCleanup(worker.close)
        error = worker.data.receive(frames.ERROR)

        self.assertLessEqual(len(error.body), TINY["maxBodyBytes"])
        self.assertIn(b"ValueError: xxx", error.body)

    def test_reports_whatever_an_import_raises(self) -> None:
        for raised in ("KeyboardInterrupt()", "GeneratorExit()", "Broken()"):
            with self.subTest(raised):
                broken = "class Broken(Exception):\n    def __str__(self): raise SystemExit(3)\n"
                self.assertEqual(self.load_error(f"{broken}raise {raised}\n")["kind"], "load")

    def test_takes_handlers_beside_what_cannot_be_shown_or_read(self) -> None:
        worker = WorkerProcess(
            "class Odd:\n"
            "    def __repr__(self): raise RuntimeError('no text')\n"
            "class Proxy:\n"
            "    def __call__(self): pass\n"
            "    def __getattribute__(self, name): raise RuntimeError('nothing there yet')\n"
            "proxy = Proxy()\n"
            "def visible(default=Odd()): pass\n"
        )
        self.addCleanup(worker.close)

        self.assertEqual([(h["name"], h["signature"]) for h in worker.ready()["handlers"]], [("visible", "(...)")])

    def test_takes_public_functions_where_nothing_is_marked(self) -> None:
        worker = WorkerProcess("from os.path import join\ndef visible(): pass\ndef _hidden(): pass\n")
        self.addCleanup(worker.close)

        self.assertEqual([entry["name"] for entry in worker.ready()["handlers"]], ["visible"])


if __name__ == "__main__":
    unittest.main()
