"""Handlers that do what the tests need, beside those of the test kit: answer, fail, die."""

import logging
import os
import signal
import subprocess
import sys
import threading
import time

from vivarium_testkit import recorded, wait_for
from vivarium_worker import CallCancelled, Context, handler


@recorded
def keywords(**given):
    return given


@recorded
def pid() -> int:
    return os.getpid()


@recorded
def fail_because(message: str):
    try:
        {}["missing"]
    except KeyError as error:
        raise ValueError(message) from error


@recorded
def add(a: int, b: int) -> int:
    return a + b


@handler
def not_recorded(a: int, b: int) -> int:
    return a + b


@recorded
def about_me(ctx: Context) -> dict:
    ctx.progress()
    ctx.logger.info("about to answer")
    return {"call": ctx.call_id, "worker": ctx.worker_id, "remaining": ctx.remaining}


@recorded
def deadline(ctx: Context) -> int:
    return int((time.monotonic() + ctx.remaining) * 1e9)


@recorded
def noise(text: str) -> str:
    print(text)
    sys.stderr.write(text + "\n")
    os.write(1, b"raw bytes on descriptor 1\n")
    subprocess.run(["sh", "-c", "echo from a child; echo VIVA >&1"], check=True)
    return text


@recorded
def tell(records: int, lines: int):
    """Logs records, each by a logger of its own, and prints lines to both streams."""
    for i in range(records):
        logging.getLogger(f"made.up.{i}").warning("record %d", i)
    for i in range(lines):
        print("line", i, flush=True)
        print("line", i, file=sys.stderr, flush=True)


@recorded
def large(size: int) -> str:
    return "x" * size


@recorded
def unencodable():
    return {"deep": [1, {"here": object()}]}


@recorded
def exit_inside():
    sys.exit(3)


@recorded
def environment() -> dict:
    return dict(os.environ)


@recorded
def leave_child() -> int:
    """Leaves a child in a session of its own behind."""
    return subprocess.Popen(["sleep", "1000"], start_new_session=True).pid


@recorded
async def asynchronous(value):
    return value


def end(how: str):
    """Ends the process in a given way: an exit with a status, a signal, or none at all."""
    if how == "hang":
        sum(range(1 << 62))  # C code that looks at no signal and holds the interpreter lock.
    if how.startswith("exit"):
        os._exit(int(how[4:]))
    os.kill(os.getpid(), getattr(signal, how))
    threading.Event().wait()


@recorded
def end_here(how: str):
    end(how)


@recorded
def hang_here(marker: str):
    """Heeds no cancellation, and says when it has begun to."""
    open(marker, "w").close()
    end("hang")


@recorded
def die_once(marker: str):
    """Dies in the first call with this marker and answers in the second."""
    try:
        os.close(os.open(marker, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return "survived"
    end("SIGKILL")


class DeadlyMapping(dict):
    """Does something when it is encoded: after the handler has returned and before its answer is sent."""

    def __init__(self, action):
        super().__init__(a=1)
        self._action = action

    def items(self):
        self._action()
        return super().items()


@recorded
def die_in_the_reply(how: str):
    return DeadlyMapping(lambda: end(how))


@recorded
def hang_in_the_reply(marker: str):
    def hang():
        open(marker, "w").close()
        end("hang")

    return DeadlyMapping(hang)


@recorded
def die_after(gate: str, how: str):
    """Answers, and dies once the gate is open, when the worker is idle."""

    def wait_and_end():
        wait_for(gate)
        end(how)

    threading.Thread(target=wait_and_end, daemon=True).start()
    return "answered"


@recorded
def garble(text: str):
    """Writes onto the data channel behind the protocol's back."""
    for fd in range(200, 300):
        try:
            os.write(fd, text.encode())
        except OSError:
            continue  # It is the end that reads, or there is none.


def touched(size: int) -> bytearray:
    """Memory that is really there."""
    block = bytearray(size)
    block[::4096] = b"\1" * len(block[::4096])
    return block


@recorded
def hoard(size: int, gate: str) -> int:
    """Takes memory and waits."""
    block = touched(size)
    wait_for(gate)
    return len(block)


@recorded
def hoard_in_child(size: int, gate: str):
    """Has a child in a session of its own take memory, and waits."""
    program = "import signal, sys; b = bytes([1]) * int(sys.argv[1]); signal.pause()"
    subprocess.Popen([sys.executable, "-c", program, str(size)], start_new_session=True)
    wait_for(gate)


@recorded
def ask_for_too_much():
    return bytearray(1 << 62)


@handler
def cancel_itself():
    raise CallCancelled("nobody asked for it")


@recorded
def broken_in(slot: int, ctx: Context) -> str:
    """Raises at once in one worker, as where a device is gone; takes its time in the others."""
    if ctx.worker_id.endswith(f"/{slot}"):
        raise RuntimeError("no device")
    threading.Event().wait(0.01)
    return "done"


@recorded
def stalls(steps: int, ctx: Context) -> str:
    for _ in range(steps):
        ctx.progress()
    threading.Event().wait()


@recorded
def stalls_in(slot: int, ctx: Context) -> str:
    """Stalls in one worker; takes its time in the others."""
    if ctx.worker_id.endswith(f"/{slot}"):
        ctx.progress()
        threading.Event().wait()
    threading.Event().wait(0.01)
    return "done"


@recorded
def compute_for_ever() -> int:
    """C code that looks at no signal and holds the interpreter lock."""
    return sum(range(1 << 62))


@recorded
def compute_for_ever_and_ignore_sigterm() -> int:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    return sum(range(1 << 62))
