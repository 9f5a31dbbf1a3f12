"""The data channel of a worker: a pair of pipes, or a socket. See PROTOCOL.md, section 1."""

from __future__ import annotations

import fcntl
import os
import select
import socket
from typing import Callable, List, Optional, Sequence, Tuple

from .descriptors import own

_RECEIVE_BYTES = 256 * 1024

_PIPE_BYTES = 64 * 1024
"""What a pipe holds. The JVM counts on it: it waits for no worker to read a frame of half that size."""

_GET_PIPE_SIZE = 1032
"""``fcntl.F_GETPIPE_SZ``, which Python knows since 3.10."""


class DataChannel:
    """Reads and writes bytes; one thread at a time, the main one."""

    receive: Callable[[], bytes]
    """Wait for bytes and return them; empty at the end."""

    send: Callable[[bytes], None]
    """Write all of it."""

    close: Callable[[], None]

    incoming: int
    """The descriptor that bytes come from, to be waited for."""


class SocketChannel(DataChannel):
    """A channel that is one socket."""

    def __init__(self, sock: socket.socket) -> None:
        self.receive = lambda: sock.recv(_RECEIVE_BYTES)
        self.send = sock.sendall
        self.close = sock.close
        self.incoming = sock.fileno()


class PipeChannel(DataChannel):
    """A channel that is two pipes. They are quicker than a socket for what is small, which most calls are."""

    def __init__(self, incoming: int, outgoing: int) -> None:
        self._incoming = self.incoming = incoming
        self._outgoing = outgoing
        self.receive = self._first
        self.send = self._send
        self.close = self._close

    def _first(self) -> bytes:
        # Until the JVM has opened its end, reading would find an end where none is; the poll waits for the first bytes.
        waiting = select.poll()
        waiting.register(self._incoming, select.POLLIN)
        waiting.poll()
        read, incoming = os.read, self._incoming
        self.receive = lambda: read(incoming, _PIPE_BYTES)
        return self.receive()

    def _send(self, data: bytes) -> None:
        sent = os.write(self._outgoing, data)
        if sent < len(data):  # A signal came in between.
            rest = memoryview(data)
            while sent < len(data):
                sent += os.write(self._outgoing, rest[sent:])

    def _close(self) -> None:
        for fd in (self._incoming, self._outgoing):
            os.close(fd)


def take_over(descriptors: Sequence[int]) -> DataChannel:
    """Take over the channel that the guardian passes: one descriptor is a socket, two are pipes, that to the worker first."""
    if len(descriptors) == 1:
        return SocketChannel(socket.socket(fileno=own(descriptors[0])))
    incoming, outgoing = descriptors
    return PipeChannel(own(incoming), own(outgoing))


def make_pipes(incoming: str, outgoing: str) -> Optional[Tuple[int, int]]:
    """Make the pipes of a new worker, and return its ends of them. The JVM opens the others by these paths.

    Nothing here waits for the JVM. The end that the worker writes to can be read from as well, so that it is never without
    a reader, and what is written before the JVM comes is kept. Return None, and leave nothing, where pipes are too small:
    beyond 16,384 pages (``/proc/sys/fs/pipe-user-pages-soft``) a user's further ones hold 8 KiB.
    """
    for path in (incoming, outgoing):
        try:
            os.mkfifo(path, 0o600)
        except OSError as error:
            raise OSError(error.errno, error.strerror, path) from None
    opened = [os.open(incoming, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)]
    try:
        os.set_blocking(opened[0], True)
        opened.append(os.open(outgoing, os.O_RDWR | os.O_CLOEXEC))
        if all(_capacity(fd) >= _PIPE_BYTES for fd in opened):
            return opened[0], opened[1]
    except OSError:
        _close_all(opened)
        raise
    _close_all(opened)
    os.unlink(incoming)
    os.unlink(outgoing)
    return None


def _capacity(fd: int) -> int:
    """Return how many bytes a pipe holds."""
    return fcntl.fcntl(fd, _GET_PIPE_SIZE)


def _close_all(opened: List[int]) -> None:
    for fd in opened:
        os.close(fd)
