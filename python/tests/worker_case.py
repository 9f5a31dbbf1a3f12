"""A worker process with the handlers that the tests of the runtime call."""

from __future__ import annotations

import unittest

from .support import WorkerProcess

HANDLERS = '''
import asyncio, ctypes, logging, os, select, signal, subprocess, sys, threading, time
from vivarium_worker import CallCancelled, Context, RetryAfter, handler

print("noise while importing")
cleaned = []

@handler
def echo(value=None): return value

@handler
def fail(): raise ValueError("no luck") from KeyError("root")

@handler
def not_yet(seconds): raise RetryAfter(seconds, "busy") from KeyError("root")

@handler
async def not_yet_either(seconds): raise RetryAfter(seconds, "busy")

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
def until_a_signal(): signal.pause()

@handler
def spin():
    while True: pass

@handler
def never_ends_in_c(): return sum(range(1 << 62))

@handler
def deep_sleep(seconds):
    select.select([], [], [], seconds)
    return "slept"

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
def deadline(ctx: Context): return [time.monotonic(), ctx.remaining, time.monotonic()]

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
