"""Handlers of the JVMs that scripts/orphans kills."""

import ctypes
import os
import subprocess

from vivarium_worker import handler


@handler
def pid() -> int:
    return os.getpid()


@handler
def leave_child() -> int:
    """Leaves a child in a session of its own behind."""
    return subprocess.Popen(["sleep", "1000"], start_new_session=True).pid


@handler
def spin():
    while True:
        pass


@handler
def hold_the_lock():
    ctypes.PyDLL(None).pause()
