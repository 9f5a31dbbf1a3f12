"""Handlers that get bytes and arrays, keep them, and make new ones."""

import os
import signal

kept = []


def same(value):
    return value


def size(value):
    return memoryview(value).nbytes


def keep(value):
    kept.append(memoryview(value)[:10])
    return len(kept)


def what_was_kept():
    return [bytes(part) for part in kept]


def fresh(count, fill):
    return bytes([fill]) * count


def keep_and_raise(value):
    kept.append(value)
    raise ValueError(f"{len(value)} bytes")


def in_a_child(value):
    """Return what a forked child sees of its parent's argument."""
    reading, writing = os.pipe()
    if os.fork() == 0:
        os.write(writing, bytes(value[:1]))
        os._exit(0)
    os.close(writing)
    seen = os.read(reading, 1)
    os.close(reading)
    os.wait()
    return seen


def die_with(value):
    os.kill(os.getpid(), signal.SIGKILL)


def kind(value):
    return [type(value).__name__, getattr(value, "readonly", None)]
