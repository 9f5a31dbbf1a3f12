"""Children that handlers fork: they end as children do, and leave to the worker what is the worker's."""

from __future__ import annotations

import unittest
from typing import Any, Tuple

from .support import WorkerProcess, frames

HANDLERS = '''
import asyncio, logging, multiprocessing, os, signal, sys
from vivarium_worker import Context, handler

if os.environ.get("FORK_WHILE_LOADING"):
    if os.fork() == 0:
        how = os.environ["FORK_WHILE_LOADING"]
        if how == "exits":
            sys.exit(5)
    else:
        print("a child ended with", os.WEXITSTATUS(os.wait()[1]), flush=True)

def end(how):
    if how == "raises": raise ValueError("of the child")
    if how != "returns": sys.exit(how)
    return "child"

@handler
def fork(how):
    pid = os.fork()
    if pid == 0: return end(how)
    return ["worker", os.WEXITSTATUS(os.waitpid(pid, 0)[1])]

@handler
async def fork_in_coroutine(how):
    pid = os.fork()
    if pid == 0: return end(how)
    await asyncio.sleep(0)
    return ["worker", os.WEXITSTATUS(os.waitpid(pid, 0)[1])]

class Forking(dict):
    def items(self):
        pid = os.fork()
        return [("ended with", 0 if pid == 0 else os.WEXITSTATUS(os.waitpid(pid, 0)[1]))]

@handler
def fork_while_encoding(): return Forking(filled=True)

@handler
def fork_and_die(ctx: Context):
    pid = os.fork()
    if pid == 0:
        ctx.progress()
        return "child"
    os.waitpid(pid, 0)
    os.kill(os.getpid(), signal.SIGKILL)

def tell():
    logging.getLogger("of.child").warning("told %s", "by the child")
    try:
        raise KeyError("in the child")
    except KeyError:
        logging.exception("failed")

@handler
def log_in_child():
    child = multiprocessing.get_context("fork").Process(target=tell)
    child.start()
    child.join()
    logging.warning("told by the worker")
    return child.exitcode

@handler
async def echo(value): return value
'''


class Forked(unittest.TestCase):
    def setUp(self) -> None:
        self.worker = WorkerProcess(HANDLERS)
        self.addCleanup(self.worker.close)
        self.worker.ready()

    def answer(self, handler: str, *args: Any) -> Any:
        self.worker.call(1, handler, *args)
        kind, body = self.worker.answer()
        self.assertEqual(kind, frames.REPLY, body)
        return body

    def test_a_child_that_comes_back_ends_and_says_so(self) -> None:
        for handler in ("fork", "fork_in_coroutine"):
            self.assertEqual(self.answer(handler, "returns"), ["worker", 0])
            self.assertEqual(self.answer("echo", 1), 1)

        _, err = self.worker.output()
        self.assertEqual(err.count("a forked child, came back out of the handler"), 2, err)
        self.assertNotIn("Traceback", err)

    def test_a_child_that_exits_has_its_own_status(self) -> None:
        for handler in ("fork", "fork_in_coroutine"):
            for how, status in ((0, 0), (None, 0), (3, 3), ("a reason", 1)):
                with self.subTest(handler, how=how):
                    self.assertEqual(self.answer(handler, how), ["worker", status])

        _, err = self.worker.output()
        self.assertEqual(err.splitlines(), ["a reason"] * 2)

    def test_a_child_that_raises_shows_what(self) -> None:
        for handler in ("fork", "fork_in_coroutine"):
            self.assertEqual(self.answer(handler, "raises"), ["worker", 1])

        _, err = self.worker.output()
        self.assertEqual(err.count("ValueError: of the child"), 2, err)
        self.assertEqual(err.count("a forked child, left the handler with an exception"), 2, err)

    def test_a_child_writes_nothing_on_the_worker_s_status_page(self) -> None:
        self.worker.call(7, "fork_and_die")

        self.assertTrue(self.worker.data.closed())
        self.assertEqual(self.worker.words()[:4], (1, 7, 0, 0))

    def test_a_child_forked_while_the_result_is_encoded_answers_nothing(self) -> None:
        self.assertEqual(self.answer("fork_while_encoding"), {"ended with": 0})

        _, err = self.worker.output()
        self.assertIn("a forked child, came back", err)
        self.assertNotIn("Traceback", err)

    def test_what_a_child_logs_goes_to_its_standard_error(self) -> None:
        self.assertEqual(self.answer("log_in_child"), 0)

        self.assertIn(b"told by the worker", self.worker.control.receive(frames.LOG).body)
        _, err = self.worker.output()
        self.assertIn("WARNING of.child: told by the child", err)
        self.assertIn("KeyError: 'in the child'", err)


class ForkedWhileLoading(unittest.TestCase):
    def load(self, how: str) -> Tuple[str, str]:
        """Return the output of a worker whose handlers fork a child while they are loaded, once it has served."""
        worker = WorkerProcess(HANDLERS, environment={"FORK_WHILE_LOADING": how})
        self.addCleanup(worker.close)
        worker.ready()
        worker.call(1, "echo", 5)
        self.assertEqual(worker.answer(), (frames.REPLY, 5))
        return worker.output()

    def test_a_child_that_comes_back_ends_and_says_so(self) -> None:
        out, err = self.load("comes back")

        self.assertIn("a child ended with 0", out)
        self.assertIn("a forked child, came back", err)
        self.assertNotIn("Traceback", err)

    def test_a_child_that_exits_has_its_own_status(self) -> None:
        out, err = self.load("exits")

        self.assertIn("a child ended with 5", out)
        self.assertEqual(err, "")


if __name__ == "__main__":
    unittest.main()
