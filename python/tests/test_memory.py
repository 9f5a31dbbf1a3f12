"""What the guardian says of its workers' memory."""

from __future__ import annotations

import contextlib
import os
import sys
import unittest
from typing import Any, Dict, Iterator, List, Optional
from unittest import mock

from . import test_guardian
from .support import frames, is_living
from vivarium_worker import memory
from vivarium_worker.memory import Line, Tree

MIB = 1 << 20

HANDLERS = '''
import os, signal, subprocess, sys
kept = []

PROGRAM = """
import signal, sys
kept = bytearray(int(sys.argv[1]))
kept[::4096] = bytes([1]) * len(kept[::4096])
print("ready", flush=True)
signal.pause()
"""

def touched(size):
    block = bytearray(size)
    block[::4096] = bytes([1]) * len(block[::4096])
    return block

def take(size): kept.append(touched(size))

def child(size):
    process = subprocess.Popen([sys.executable, "-c", PROGRAM, str(size)], start_new_session=True, stdout=subprocess.PIPE)
    process.stdout.readline()
    kept.append(process)
    return process.pid

def orphan(size):
    """Leave a grandchild whose parent has ended."""
    program = "import subprocess, sys; p = subprocess.Popen([sys.executable, *sys.argv[1:]], start_new_session=True)"
    run = [sys.executable, "-c", program + "; print(p.pid, flush=True)", "-c", PROGRAM, str(size)]
    process = subprocess.Popen(run, stdout=subprocess.PIPE)
    pid = int(process.stdout.readline())
    process.stdout.readline()
    process.wait()
    return pid

def take_and_fork(size):
    take(size)
    pid = os.fork()
    if pid == 0:
        signal.pause()
    return pid
'''


class Measuring(test_guardian.GuardianTest):
    HANDLERS = HANDLERS
    MEMORY: Any = {"everyMillis": 50, "limit": 0, "preciseFrom": 0}

    def await_told(self, slot: int, least: int, processes: int) -> Dict[str, int]:
        """Return the first report on a worker that has so much, in so many processes."""
        while True:
            told: Dict[str, int] = self.jvm.peer.body(frames.MEMORY)
            if told["slot"] == slot and told["bytes"] >= least and told["processes"] == processes:
                return told

    def called(self, handler: str, size: int) -> Any:
        _, channels = self.jvm.worker(1, 1, self.handlers)
        self.call(channels, handler, size)
        return channels["data"].body(frames.REPLY)


class AWorker(Measuring):
    def test_has_what_it_took(self) -> None:
        self.jvm.worker(2, 1, self.handlers)
        self.assertLess(self.await_told(2, MIB, 1)["bytes"], 64 * MIB)

        self.called("take", 64 * MIB)

        self.assertLess(self.await_told(1, 64 * MIB, 1)["bytes"], 128 * MIB)

    def test_has_what_its_child_took_in_a_session_of_its_own(self) -> None:
        child = self.called("child", 64 * MIB)

        self.await_told(1, 64 * MIB, 2)
        self.assertTrue(is_living(child))

    def test_has_what_an_orphan_of_its_took(self) -> None:
        orphan = self.called("orphan", 64 * MIB)

        self.await_told(1, 64 * MIB, 2)
        self.assertTrue(is_living(orphan))

    def test_has_what_it_shares_with_what_it_forked_as_often_as_there_is_no_threshold(self) -> None:
        self.called("take_and_fork", 64 * MIB)

        self.await_told(1, 128 * MIB, 2)


class AWorkerAtAThreshold(Measuring):
    MEMORY = {"everyMillis": 50, "limit": 0, "preciseFrom": 100 * MIB}

    def test_has_what_it_shares_with_what_it_forked_once(self) -> None:
        self.called("take_and_fork", 64 * MIB)

        self.assertLess(self.await_told(1, 64 * MIB, 2)["bytes"], 100 * MIB)


