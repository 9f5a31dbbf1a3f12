"""Handlers that do what the tests need: answer, fail, wait, die."""

import ctypes
import os
import signal
import subprocess
import sys
import threading

from vivarium_worker import CallCancelled, Context, handler


@handler
def echo(value=None, **keywords):
    return keywords if keywords else value


@handler
def pid() -> int:
    return os.getpid()


@handler
def fail(message: str):
    try:
        {}["missing"]
    except KeyError as error:
        raise ValueError(message) from error


@handler
def add(a: int, b: int) -> int:
    return a + b


@handler
def about_me(ctx: Context) -> dict:
    ctx.progress()
    ctx.logger.info("about to answer")
    return {"call": ctx.call_id, "worker": ctx.worker_id, "remaining": ctx.remaining}


@handler
def wait_for_ever():
    threading.Event().wait()


@handler
def stubborn():
    """Goes on after a cancellation, in C code that holds the interpreter lock."""
    hold_the_lock()


@handler
def hold_the_lock():
    ctypes.PyDLL(None).pause()


@handler
def die(how: str):
    if how == "exit0":
        os._exit(0)
    if how == "exit1":
        os._exit(1)
    if how == "exit137":
        os._exit(137)
    os.kill(os.getpid(), getattr(signal, how))
    threading.Event().wait()


@handler
def die_once(marker: str, how: str):
    """Dies in the first call with this marker and answers in the second."""
    try:
        os.close(os.open(marker, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return "survived"
    die(how)


@handler
def noise(text: str) -> str:
    print(text)
    sys.stderr.write(text + "\n")
    os.write(1, b"raw bytes on descriptor 1\n")
    subprocess.run(["sh", "-c", "echo from a child; echo VIVA >&1"], check=True)
    return text


@handler
def large(size: int) -> str:
    return "x" * size


@handler
def unencodable():
    return {"deep": [1, {"here": object()}]}


@handler
def exit_inside():
    sys.exit(3)


@handler
def environment() -> dict:
    return dict(os.environ)


@handler
def leave_child() -> int:
    """Leaves a child in a session of its own behind."""
    return subprocess.Popen(["sleep", "1000"], start_new_session=True).pid


@handler
async def asynchronous(value):
    return value


@handler
def spin():
    while True:
        pass


class DeadlyMapping(dict):
    """Dies when it is encoded: after the handler has returned and before its answer is sent."""

    def __init__(self, how):
        super().__init__(a=1)
        self._how = how

    def items(self):
        end(self._how)
        return super().items()


def end(how: str):
    if how == "hang":
        hold_the_lock()
    die(how)


@handler
def die_in_the_reply(how: str):
    return DeadlyMapping(how)


@handler
def die_soon(how: str):
    """Answers, and dies a moment later, when the worker is idle."""
    threading.Timer(0.05, end, [how]).start()
    return "answered"


@handler
def end_here(how: str):
    end(how)


@handler
def garble(text: str):
    """Writes onto the data channel behind the protocol's back."""
    for fd in range(200, 300):
        try:
            os.write(fd, text.encode())
        except OSError:
            return


@handler
def cancel_itself():
    raise CallCancelled("nobody asked for it")
