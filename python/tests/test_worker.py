"""The runtime, as a real process with a test at the other end of its channels."""

from __future__ import annotations

import json
import os
import select
import signal
import sys
import tempfile
import time
import unittest
from typing import Dict, Optional

from .support import WorkerProcess, frames
from vivarium_worker import status
from .worker_case import RAISED, WorkerTest


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

    def test_notes_when_it_starts_a_call_that_the_page_asks_for_and_no_other(self) -> None:
        self.worker.ask_for_start(8)
        before = time.monotonic_ns()

        self.worker.call(7, "echo", 1)
        self.worker.answer()
        self.assertEqual(self.worker.words()[6], 0)
        self.worker.call(8, "echo", 1)
        self.worker.answer()

        self.assertTrue(before <= self.worker.words()[6] <= time.monotonic_ns())

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

    def test_says_what_its_clock_shows_so_that_the_jvm_can_compare(self) -> None:
        self.assertTrue(0 < self.worker.hello["monotonicNanos"] <= time.monotonic_ns())

    def test_counts_what_remains_to_the_deadline_on_the_page_and_not_from_when_it_read_the_call(self) -> None:
        deadline = time.monotonic_ns() + 3_600_000_000_000
        self.worker.set_deadline(deadline)

        self.worker.data.send(frames.CALL, 9, ["deadline", [], {}], remaining=7_200_000_000)

        _, (before, remaining, after) = self.worker.answer()
        # The clock was read between these two; a microsecond is what floating point may cost.
        self.assertLessEqual(before + remaining, deadline / 1e9 + 1e-6)
        self.assertGreaterEqual(after + remaining, deadline / 1e9 - 1e-6)

    def test_runs_no_call_whose_deadline_has_passed_though_much_remained_when_it_was_sent(self) -> None:
        self.worker.set_deadline(time.monotonic_ns())
        self.worker.ask_for_start(9)

        self.worker.data.send(frames.CALL, 9, ["echo", [1], {}], remaining=5_000_000)

        kind, error = self.worker.answer()
        self.assertEqual((kind, error["kind"], error["execution"]), (frames.ERROR, "expired", "NOT_STARTED"))
        self.assertEqual(self.worker.words()[1:3], (0, 0))
        self.worker.set_deadline(0)
        self.worker.call(10, "echo", 2)
        self.assertEqual(self.worker.answer(), (frames.REPLY, 2))

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

    def test_hands_on_for_how_long_the_handler_wants_to_be_left_alone(self) -> None:
        for handler in ("not_yet", "not_yet_either"):
            with self.subTest(handler):
                body = self.error(handler, 2.5)

                self.assertEqual((body["kind"], body["execution"]), ("handler", "RAN"))
                self.assertEqual((body["retryAfterMillis"], body["message"]), (2500, "busy"))
        self.assertNotIn("retryAfterMillis", self.error("not_yet", 86_401))
        self.assertNotIn("retryAfterMillis", self.error("fail"))

    def test_tells_wrong_arguments_from_a_type_error_inside_the_handler(self) -> None:
        self.assertEqual(self.error("add", 1)["kind"], "bad_arguments")
        self.assertEqual(self.error("inner_type_error")["kind"], "handler")

    def test_names_the_handlers_there_are(self) -> None:
        body = self.error("missing")

        self.assertEqual((body["kind"], body["execution"]), ("unknown_handler", "NOT_STARTED"))
        self.assertIn("echo", body["message"])

    def test_refuses_results_without_encoding_and_goes_on(self) -> None:
        self.assertEqual(self.error("odd")["kind"], "unencodable_result")
        self.assertEqual(self.error("generate")["kind"], "stream_only")
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
        self.assertEqual(self.worker.words()[4], status.VIOLATED)
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


class Descriptors(unittest.TestCase):
    """The channels lie high among them, where that is possible."""

    def test_a_low_limit_of_descriptors_leaves_room_for_the_channels(self) -> None:
        for most in (32, 64, 200, 201, 202):
            with self.subTest(most):
                worker = WorkerProcess("async def echo(value): return value\n", descriptors=most)
                self.addCleanup(worker.close)
                worker.ready()
                worker.call(1, "echo", 5)

                self.assertEqual(worker.answer(), (frames.REPLY, 5))

    def test_too_low_a_limit_is_named_with_its_value_and_what_is_needed(self) -> None:
        with self.assertRaises(AssertionError) as caught:
            WorkerProcess("def echo(value): return value\n", descriptors=20)

        self.assertIn("status 70: vivarium worker: RLIMIT_NOFILE is 20", str(caught.exception))
        self.assertIn("at least 32", str(caught.exception))


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


class Stacks(WorkerTest):
    def stacks(self) -> str:
        """Ask the worker what its threads do; return it. A thread that is just entering a function may show a part only."""
        os.kill(self.worker.process.pid, self.worker.hello["stacksSignal"])
        text = ""
        while not text.endswith(" in <module>\n") and select.select([self.worker.stacks], [], [], 0.5)[0]:
            text += self.worker.stacks.recv(65536).decode()
        return text

    def stacks_in(self, handler: str) -> str:
        """Call a handler and return the stacks once it has been entered, which is later than it counts as started."""
        self.worker.call(1, handler)
        for _ in range(100):
            text = self.stacks()
            if f"in {handler}\n" in text:
                return text
        raise AssertionError(text)

    def test_show_where_a_handler_is(self) -> None:
        text = self.stacks_in("spin")

        self.assertIn("vivarium_worker_main.py", text.splitlines()[-1])
        self.assertGreaterEqual(text.count("(most recent call first):"), 2, text)

    def test_show_c_code_that_holds_the_interpreter_lock(self) -> None:
        self.stacks_in("never_ends_in_c")

    def test_leave_the_call_alone(self) -> None:
        self.worker.call(1, "deep_sleep", 0.2)
        while self.worker.words()[1] != 1:
            pass
        self.stacks()

        self.assertEqual(self.worker.answer(), (frames.REPLY, "slept"))
