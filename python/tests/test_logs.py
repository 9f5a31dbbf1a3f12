"""The control channel, and records of the logging module on it."""

from __future__ import annotations

import logging
import socket
import threading
import unittest
from typing import Any, List

from . import support  # noqa: F401
from vivarium_worker import frames
from vivarium_worker.logs import ControlChannel, LogHandler


class AControlChannel(unittest.TestCase):
    def setUp(self) -> None:
        self.ours, theirs = socket.socketpair()
        self.addCleanup(self.ours.close)
        self.addCleanup(theirs.close)
        self.channel = ControlChannel(theirs, 1)
        self.seen: List[int] = []
        offer = self.channel._offer

        def watched(data: bytes) -> bool:
            self.seen.append(self.channel.writes_in_main)
            return offer(data)

        self.channel._offer = watched  # type: ignore[method-assign]

    def test_shows_that_the_main_thread_writes_so_that_nothing_is_raised_in_it(self) -> None:
        self.assertTrue(self.channel.offer(frames.LOG, 0, b"{}"))

        self.assertEqual(self.seen, [1])
        self.assertEqual(self.channel.writes_in_main, 0)

    def test_does_not_show_the_writing_of_other_threads(self) -> None:
        thread = threading.Thread(target=self.channel.offer, args=(frames.LOG, 0, b"{}"))
        thread.start()
        thread.join()

        self.assertEqual(self.seen, [0])

    def test_shows_it_no_longer_when_the_writing_fails(self) -> None:
        def failing(data: bytes) -> Any:
            raise OSError("gone")

        self.channel._offer = failing  # type: ignore[method-assign]
        with self.assertRaises(OSError):
            self.channel.offer(frames.LOG, 0, b"{}")

        self.assertEqual(self.channel.writes_in_main, 0)


class ALogHandler(unittest.TestCase):
    def test_sends_what_passes_its_filters_without_a_lock(self) -> None:
        ours, theirs = socket.socketpair()
        self.addCleanup(ours.close)
        self.addCleanup(theirs.close)
        handler = LogHandler(ControlChannel(theirs, 1), lambda: 7)
        handler.addFilter(lambda record: record.levelno > logging.INFO)
        handler.acquire()  # As an exception that a signal raises would leave it.
        passed: List[bool] = []

        def log() -> None:
            for level in (logging.INFO, logging.ERROR):
                passed.append(handler.handle(logging.LogRecord("x", level, "f", 1, "m", None, None)))

        thread = threading.Thread(target=log)
        thread.start()
        thread.join(30)

        self.assertEqual(passed, [False, True])
        self.assertIn(b'"level": "ERROR"', ours.recv(65536))
