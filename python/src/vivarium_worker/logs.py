"""Log records to LOG frames on the control channel."""

from __future__ import annotations

import json
import logging
import socket
import sys
import threading
from typing import Callable

from . import errors, frames

_LEVELS = ((50, "CRITICAL"), (40, "ERROR"), (30, "WARNING"), (20, "INFO"))


class ControlChannel:
    """Writes to the control channel from any thread. What cannot be written at once waits only if it must."""

    def __init__(self, sock: socket.socket, incarnation: int) -> None:
        self._socket = sock
        self._incarnation = incarnation
        self._lock = threading.Lock()
        self._main_thread = threading.main_thread().ident
        self.dropped = 0
        self.writes_in_main = 0
        """Above 0 while the main thread writes: no exception may be raised in it, for the frame and the lock would be left half."""

    def answer(self, type: int, call_id: int) -> None:
        """Send an answer that must arrive; waits until it is written."""
        data = frames.encode(type, call_id, self._incarnation)
        with self._lock:
            self._socket.sendall(data)

    def offer(self, type: int, call_id: int, body: bytes) -> bool:
        """Send a frame if the JVM reads fast enough, else count it as dropped."""
        data = frames.encode(type, call_id, self._incarnation, body)
        if threading.get_ident() != self._main_thread:
            return self._offer(data)
        try:
            self.writes_in_main += 1
            return self._offer(data)
        finally:
            self.writes_in_main = 0

    def _offer(self, data: bytes) -> bool:
        if not self._lock.acquire(timeout=0.05):
            self.dropped += 1
            return False
        try:
            try:
                sent = self._socket.send(data, socket.MSG_DONTWAIT)
            except (BlockingIOError, InterruptedError):
                self.dropped += 1
                return False
            if sent < len(data):
                # Half a frame would garble the channel, so the rest has to follow.
                self._socket.sendall(data[sent:])
            return True
        finally:
            self._lock.release()


class LogHandler(logging.Handler):
    """Sends records to the JVM; never raises into the code that logs."""

    def __init__(self, channel: ControlChannel, current_call: Callable[[], int]) -> None:
        super().__init__()
        self._channel = channel
        self._current_call = current_call
        self._told = 0
        self._is_child = False

    def install(self) -> None:
        """Have this process log through it alone, from level INFO on, and its warnings as well."""
        root = logging.getLogger()
        root.handlers[:] = [self]
        root.setLevel(logging.INFO)
        logging.captureWarnings(True)

    def become_child(self) -> None:
        """Write records to standard error from now on: a forked child has no channel, but its output is captured."""
        self._is_child = True
        self.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))

    def handle(self, record: logging.LogRecord) -> bool:
        """Send a record that passes the filters. Without a lock, which an exception raised by a signal might leave locked."""
        found = self.filter(record)
        if found:
            self.emit(found if isinstance(found, logging.LogRecord) else record)
        return bool(found)

    def emit(self, record: logging.LogRecord) -> None:
        """Send one record."""
        try:
            if self._is_child:
                sys.stderr.write(self.format(record) + "\n")
                return
            level = next((name for number, name in _LEVELS if record.levelno >= number), "DEBUG")
            exception = ""
            if record.exc_info and record.exc_info[0] is not None:
                exception = logging.Formatter().formatException(record.exc_info)
            dropped = self._channel.dropped
            body = json.dumps(
                {
                    "level": level,
                    "logger": errors.cut(record.name),
                    "message": errors.cut(record.getMessage()),
                    "exception": errors.cut(exception),
                    "dropped": dropped - self._told,
                }
            ).encode()
            if self._channel.offer(frames.LOG, self._current_call(), body):
                self._told = dropped
        except Exception:  # Logging must never harm the code that logs.
            self._channel.dropped += 1
