"""Cancellation ends its own call, soon, and nothing else."""

from __future__ import annotations

import os
import random
import select
import tempfile

from .support import frames
from .worker_case import CANCELLED, WorkerTest


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

    def test_of_another_call_wakes_nothing_that_waits_for_any_signal(self) -> None:
        self.worker.call(5, "until_a_signal")
        while self.worker.words()[1] != 5:
            pass

        for call_id in range(1000, 1050):
            self.worker.control.send(frames.CANCEL, call_id)
            self.worker.control.send(frames.PING, call_id)
            self.worker.control.receive(frames.PONG)
        self.worker.control.send(frames.CANCEL, 5)

        self.assertEqual(self.worker.answer()[1]["kind"], "cancelled")

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
