"""How a worker's process leaves."""

from __future__ import annotations

import os
import sys
from typing import NoReturn


def flush() -> None:
    """Write what the standard streams hold back, as far as they still can; the user may have replaced or closed them."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError, AttributeError):
            pass


def die(status: int, reason: BaseException) -> NoReturn:
    """Leave without running anything of the user's: exit hooks may hang, and nobody waits for them."""
    try:
        os.write(2, f"vivarium worker: {reason}\n".encode("utf-8", "replace"))
    except OSError:
        pass
    flush()
    os._exit(status)
