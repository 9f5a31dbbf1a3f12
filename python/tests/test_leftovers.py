"""What one asynchronous call leaves on the event loop does not reach the next."""

from __future__ import annotations

import unittest
from typing import Any

from .support import WorkerProcess, frames

HANDLERS = '''
import asyncio, os, sys
from vivarium_worker import handler

seen = []
kept = []

@handler
async def leave(what):
    loop = asyncio.get_running_loop()
    def again():
        seen.append("again")
        loop.call_soon(again)
    if what == "a stop": loop.call_later(0.05, loop.stop)
    if what == "an exit": loop.call_later(0.05, sys.exit, 9)
    if what == "a note": loop.call_later(0.05, seen.append, "late")
    if what == "a note for now": loop.call_soon(loop.call_soon, seen.append, "soon")
    if what == "an endless chain": loop.call_soon(again)
    return what

@handler
async def wait(): return await asyncio.sleep(0.15, "waited")

@handler
async def what_was_seen(): return list(seen)

@handler
async def in_thread(): return await asyncio.get_running_loop().run_in_executor(None, os.getpid)

@handler
async def loop_number():
    kept.append(asyncio.get_running_loop())
    return len(set(map(id, kept)))

@handler
async def connect_and_leave():
    server = await asyncio.start_server(lambda r, w: w.close(), "127.0.0.1", 0)
    _, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    server.close()
    writer.close()
    kept.append(writer.get_extra_info("socket"))

@handler
async def is_closed(): return kept[-1].fileno() == -1
'''


class Leftovers(unittest.TestCase):
    def setUp(self) -> None:
        self.worker = WorkerProcess(HANDLERS)
        self.addCleanup(self.worker.close)
        self.worker.ready()

    def answer(self, handler: str, *args: Any) -> Any:
        self.worker.call(1, handler, *args)
        kind, body = self.worker.answer()
        self.assertEqual(kind, frames.REPLY, body)
        return body

    def test_a_timer_does_not_run_in_a_later_call(self) -> None:
        for what in ("a stop", "an exit", "a note"):
            with self.subTest(what):
                self.answer("leave", what)

                self.assertEqual(self.answer("wait"), "waited")
        self.assertEqual(self.answer("what_was_seen"), [])

    def test_a_callback_that_is_due_runs_before_the_answer(self) -> None:
        self.answer("leave", "a note for now")

        self.assertEqual(self.answer("what_was_seen"), ["soon"])

    def test_callbacks_without_end_are_ended(self) -> None:
        self.answer("leave", "an endless chain")
        before = self.answer("what_was_seen")
        self.answer("wait")

        self.assertEqual(self.answer("what_was_seen"), before)

    def test_a_connection_that_was_closed_is_closed(self) -> None:
        self.answer("connect_and_leave")

        self.assertTrue(self.answer("is_closed"))

    def test_threads_of_the_executor_serve_every_call(self) -> None:
        for _ in range(3):
            self.assertEqual(self.answer("in_thread"), self.worker.hello["pid"])
            self.answer("leave", "a note")

    def test_all_calls_share_one_loop(self) -> None:
        self.answer("leave", "a stop")

        self.assertEqual([self.answer("loop_number") for _ in range(3)], [1, 1, 1])


if __name__ == "__main__":
    unittest.main()
