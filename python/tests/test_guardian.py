"""The guardian, with a test in the place of the JVM."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import unittest
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple
from unittest import mock

from .support import COMPILED, DEADLINE_S, HERE, SRC, Peer, await_end, frames, is_living
from vivarium_worker import guardian, inplace, processes

SECRET = "0123456789abcdef0123456789abcdef"

ENVIRONMENT = {"PATH": os.environ["PATH"], "PYTHONPYCACHEPREFIX": COMPILED}


PLACEHOLDER = inplace.WORKER
"""What a process carries that was forked off a template and is no worker yet."""


def template(**changes: Any) -> Dict[str, Any]:
    """Return settings of a template that the workers of a FakeJvm are forked from."""
    return dict({"environment": ENVIRONMENT, "directory": None, "interpreterArguments": [], "pythonPath": [], "preload": [],
                 "handlers": [], "forkSafe": [], "spares": 1, "loadMillis": 60_000}, **changes)


HANDLERS = '''
import os, signal, subprocess, threading
def echo(value): return value
def die(status): os._exit(status)
def child(): return subprocess.Popen(["sleep", "1000"], start_new_session=True).pid
def spin():
    while True: pass
'''


class FakeJvm:
    """Listens, starts a guardian, accepts its connections."""

    def __init__(self, run: str, directory: str, *wrapper: str, memory: Any = None, template: Any = None,
                 shared_memory: Sequence[str] = ()) -> None:
        self.directory = directory
        self.environment = ENVIRONMENT
        self.peers: List[Peer] = []
        os.makedirs(directory, exist_ok=True)
        self.socket_path = os.path.join(directory, "socket")
        self.server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.server.bind(self.socket_path)
        self.server.listen(64)
        self.server.settimeout(DEADLINE_S)
        self.page = os.path.join(directory, "status")
        with open(self.page, "wb") as page:
            page.write(bytes(64 * 8))
        self.guardian = subprocess.Popen(
            [sys.executable, "-I", "-S", "-B", *wrapper, os.path.join(SRC, "vivarium_guardian.py")],
            stdin=subprocess.PIPE,
            env=dict(os.environ, VIVARIUM_RUN=run),
        )
        settings = {"socket": self.socket_path, "secret": SECRET, "run": run, "directory": directory,
                    "jvm": os.getpid(), "pool": "test", "memory": memory, "template": template,
                    "sharedMemory": shared_memory}
        assert self.guardian.stdin is not None
        self.guardian.stdin.write(json.dumps(settings).encode() + b"\n")
        self.guardian.stdin.flush()
        kind, _, _, self.peer = self.accept()
        assert kind == "guardian", kind
        self.hello = self.peer.body(frames.HELLO)
        if template is not None:
            self.template = self.await_template()

    def await_template(self) -> Any:
        """Wait until a template is ready, or is not to be had; return what is said of it."""
        self.template_output = [self.accept() for _ in range(2)]
        assert [kind for kind, *_ in self.template_output] == ["stdout", "stderr"], self.template_output
        self.peers.extend(peer for *_, peer in self.template_output)
        return self.peer.body(frames.TEMPLATE)

    def accept(self) -> Tuple[str, int, int, Peer]:
        connection, _ = self.server.accept()
        peer = Peer(connection)
        frame = peer.receive(frames.ATTACH)
        body = json.loads(frame.body)
        assert body["secret"] == SECRET
        return body["kind"], body["slot"], frame.incarnation, peer

    def request(self, slot: int, incarnation: int, **changes: Any) -> None:
        request = {"slot": slot, "environment": self.environment, "directory": None,
                   "statusPage": self.page, "interpreterArguments": []}
        request.update(changes)
        self.peer.incarnation = incarnation
        self.peer.send(frames.SPAWN, 1, request)

    def accepted(self, slot: int, incarnation: int) -> str:
        """Accept a connection of a worker's and return what it is for."""
        kind, to_slot, of, peer = self.accept()
        assert (to_slot, of) == (slot, incarnation)
        self.peers.append(peer)
        return kind

    def spawn(self, slot: int, incarnation: int, **changes: Any) -> Dict[str, Peer]:
        self.request(slot, incarnation, **changes)
        opened = {}
        for _ in range(5):
            kind, to_slot, of, peer = self.accept()
            assert (to_slot, of) == (slot, incarnation)
            peer.incarnation = incarnation
            opened[kind] = peer
        self.peers.extend(opened.values())
        return opened

    def worker(self, slot: int, incarnation: int, handlers: str, path: Sequence[str] = ()) -> Tuple[int, Dict[str, Peer]]:
        """Start a worker and bring it to where it takes calls."""
        channels = self.spawn(slot, incarnation)
        pid = self.peer.body(frames.SPAWNED)["pid"]
        channels["data"].receive(frames.HELLO)
        channels["data"].send(frames.HELLO, body={
            "version": 1, "codec": "json", "features": [], "pool": "test", "worker": f"test/{slot}",
            "handlers": [handlers], "pythonPath": list(path),
            "limits": {"maxBodyBytes": 1 << 20, "maxAttachmentsBytes": 0, "maxAttachmentCount": 0}})
        channels["data"].receive(frames.READY)
        return pid, channels

    def signal(self, slot: int, incarnation: int, number: int, scope: str = "process") -> None:
        self.peer.incarnation = incarnation
        self.peer.send(frames.SIGNAL, 5, {"slot": slot, "signal": int(number), "scope": scope})

    def close(self) -> None:
        assert self.guardian.stdin is not None
        self.guardian.stdin.close()
        self.guardian.wait(DEADLINE_S)
        self.server.close()
        for peer in [self.peer, *self.peers]:
            peer.socket.close()


