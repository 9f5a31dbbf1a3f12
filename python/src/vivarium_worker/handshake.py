"""What a worker says of itself before it is told what to load. See PROTOCOL.md, section 4."""

from __future__ import annotations

import os
import platform
import signal
import sys
import time
from typing import Any, Dict

from . import codec, frames

FEATURES = ["cancel", "log", "progress", "sessions"]

# A real-time signal, which user code is unlikely to use, where there are such signals.
CANCEL_SIGNAL = signal.SIGRTMIN + 7 if hasattr(signal, "SIGRTMIN") else signal.SIGUSR1

# On it the process writes what its threads do.
STACKS_SIGNAL = CANCEL_SIGNAL + 1 if hasattr(signal, "SIGRTMIN") else int(signal.SIGUSR2)


def hello() -> Dict[str, Any]:
    """Return the body of a worker's HELLO."""
    accelerators = {}
    if codec.orjson is not None:
        accelerators["orjson"] = str(codec.orjson.__version__)
    return {
        "versions": [frames.VERSION],
        "codecs": [codec.NAME],
        "features": FEATURES,
        "pid": os.getpid(),
        "implementation": sys.implementation.name,
        "python": platform.python_version(),
        "runtime": "0.1.0",
        "stacksSignal": STACKS_SIGNAL,
        "monotonicNanos": time.monotonic_ns(),
        "accelerators": accelerators,
    }
