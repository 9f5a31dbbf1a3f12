"""Handlers that are told something, and remember it for as long as their process lives."""

import os
import threading

from vivarium_testkit import recorded
from vivarium_worker import Context

values = {}
times = {}


def _slot(ctx: Context) -> int:
    return int(ctx.worker_id.rsplit("/", 1)[1])


def _put(name, value):
    values[name] = value
    times[name] = times.get(name, 0) + 1
    return value


@recorded
def put(name, value):
    return _put(name, value)


@recorded
def put_rising(name, value):
    """Set a value, and refuse one that is older than the present."""
    if value < values.get(name, value):
        raise ValueError(f"{value} after {values[name]}")
    return _put(name, value)


@recorded
def put_unless(path, name, value):
    if os.path.exists(path):
        raise ValueError(f"there is {os.path.basename(path)}")
    return _put(name, value)


@recorded
def put_not_in(slot, name, value, ctx: Context):
    if _slot(ctx) == slot:
        raise ValueError(f"not in {slot}")
    return _put(name, value)


@recorded
def value(name):
    return values.get(name)


@recorded
def times_put(name):
    return times.get(name, 0)


@recorded
def stuck_in(slot, ctx: Context):
    if _slot(ctx) == slot:
        threading.Event().wait()
    return "free"