@unittest.skipUnless(sys.platform.startswith("linux"), "the guardian's promises are Linux's")
class GuardianTest(unittest.TestCase):
    WRAPPER: Tuple[str, ...] = ()
    MEMORY: Any = None
    TEMPLATE: Any = None
    HANDLERS = HANDLERS

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.handlers = os.path.join(self.folder, "guarded_handlers.py")
        with open(self.handlers, "w") as file:
            file.write(self.HANDLERS)
        self.run_id = os.urandom(16).hex()
        self.jvm = FakeJvm(self.run_id, os.path.join(self.folder, "private"), *self.WRAPPER, memory=self.MEMORY,
                           template=self.TEMPLATE)
        self.addCleanup(self.jvm.close)

    def call(self, channels: Dict[str, Peer], handler: str, *args: Any) -> None:
        channels["data"].send(frames.CALL, 1, [handler, list(args), {}])


class Reaping(GuardianTest):
    def test_reports_the_raw_status_of_each_end(self) -> None:
        for incarnation, (status, expected) in enumerate([(0, 0), (1, 256), (137, 137 << 8)], start=1):
            _, channels = self.jvm.worker(1, incarnation, self.handlers)
            self.call(channels, "die", status)

            self.assertEqual(self.jvm.peer.body(frames.EXITED)["status"], expected)
        for incarnation, number in enumerate([signal.SIGKILL, signal.SIGSEGV, signal.SIGTERM], start=4):
            self.jvm.worker(1, incarnation, self.handlers)
            self.jvm.signal(1, incarnation, number)

            self.assertEqual(self.jvm.peer.body(frames.EXITED)["status"] & 0x7F, number)

    def test_kills_what_a_dead_worker_left_in_a_session_of_its_own(self) -> None:
        _, channels = self.jvm.worker(1, 1, self.handlers)
        self.call(channels, "child")
        child = channels["data"].body(frames.REPLY)
        self.assertTrue(is_living(child))

        self.jvm.signal(1, 1, signal.SIGKILL)

        self.assertEqual(self.jvm.peer.body(frames.EXITED)["orphansKilled"], 1)
        # It has been killed; that it has left the process table is the kernel's next step.
        await_end(child)

    def test_does_not_touch_another_worker(self) -> None:
        self.jvm.worker(1, 1, self.handlers)
        other, channels = self.jvm.worker(2, 1, self.handlers)

        self.jvm.signal(1, 1, signal.SIGKILL, "group")
        self.jvm.peer.receive(frames.EXITED)

        self.call(channels, "echo", 5)
        self.assertEqual(channels["data"].body(frames.REPLY), 5)
        self.assertTrue(is_living(other))


