"""Handlers of scripts/storm. They keep a record of their own of what was executed, which no reply has a part in.

STORM_FOLDER names a folder with two others: in ``record`` each process writes a line for every start and end of a call, in
``claims`` a fault leaves a file when it lands, so that a call that is sent again is not hit again.
"""

import asyncio
import ctypes
import hashlib
import os
import select

from vivarium_worker import handler

FOLDER = os.environ["STORM_FOLDER"]
STDOUT_BYTES = int(os.environ["STORM_STDOUT_BYTES"])
BALLOON_BYTES = int(os.environ["STORM_BALLOON_BYTES"])
LEFT_BY_FAULT = 86

_record = os.open(os.path.join(FOLDER, "record", str(os.getpid())), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)


def note(what: str, token: str) -> None:
    """Write one line with one system call: what is written so survives SIGKILL, and is never half a line."""
    os.write(_record, f"{what} {token}\n".encode())


def toil(rounds: int) -> None:
    digest = b""
    for _ in range(rounds):
        digest = hashlib.sha256(digest).digest()


def claim(fault: str) -> bool:
    """Say that this fault lands now. False when it did in an earlier attempt of the call."""
    try:
        os.close(os.open(os.path.join(FOLDER, "claims", fault), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        return False
    return True


def flood() -> None:
    """Write to standard output as C code would, past Python's own buffers."""
    lines = (b"x" * 99 + b"\n") * 655
    left = STDOUT_BYTES
    while left > 0:
        left -= os.write(1, lines[: min(left, len(lines))])


def inflate() -> None:
    """Take memory page by page, hold all of it, and let it go."""
    step = 32 * 1024 * 1024
    held = []
    for start in range(0, BALLOON_BYTES, step):
        part = bytearray(min(step, BALLOON_BYTES - start))
        part[::4096] = b"x" * len(part[::4096])
        held.append(part)


def hang_in_c() -> None:
    """Wait for a lock that this thread has, in C, with the interpreter lock held. No signal handler ends this."""
    native = ctypes.PyDLL(None)
    lock = ctypes.create_string_buffer(128)
    native.pthread_mutex_lock(lock)
    native.pthread_mutex_lock(lock)


def befall(fault: str) -> None:
    kind = fault.partition(".")[0]
    if not claim(fault):
        return
    if kind == "SIGSEGV":
        ctypes.string_at(0)
    elif kind == "EXIT":
        os._exit(LEFT_BY_FAULT)
    elif kind == "HANG_PYTHON":
        while True:
            pass
    elif kind == "HANG_C":
        hang_in_c()
    elif kind == "STDOUT":
        flood()
    elif kind == "BALLOON":
        inflate()
    else:
        raise ValueError(f"no fault of a handler: {fault}")
    claim(fault + ".done")


@handler
def work(token: str, rounds: int, fault: str = "") -> str:
    """Compute for a while and return the token; what befalls it on the way is the fault's business."""
    note("S", token)
    if fault:
        befall(fault)
    toil(rounds)
    note("F", token)
    return token


@handler
def linger(token: str, how: str, rounds: int) -> str:
    """Spend time in one of several ways, each of which a cancel has to get out of."""
    note("S", token)
    seconds = rounds / 1_000_000
    if how == "loop":
        toil(rounds)
    elif how == "wait":
        select.select([], [], [], seconds)
    elif how == "native":
        hashlib.sha256(bytes(rounds * 500)).digest()
    elif how == "cleanup":
        try:
            toil(rounds)
        finally:
            toil(rounds // 4)
    else:
        raise ValueError(f"no way to linger: {how}")
    note("F", token)
    return token


@handler
async def linger_async(token: str, rounds: int) -> str:
    note("S", token)
    try:
        await asyncio.wait_for(asyncio.Event().wait(), rounds / 1_000_000)
    except asyncio.TimeoutError:
        pass
    note("F", token)
    return token
