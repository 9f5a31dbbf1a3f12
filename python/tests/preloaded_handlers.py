"""Handlers that know in which process they were loaded."""

import os

PID = os.getpid()


def loaded_in() -> int:
    return PID
