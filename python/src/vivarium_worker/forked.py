"""Processes that user code forks off a worker without exec: they hold the worker's memory, but they are not the worker.

``multiprocessing`` ends its own by itself. A bare ``os.fork`` in a handler returns twice, and the child comes back out of
the handler as the worker does. It must not answer the call, which is the worker's.
"""

from __future__ import annotations

import os
import sys
import traceback
from typing import NoReturn, Optional

_STATUS_OF_EXCEPTION = 1  # Python's own, for an exception that nobody caught.


def end_child(error: Optional[BaseException]) -> NoReturn:
    """End a forked child with the status that it would have as a script.

    Nothing of the user's is run any more, as at the end of a worker: exit hooks were registered for the worker.
    """
    status = _STATUS_OF_EXCEPTION
    try:
        status = _tell(error)
    except BaseException:  # The exception and the streams are the user's.
        pass
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BaseException:
            pass
    os._exit(status & 0xFF)


def _tell(error: Optional[BaseException]) -> int:
    """Say on standard error how a child ended, unless it called ``sys.exit``; return its exit status."""
    # Not isinstance, which asks the exception's own __class__.
    if error is not None and issubclass(type(error), SystemExit):
        code = error.code  # type: ignore[attr-defined]
        if code is None or isinstance(code, int):
            return int(code or 0)
        print(code, file=sys.stderr)
        return _STATUS_OF_EXCEPTION
    if error is None:
        what, status = "came back out of the handler", 0
    else:
        traceback.print_exception(type(error), error, error.__traceback__)
        what, status = "left the handler with an exception", _STATUS_OF_EXCEPTION
    sys.stderr.write(
        f"vivarium worker: process {os.getpid()}, a forked child, {what}, and ends here with status {status}. "
        "Only the worker itself answers the call; end a child with os._exit.\n"
    )
    return status