class AProcess(unittest.TestCase):
    """In a process table of the test's own."""

    def setUp(self) -> None:
        self.lines: Dict[int, Line] = {1: Line(0, 1, 1, 1), os.getpid(): Line(1, 1, 1, 1)}
        self.read: List[int] = []
        self.carried: Dict[int, bytes] = {}
        self.meter = memory.Meter("VIVARIUM_RUN=r", 0)

    @contextlib.contextmanager
    def table(self) -> Iterator[None]:
        def line(pid: int) -> Optional[Line]:
            self.read.append(pid)
            return self.lines.get(pid)

        with mock.patch.object(memory, "_line", line), \
                mock.patch.object(memory.os, "listdir", lambda _: ["self", *map(str, self.lines)]), \
                mock.patch.object(memory.processes, "environment",
                                  lambda pid: {b"VIVARIUM_RUN=r", self.carried.get(pid, b"")}):
            yield

    def look(self, search: bool = True) -> Dict[int, Tree]:
        self.read = []
        with self.table():
            return self.meter.look({10: "VIVARIUM_WORKER=1:1", 20: "VIVARIUM_WORKER=2:1"}, search)

    def worker(self, pid: int) -> None:
        self.lines[pid] = Line(os.getpid(), 5, 100, 7)

    def test_belongs_to_the_worker_that_it_is_below_however_deep(self) -> None:
        self.worker(10)
        self.worker(20)
        self.lines.update({11: Line(10, 6, 1, 1), 12: Line(11, 6, 1, 1), 21: Line(20, 6, 1, 2)})

        self.assertEqual(self.look(), {10: Tree(9, 3), 20: Tree(9, 2)})

    def test_still_does_when_its_parent_has_ended_whatever_it_shows(self) -> None:
        self.worker(10)
        self.lines.update({11: Line(10, 6, 1, 1), 12: Line(11, 6, 1, 1)})
        self.look()

        del self.lines[11]
        self.lines[12] = Line(os.getpid(), 6, 1, 1)

        self.assertEqual(self.look(), {10: Tree(8, 2)})

    def test_that_nobody_saw_before_it_was_an_orphan_belongs_to_whom_it_names(self) -> None:
        self.worker(10)
        self.worker(20)
        self.lines[12] = Line(os.getpid(), 6, 1, 1)
        self.carried[12] = b"VIVARIUM_WORKER=2:1"

        self.assertEqual(self.look(), {10: Tree(7, 1), 20: Tree(8, 2)})

    def test_of_somebody_else_is_read_once(self) -> None:
        self.worker(10)
        self.lines.update({30: Line(1, 6, 1, 1), 31: Line(30, 6, 1, 1)})
        self.look()
        self.look()

        self.assertEqual(sorted(self.read), sorted([10, os.getpid()]))

    def test_that_nobody_knows_is_not_seen_without_a_search(self) -> None:
        self.worker(10)
        self.lines[11] = Line(10, 6, 1, 1)
        self.look()
        self.lines[12] = Line(10, 6, 1, 1)
        self.worker(20)

        self.assertEqual(self.look(search=False), {10: Tree(8, 2), 20: Tree(7, 1)})
        self.assertEqual(sorted(self.read), [10, 11, 20])
        self.assertEqual(self.look(), {10: Tree(9, 3), 20: Tree(7, 1)})

    def test_that_has_the_number_of_a_stranger_is_seen_in_the_end(self) -> None:
        self.worker(10)
        self.lines[30] = Line(1, 6, 1, 1)
        self.look()
        self.lines[30] = Line(10, 7, 1, 1)

        self.assertIn({10: Tree(8, 2)}, [self.look() for _ in range(64)])

    def test_that_has_the_number_of_an_ended_one_of_a_worker_is_not_its(self) -> None:
        self.worker(10)
        self.lines[12] = Line(10, 6, 1, 1)
        self.look()
        self.lines[12] = Line(1, 7, 1, 1)

        self.assertEqual(self.look(), {10: Tree(7, 1)})

    def test_whose_parent_ended_while_we_looked_is_no_stranger(self) -> None:
        self.worker(10)
        self.lines[12] = Line(11, 6, 1, 1)
        self.look()
        self.lines[12] = Line(10, 6, 1, 1)

        self.assertEqual(self.look(), {10: Tree(8, 2)})

    def test_that_has_ended_does_not_count_and_its_children_do(self) -> None:
        self.worker(10)
        self.lines.update({11: Line(10, 6, 0, 0), 12: Line(11, 6, 1, 1)})

        self.assertEqual(self.look(), {10: Tree(8, 2)})

    def test_that_uses_its_parents_memory_until_its_exec_does_not_count(self) -> None:
        self.worker(10)
        with mock.patch.object(memory.time, "clock_gettime", lambda _: 6.5):
            self.lines[12] = Line(10, 6 * memory._TICKS, 100, 7)
            self.assertEqual(self.look(), {10: Tree(7, 1)})

            self.lines[12] = Line(10, 5 * memory._TICKS, 100, 7)  # It has had time enough: it is a fork.
            self.assertEqual(self.look(), {10: Tree(14, 2)})

            self.lines[12] = Line(10, 6 * memory._TICKS, 101, 7)
            self.assertEqual(self.look(), {10: Tree(14, 2)})