class CountingOutOfMemoryKills(GuardianTest):
    """The kernel's count is the only evidence that a SIGKILL came for want of memory; here a file stands for it."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.events = os.path.join(folder.name, "memory.events")
        missing = os.path.join(folder.name, "missing")
        self.WRAPPER = (os.path.join(HERE, "counted.py"), missing, self.events, "--")
        super().setUp()

    def count(self, kills: int) -> None:
        with open(self.events, "w") as file:
            file.write(f"low 0\noom 12\noom_kill {kills}\noom_group_kill 5\n")

    def killed(self, incarnation: int, counted: Optional[int]) -> int:
        self.jvm.worker(1, incarnation, self.handlers)
        if counted is not None:
            self.count(counted)
        self.jvm.signal(1, incarnation, signal.SIGKILL)
        return int(self.jvm.peer.body(frames.EXITED)["oomKills"])

    def test_tells_by_how_much_it_has_grown_in_the_life_of_the_worker(self) -> None:
        self.count(7)

        self.assertEqual([self.killed(1, 7), self.killed(2, 8), self.killed(3, 8)], [0, 1, 0])

    def test_says_that_it_is_not_known_where_there_is_no_count(self) -> None:
        self.assertEqual([self.killed(1, None), self.killed(2, 1)], [-1, -1])


class FakeTable:
    """Processes below a guardian, and a clock that moves only when the guardian pauses."""

    def __init__(self, test: unittest.TestCase, below: Dict[int, int], hidden: List[int], carrying: List[int]) -> None:
        self.now = 0.0
        self.looks = 0
        self.below = below
        self.on_pause: Callable[[], None] = lambda: None
        self.told: List[bytes] = []
        for target, name, fake in (
            (guardian.processes, "LINUX", True),
            (guardian.processes, "descendants", self.descendants),
            (guardian.processes, "adopted", self.descendants),
            (guardian.processes, "hides", lambda pid: pid in hidden),
            (guardian.processes, "carries", lambda pid, *_: pid in carrying),
            (guardian.processes, "kill_if", lambda pid, *_, **__: True),
            (guardian.processes, "carriers", lambda *_: list(self.descendants(0))),
            (guardian.os, "killpg", lambda *_: None),
            (guardian.os, "waitpid", lambda *_: (0, 0)),
            (guardian.os, "write", lambda _, text: self.told.append(text)),
            (guardian.select, "select", self.pause),
            (guardian, "time", mock.Mock(monotonic=lambda: self.now)),
        ):
            patch = mock.patch.object(target, name, fake, create=True)
            patch.start()
            test.addCleanup(patch.stop)
        self.guardian = guardian.Guardian(
            {"socket": "", "secret": "", "run": "r", "directory": "", "jvm": 1, "pool": "test"}
        )

    def descendants(self, _: Any) -> Dict[int, int]:
        self.looks += 1
        if self.looks > 10_000:
            raise AssertionError("it looks without end")
        return dict(self.below)

    def pause(self, *arguments: Any) -> None:
        self.now += arguments[-1]
        self.on_pause()

    def end_of_worker(self) -> Tuple[int, int, float]:
        """Return how many were killed, how many looks that took, and how much time."""
        self.looks, begun = 0, self.now
        killed = self.guardian._end_leftovers(guardian.Child(1, 1, 10, None, 0))
        return killed, self.looks, self.now - begun


class Waiting(unittest.TestCase):
    """For what a dead worker left, which nothing else of the guardian's work may wait for long."""

    def test_for_a_process_without_an_environment_only_once(self) -> None:
        table = FakeTable(self, {50: 1}, hidden=[50], carrying=[])

        _, looks, waited = table.end_of_worker()
        self.assertGreater(looks, 1)
        self.assertLess(waited, 0.11)
        self.assertEqual(table.end_of_worker()[1], 1)
        self.assertEqual(table.end_of_worker()[1], 1)

    def test_again_for_another_process_of_the_same_number(self) -> None:
        table = FakeTable(self, {50: 1}, hidden=[50], carrying=[])
        table.end_of_worker()
        table.below[50] = 2

        self.assertGreater(table.end_of_worker()[1], 1)

    def test_ends_though_a_killed_process_does_not(self) -> None:
        table = FakeTable(self, {50: 1}, hidden=[], carrying=[50])

        killed, looks, waited = table.end_of_worker()

        self.assertEqual(killed, 1)
        self.assertLess(waited, 1.1)
        # With a pause between any two.
        self.assertLess(looks, 600)


