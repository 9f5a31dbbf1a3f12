"""The process of a worker, from its arguments to its exit status."""

from __future__ import annotations

import argparse
import errno
import faulthandler
import os
import socket
import sys
from typing import List, NamedTuple, NoReturn, Optional

from . import frames
from .data import take_over
from .descriptors import TooFewDescriptors, own
from .ending import die, flush
from .forked import end_child
from .loading import Loaded
from .runtime import EXIT_DEFECT, EXIT_PROTOCOL, Worker
from .status import VIOLATED, StatusPage


class Start(NamedTuple):
    """What a worker is started with: who it is, and the descriptors that the guardian has opened for it."""

    slot: int
    incarnation: int
    data: List[int]
    """One socket, or two pipes: incoming, outgoing."""
    control: int
    stacks: int
    status_page: str


def main(argv: List[str]) -> NoReturn:
    """Run a worker with the descriptors that the guardian passed."""
    parser = argparse.ArgumentParser(prog="vivarium_worker_main")
    for option in ("--slot", "--incarnation", "--control-fd", "--stacks-fd"):
        parser.add_argument(option, type=int, required=True)
    parser.add_argument("--data-fd", required=True, help="one descriptor, or two with a comma: incoming, outgoing")
    parser.add_argument("--status-page", required=True)
    options = parser.parse_args(argv)
    data = [int(fd) for fd in options.data_fd.split(",")]
    prepare()
    run(Start(options.slot, options.incarnation, data, options.control_fd, options.stacks_fd, options.status_page))


def prepare() -> None:
    """Set this process up as a worker's, before any code of the user's runs in it."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True, errors="backslashreplace")  # type: ignore[union-attr]
    faulthandler.enable()
    if hasattr(sys, "set_int_max_str_digits"):
        # Integers are exact at any size, and in JSON they are text; what bounds them is the limit of a frame.
        sys.set_int_max_str_digits(0)


def run(start: Start, loaded: Optional[Loaded] = None) -> NoReturn:
    """Be a worker until it is done; ``loaded`` is what has been loaded before this process was made."""
    worker: Optional[Worker] = None
    try:
        data = take_over(start.data)
        control = socket.socket(fileno=own(start.control))
        stacks = socket.socket(fileno=own(start.stacks))
        page = StatusPage(start.status_page, start.slot, start.incarnation)
        worker = Worker(data, control, stacks, page, start.incarnation, loaded)
        status = worker.run()
    except frames.Violation as violation:
        page.stage(VIOLATED)
        die(EXIT_PROTOCOL, violation)
    except TooFewDescriptors as reason:
        die(EXIT_DEFECT, reason)
    except (BrokenPipeError, ConnectionResetError):
        status = 0
    except BaseException as error:
        if worker is not None and worker.is_forked:
            # It was forked where a handler is loaded or a result encoded, and came as far as a channel, which is closed.
            end_child(None if getattr(error, "errno", 0) == errno.EBADF else error)
        import traceback

        traceback.print_exc()
        flush()
        os._exit(EXIT_DEFECT)
    # Threads and exit hooks of the user's must not keep a worker that is done.
    flush()
    os._exit(status)
