"""What a spare does while it waits: the steps of a worker's start, once through.

A forked process shares its memory until it writes to it, and Python writes to almost everything that it uses, be it only
a count of references. The kernel then copies page by page, which is most of what the start of a forked worker takes.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import threading

from . import codec, frames
from .handshake import hello
from .loading import describe, load

_HANDLERS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "rehearsed.py")


def rehearse() -> None:
    """Start a thread, load a handler, run a call; nothing of it stays but the memory that it has touched."""
    thread = threading.Thread(target=hello, name="vivarium-rehearsal", daemon=True)
    thread.start()
    thread.join()
    path, modules = list(sys.path), set(sys.modules)
    handlers = load([_HANDLERS])
    sys.path[:] = path
    for name in set(sys.modules) - modules:
        del sys.modules[name]
    json.loads(describe(handlers.values(), 0, frames.Limits().body))
    json.loads(json.dumps(hello()).encode())
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(frames.encode(frames.CALL, 1, 1, b'["rehearsed", ["hello"], {}]'))
        for frame in frames.Decoder().feed(ours.recv(1024)):
            name, arguments, _ = codec.loads(frame.body)
            codec.dumps(handlers[name].function(*arguments), frames.Limits().body)
