"""A worker whose data channel is two pipes, with a real guardian and a test in the place of the JVM."""

from __future__ import annotations

import os
import select
import signal
import tempfile
import unittest
from typing import Any, Dict, List, Tuple
from unittest import mock

from .support import DEADLINE_S, Peer, frames
from .test_guardian import GuardianTest
from vivarium_worker import data


class PipeEnds:
    """The JVM's ends of a worker's pipes, used like a socket."""

    def __init__(self, paths: List[str]) -> None:
        # Both are held by the worker, so that opening them does not wait.
        self._out = os.open(paths[0], os.O_WRONLY)
        self._in = os.open(paths[1], os.O_RDONLY)
        self.is_open = True

    def fileno(self) -> int:
        return self._in

    def sendall(self, data: bytes) -> None:
        while data:
            data = data[os.write(self._out, data) :]

    def recv(self, most: int) -> bytes:
        return os.read(self._in, most)

    def close(self) -> None:
        if self.is_open:
            self.is_open = False
            os.close(self._out)
            os.close(self._in)


class ADataChannelOfPipes(GuardianTest):
    def spawn(self, incarnation: int = 1) -> Tuple[Dict[str, Any], List[str]]:
        folder = self.jvm.directory
        paths = [os.path.join(folder, f"1.{incarnation}.in"), os.path.join(folder, f"1.{incarnation}.out")]
        self.jvm.request(1, incarnation, pipes=paths)
        kinds = {self.jvm.accepted(1, incarnation) for _ in range(4)}
        self.assertEqual(kinds, {"control", "stdout", "stderr", "stacks"})
        return self.jvm.peer.body(frames.SPAWNED), paths

    def worker(self, incarnation: int = 1) -> Tuple[int, Peer]:
        spawned, paths = self.spawn(incarnation)
        self.assertIs(spawned["pipes"], True)
        ends = PipeEnds(paths)
        self.addCleanup(ends.close)
        peer = Peer(ends, incarnation)  # type: ignore[arg-type]
        peer.receive(frames.HELLO)
        peer.send(frames.HELLO, body={
            "version": 1, "codec": "json", "features": [], "pool": "test", "worker": "test/1",
            "handlers": [self.handlers], "pythonPath": [],
            "limits": {"maxBodyBytes": 1 << 24, "maxAttachmentsBytes": 0, "maxAttachmentCount": 0}})
        peer.receive(frames.READY)
        return spawned["pid"], peer

    @staticmethod
    def rests(pid: int) -> str:
        """Wait until a process does not run any more; return what it does instead."""
        while True:
            with open(f"/proc/{pid}/stat") as file:
                state = file.read().rpartition(")")[2].split()[0]
            if state != "R":
                return state

    def test_carries_calls_and_answers(self) -> None:
        _, peer = self.worker()

        peer.send(frames.CALL, 1, ["echo", ["x"], {}])

        self.assertEqual(peer.body(frames.REPLY), "x")

    def test_carries_what_is_larger_than_a_pipe(self) -> None:
        _, peer = self.worker()
        large = "x" * 3_000_000

        peer.send(frames.CALL, 1, ["echo", [large], {}])

        self.assertEqual(peer.body(frames.REPLY), large)

    def test_waits_for_a_jvm_that_opens_its_ends_late(self) -> None:
        spawned, paths = self.spawn()
        listening = os.open(paths[1], os.O_RDONLY)
        self.addCleanup(os.close, listening)

        self.assertTrue(select.select([listening], [], [], DEADLINE_S)[0])  # It has said HELLO, and waits for the answer.

        self.assertEqual(self.rests(spawned["pid"]), "S")
        ends = PipeEnds(paths)
        self.addCleanup(ends.close)
        self.assertEqual(Peer(ends, 1).body(frames.HELLO)["pid"], spawned["pid"])  # type: ignore[arg-type]

    def test_ends_its_worker_when_the_jvm_closes_it(self) -> None:
        pid, peer = self.worker()

        peer.socket.close()

        exited = self.jvm.peer.body(frames.EXITED)
        self.assertEqual((exited["pid"], exited["status"]), (pid, 0))

    def test_ends_when_its_worker_is_killed(self) -> None:
        _, peer = self.worker()

        self.jvm.signal(1, 1, signal.SIGKILL)

        self.assertTrue(peer.closed())

    def test_is_refused_where_there_is_something_of_that_name(self) -> None:
        path = os.path.join(self.jvm.directory, "1.1.in")
        with open(path, "w") as taken:
            taken.write("not a pipe")

        self.jvm.request(1, 1, pipes=[path, path + ".out"])

        refused = self.jvm.peer.body(frames.REFUSED)
        self.assertIn(path, refused["reason"])


class PipesThatHoldLittle(unittest.TestCase):
    def test_are_not_taken_and_leave_nothing(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            before = os.listdir("/proc/self/fd")
            with mock.patch.object(data, "_capacity", lambda fd: 8192):  # What root's pipes never are.
                made = data.make_pipes(os.path.join(folder, "in"), os.path.join(folder, "out"))

            self.assertIsNone(made)
            self.assertEqual(os.listdir(folder), [])
            self.assertEqual(os.listdir("/proc/self/fd"), before)

    def test_are_known_by_their_size(self) -> None:
        reading, writing = os.pipe()
        try:
            self.assertEqual(data._capacity(reading), 65536)
        finally:
            os.close(reading)
            os.close(writing)


del GuardianTest