@unittest.skipUnless(sys.platform.startswith("linux"), "nothing is measured elsewhere")
class AWatch(unittest.TestCase):
    """With a clock and a meter of the test's own."""

    def setUp(self) -> None:
        self.now = 100.0
        self.takes = 0.0
        self.used = 0.0
        self.uses = 0.0
        self.searches = 0
        self.trees: Dict[int, Tree] = {}
        patch = mock.patch.object(memory, "time", mock.Mock(monotonic=lambda: self.now, thread_time=lambda: self.used))
        patch.start()
        self.addCleanup(patch.stop)

    def watch(self, limit: int) -> memory.Watch:
        watch = memory.Watch("", {"everyMillis": 1000, "limit": limit, "preciseFrom": 0})
        watch._meter = mock.Mock(look=self.look_of_the_meter)
        return watch

    def look_of_the_meter(self, _: Dict[int, str], search: bool) -> Dict[int, Tree]:
        self.now += self.takes
        self.used += self.uses
        self.searches += search
        return self.trees

    def told(self, watch: memory.Watch, bytes: int, processes: int = 1) -> bool:
        self.trees = {10: Tree(bytes, processes)}
        return list(watch.look({})) == [(10, Tree(bytes, processes))]

    def test_waits_for_nothing_where_there_is_nothing_to_measure(self) -> None:
        self.assertIsNone(memory.Watch("", None).pause_ms(True))
        self.assertFalse(memory.Watch("", None).is_due())
        self.assertIsNone(self.watch(0).pause_ms(False))

    def test_looks_at_once_and_then_after_the_interval(self) -> None:
        watch = self.watch(0)
        self.assertTrue(watch.is_due())
        watch.look({})

        self.assertFalse(watch.is_due())
        self.assertEqual(watch.pause_ms(True), 1001)
        self.now += 1
        self.assertTrue(watch.is_due())

    def test_looks_the_sooner_the_nearer_the_limit_is(self) -> None:
        for used, pause in ((0, 501), (512 * MIB, 251), (1000 * MIB, 201), (2048 * MIB, 201)):
            watch = self.watch(1024 * MIB)
            self.told(watch, used)
            self.assertAlmostEqual(watch.pause_ms(True) or 0, pause, delta=1)

    def searches_in_ten_looks(self, newest: List[Optional[bytes]]) -> int:
        watch = self.watch(1024 * MIB)
        with mock.patch.object(memory, "_newest_process", lambda: newest.pop(0) if len(newest) > 1 else newest[0]):
            for _ in range(10):
                self.told(watch, 1024 * MIB)
                self.now += 0.11
        return self.searches

    def test_searches_twice_in_an_interval_however_often_it_looks(self) -> None:
        self.assertEqual(self.searches_in_ten_looks([b"%d" % number for number in range(20)]), 2)

    def test_searches_once_in_an_interval_where_no_process_was_started(self) -> None:
        self.assertEqual(self.searches_in_ten_looks([b"1"]), 1)

    def test_searches_as_if_there_were_new_processes_where_the_kernel_does_not_say(self) -> None:
        self.assertEqual(self.searches_in_ten_looks([None]), 2)

    def test_rests_fifty_times_the_processor_time_of_a_look(self) -> None:
        watch = self.watch(1024 * MIB)
        self.told(watch, 1024 * MIB)
        self.uses = 0.1

        self.told(watch, 1024 * MIB)

        self.assertAlmostEqual(watch.pause_ms(True) or 0, 5001, delta=1)

    def test_does_not_rest_for_the_time_that_it_waited_for_a_processor(self) -> None:
        watch = self.watch(1024 * MIB)
        self.takes = 2.0

        for _ in range(2):
            self.told(watch, 1024 * MIB)
            self.assertAlmostEqual(watch.pause_ms(True) or 0, 201, delta=1)

    def test_goes_on_looking_at_what_it_knows_after_a_search_that_cost_much(self) -> None:
        watch = self.watch(1024 * MIB)
        self.uses = 0.1
        with mock.patch.object(memory, "_newest_process", lambda: None):
            self.told(watch, 1024 * MIB)
            self.uses = 0.0
            self.assertAlmostEqual(watch.pause_ms(True) or 0, 201, delta=1)
            self.now += 4.9
            self.told(watch, 1024 * MIB)
            self.assertEqual(self.searches, 1)
            self.now += 0.2
            self.told(watch, 1024 * MIB)
            self.assertEqual(self.searches, 2)

    def test_tells_what_has_changed_by_a_mebibyte(self) -> None:
        watch = self.watch(0)

        self.assertEqual([self.told(watch, bytes) for bytes in (0, 1, MIB, 2 * MIB - 1, 2 * MIB, MIB)],
                         [True, False, True, False, True, True])

    def test_tells_each_time_what_is_over_the_limit(self) -> None:
        watch = self.watch(64 * MIB)

        self.assertEqual([self.told(watch, 64 * MIB + change) for change in (0, 1, 2)], [True, True, True])

    def test_believes_of_several_processes_only_the_second_look_that_they_are_over_the_limit(self) -> None:
        watch = self.watch(64 * MIB)

        self.assertEqual([self.told(watch, 64 * MIB + over, 2) for over in (1, 0, 1, 2)], [False, True, False, True])


class Sharing(unittest.TestCase):
    @unittest.skipUnless(os.path.exists("/proc/self/smaps_rollup"), "needs a kernel that adds up")
    def test_is_read_from_the_kernel(self) -> None:
        line = memory._line(os.getpid())

        assert line is not None
        self.assertGreater(line.resident, 0)
        self.assertTrue(0 < memory._proportional(os.getpid(), -1) <= line.resident * 2)
        self.assertEqual(line.parent, os.getppid())

    def test_of_a_process_that_is_gone_is_what_was_known(self) -> None:
        self.assertEqual(memory._proportional(2 ** 22 + 1, 5), 5)
        self.assertIsNone(memory._line(2 ** 22 + 1))


if __name__ == "__main__":
    unittest.main()