class Stuck(unittest.TestCase):
    """A process in uninterruptible sleep, which no signal ends."""

    def test_does_not_keep_the_guardian_from_ending(self) -> None:
        table = FakeTable(self, {50: 1}, hidden=[], carrying=[])

        table.guardian._kill_everything()

        self.assertAlmostEqual(table.now, 4, delta=0.1)
        self.assertEqual(len(table.told), 1)
        self.assertIn(b"killed, and not ended 4 s later: process 50", table.told[0])

    def test_does_not_keep_the_guardian_from_beginning(self) -> None:
        table = FakeTable(self, {50: 1}, hidden=[], carrying=[])

        self.assertEqual(table.guardian._sweep(), 1)

        self.assertAlmostEqual(table.now, 4, delta=0.1)
        self.assertIn(b"process 50", table.told[0])

    def test_is_not_given_up_while_others_come_and_go(self) -> None:
        table = FakeTable(self, {50: 1}, hidden=[], carrying=[])

        def change() -> None:
            # Until the ninth second there is another process every three seconds.
            table.below = {50: 1, 60 + min(int(table.now / 3), 3): 1}

        table.on_pause = change
        table.guardian._kill_everything()

        self.assertAlmostEqual(table.now, 13, delta=0.1)
        self.assertEqual(len(table.told), 1)


class Elsewhere(GuardianTest):
    """A guardian without what only Linux has: it knows its workers, and nothing below them."""

    WRAPPER = (os.path.join(HERE, "elsewhere.py"),)

    def test_says_what_it_has_not_got(self) -> None:
        self.assertEqual([self.jvm.hello[key] for key in ("platform", "subreaper", "deathsig", "pidfd")],
                         ["darwin", False, False, False])

    def test_reports_each_end_and_goes_on(self) -> None:
        self.jvm.worker(2, 1, self.handlers)
        for incarnation, (status, expected) in enumerate([(0, 0), (137, 137 << 8)], start=1):
            _, channels = self.jvm.worker(1, incarnation, self.handlers)
            self.call(channels, "die", status)

            exited = self.jvm.peer.body(frames.EXITED)
            self.assertEqual((exited["slot"], exited["status"]), (1, expected))
        pid, _ = self.jvm.worker(1, 3, self.handlers)
        self.jvm.signal(1, 3, signal.SIGKILL, "group")
        exited = self.jvm.peer.body(frames.EXITED)
        self.assertEqual((exited["pid"], exited["status"]), (pid, signal.SIGKILL))
        self.jvm.signal(1, 3, signal.SIGKILL)
        self.assertEqual(self.jvm.peer.body(frames.REFUSED)["errno"], 3)

    def test_when_asked_ends_those_that_are_left_and_says_goodbye(self) -> None:
        pids = [self.jvm.worker(slot, 1, self.handlers)[0] for slot in (1, 2, 3)]
        self.jvm.signal(1, 1, signal.SIGKILL)
        self.jvm.peer.receive(frames.EXITED)
        self.jvm.signal(2, 1, signal.SIGSTOP)

        self.jvm.peer.send(frames.DRAIN)

        self.assertEqual(self.jvm.peer.body(frames.BYE), {"reason": "drained"})
        self.assertEqual(self.jvm.guardian.wait(DEADLINE_S), 0)
        self.assertEqual([pid for pid in pids if is_living(pid)], [])

    def test_at_the_end_of_the_lifeline_ends_everything(self) -> None:
        pids = [self.jvm.worker(slot, 1, self.handlers)[0] for slot in (1, 2)]
        os.kill(pids[0], signal.SIGKILL)  # It may have been reaped or not when the end comes.

        assert self.jvm.guardian.stdin is not None
        self.jvm.guardian.stdin.close()

        self.assertEqual(self.jvm.guardian.wait(DEADLINE_S), 0)
        self.assertEqual([pid for pid in pids if is_living(pid)], [])
        self.assertFalse(os.path.exists(self.jvm.directory))


class Refusing(GuardianTest):
    def test_says_what_cannot_be_run(self) -> None:
        self.jvm.spawn(1, 1, directory="/surely/not/there")

        refused = self.jvm.peer.body(frames.REFUSED)
        self.assertEqual(refused["errno"], 2)
        self.assertIn("/surely/not/there", refused["reason"])

    def test_a_signal_to_an_incarnation_that_has_ended(self) -> None:
        self.jvm.worker(1, 1, self.handlers)
        self.jvm.signal(1, 1, signal.SIGKILL)
        self.jvm.peer.receive(frames.EXITED)

        self.jvm.signal(1, 1, signal.SIGKILL)

        self.assertEqual(self.jvm.peer.body(frames.REFUSED)["errno"], 3)


class Leaving(GuardianTest):
    def everything(self) -> List[int]:
        """Start an idle, a busy, a stopped worker and one with a child in its own session; return the processes."""
        pids = []
        for slot in range(1, 5):
            pid, channels = self.jvm.worker(slot, 1, self.handlers)
            pids.append(pid)
            if slot == 2:
                self.call(channels, "spin")
            elif slot == 3:
                self.jvm.signal(slot, 1, signal.SIGSTOP)
            elif slot == 4:
                self.call(channels, "child")
                pids.append(channels["data"].body(frames.REPLY))
        return pids

    def test_at_the_end_of_the_lifeline_kills_everything_and_removes_the_directory(self) -> None:
        pids = self.everything()

        assert self.jvm.guardian.stdin is not None
        self.jvm.guardian.stdin.close()

        self.assertEqual(self.jvm.guardian.wait(DEADLINE_S), 0)
        self.assertEqual([pid for pid in pids if is_living(pid)], [])
        self.assertFalse(os.path.exists(self.jvm.directory))

    def test_at_the_end_of_its_connection_kills_everything(self) -> None:
        pids = self.everything()

        self.jvm.peer.socket.close()

        self.assertEqual(self.jvm.guardian.wait(DEADLINE_S), 0)
        self.assertEqual([pid for pid in pids if is_living(pid)], [])

    def test_when_asked_kills_everything_and_says_goodbye(self) -> None:
        pids = self.everything()

        self.jvm.peer.send(frames.DRAIN)

        self.assertEqual(self.jvm.peer.body(frames.BYE), {"reason": "drained"})
        self.assertEqual([pid for pid in pids if is_living(pid)], [])

    def test_killed_takes_its_workers_along_and_the_next_one_sweeps_the_rest(self) -> None:
        # The orphan has to come to this process: an init that kills what it adopts would hide what is tested here.
        self.assertTrue(processes.become_subreaper())
        pids = self.everything()

        self.jvm.guardian.kill()
        self.jvm.guardian.wait(DEADLINE_S)
        for pid in pids[:-1]:
            await_end(pid)
        self.assertTrue(is_living(pids[-1]))
        successor = FakeJvm(self.run_id, os.path.join(self.folder, "second"))
        self.addCleanup(successor.close)

        self.assertEqual(successor.hello["swept"], 1)
        self.assertFalse(is_living(pids[-1]))

    def test_ignores_signals_that_a_terminal_sends(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            self.jvm.guardian.send_signal(number)

        self.jvm.worker(1, 1, self.handlers)
        self.assertIsNone(self.jvm.guardian.poll())


if __name__ == "__main__":
    unittest.main()
