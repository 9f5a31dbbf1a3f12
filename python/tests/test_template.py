"""Workers that are forked off a template, and what becomes of them without it."""

from __future__ import annotations

import os
import select
import signal
import sys
import time
import unittest
from typing import Any, Dict, List, Tuple

from . import test_guardian
from .support import DEADLINE_S, HERE, Peer, await_end, frames, is_living
from vivarium_worker import processes

HANDLERS = '''
import gc, glob, os, random, signal, subprocess, sys, time
import preloaded

def echo(value): return value
def loaded_in(): return preloaded.PID
def kept_back(): return preloaded.KEPT
def frozen(): return gc.get_freeze_count()
def numbers(): return [random.getrandbits(64), os.urandom(4).hex()]
def carried(): return sorted(entry for entry in open("/proc/self/environ").read().split("\\0") if entry)
def variables(): return dict(os.environ)
def arguments(): return sys.argv[1:5]
def command(): return open("/proc/self/cmdline").read()
def standard_input(): return sys.stdin.read()
def descriptors(): return sorted(os.readlink(fd).partition(":")[0] for fd in glob.glob("/proc/self/fd/*") if os.path.lexists(fd))
def session(): return [os.getpid(), os.getsid(0), os.getpgid(0), os.getppid()]
def say(text): print(text)

def slip_away():
    """Leave a child that has no program of its own, nor the worker's session."""
    pid = os.fork()
    if pid == 0:
        os.setsid()
        while True: signal.pause()
    while os.getsid(pid) != pid: os.sched_yield()
    return pid

def start(): return subprocess.Popen(["sleep", "1000"], start_new_session=True).pid
'''

PRELOADED = '''
import os, sys
PID = os.getpid()
KEPT = "kept"
sys.stdout.write("loading")
'''


class TemplateTest(test_guardian.GuardianTest):
    HANDLERS = HANDLERS
    PRELOAD = ["preloaded"]
    MODULES: Dict[str, str] = {"preloaded": PRELOADED}
    SETTINGS: Dict[str, Any] = {}

    def setUp(self) -> None:
        folder = test_guardian.tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.modules = folder.name
        for name, source in self.MODULES.items():
            self.write(name, source)
        self.TEMPLATE = test_guardian.template(pythonPath=[self.modules], preload=self.PRELOAD, **self.SETTINGS)
        super().setUp()

    def write(self, module: str, source: str) -> str:
        path = os.path.join(self.modules, f"{module}.py")
        with open(path, "w") as file:
            file.write(source)
        return path

    def worker(self, slot: int, incarnation: int = 1) -> Tuple[int, Dict[str, Peer]]:
        return self.jvm.worker(slot, incarnation, self.handlers, [self.modules])

    def ask(self, channels: Dict[str, Peer], handler: str, *args: Any) -> Any:
        self.call(channels, handler, *args)
        frame = channels["data"].receive(frames.REPLY, frames.ERROR)
        self.assertEqual(frame.type, frames.REPLY, frame.body)
        return test_guardian.json.loads(frame.body)

    def spares(self) -> List[int]:
        """Wait for the guardian's spares and return them: its children without a worker's place."""
        end = time.monotonic() + DEADLINE_S
        while time.monotonic() < end:
            below = [pid for pid, line in processes.table().items() if line.parent == self.jvm.guardian.pid and not line.ended]
            waiting = [pid for pid in below
                       if pid != self.jvm.template["pid"] and processes.carries(pid, test_guardian.PLACEHOLDER)]
            if waiting:
                return waiting
            select.select([], [], [], 0.005)
        raise AssertionError(f"no spare within {DEADLINE_S} s")


class Forked(TemplateTest):
    """A worker off a template, beside one that was started in the plain way, which it must not differ from."""

    def setUp(self) -> None:
        super().setUp()
        self.assertEqual(self.jvm.template["state"], "ready", self.jvm.template)
        self.pid, self.forked = self.worker(1)
        self.jvm.environment = dict(test_guardian.ENVIRONMENT, OTHER="1")
        self.plain_pid, self.plain = self.worker(2)

    def both(self, handler: str, *args: Any) -> Tuple[Any, Any]:
        return self.ask(self.forked, handler, *args), self.ask(self.plain, handler, *args)

    def test_has_what_was_preloaded_and_the_other_has_not(self) -> None:
        template, itself = self.both("loaded_in")

        self.assertEqual(template, self.jvm.template["pid"])
        self.assertEqual(itself, self.plain_pid)
        frozen, none = self.both("frozen")
        self.assertGreater(frozen, 1000)
        self.assertEqual(none, 0)

    def test_is_the_guardians_child_in_a_session_and_group_of_its_own(self) -> None:
        guardian = self.jvm.guardian.pid

        self.assertEqual(self.both("session"), ([self.pid] * 3 + [guardian], [self.plain_pid] * 3 + [guardian]))

    def test_shows_its_own_place_in_the_process_table(self) -> None:
        for worker, (pid, channels) in {"1:1": (self.pid, self.forked), "2:1": (self.plain_pid, self.plain)}.items():
            run = f"VIVARIUM_RUN={self.run_id}"
            self.assertTrue(processes.carries(pid, run, f"VIVARIUM_WORKER={worker}"))
            self.assertEqual(self.ask(channels, "variables")["VIVARIUM_WORKER"], worker)
            slot, incarnation = worker.split(":")
            expected = ["--slot", slot, "--incarnation", incarnation]
            self.assertEqual(self.ask(channels, "arguments"), expected)
            self.assertIn("\0".join(expected) + "\0", self.ask(channels, "command"))

    def test_has_no_other_descriptors_and_an_empty_standard_input(self) -> None:
        forked, plain = self.both("descriptors")

        self.assertEqual(forked, plain)
        self.assertEqual(self.both("standard_input"), ("", ""))

    def test_has_the_variables_of_the_other_and_one_thread_for_blas(self) -> None:
        forked, plain = self.both("variables")

        added = {name: value for name, value in forked.items() if name not in plain}
        self.assertEqual(set(added.values()), {"1"})
        self.assertIn("OPENBLAS_NUM_THREADS", added)
        self.assertEqual(set(plain) - set(forked), {"OTHER"})

    def test_has_random_numbers_of_its_own(self) -> None:
        self.jvm.environment = test_guardian.ENVIRONMENT
        drawn = [self.ask(self.forked, "numbers")]
        for slot in (3, 4):
            drawn.append(self.ask(self.worker(slot)[1], "numbers"))

        for column in zip(*drawn):
            self.assertEqual(len(set(column)), 3)

    def test_does_not_write_what_the_template_had_not_written_yet(self) -> None:
        template = self.jvm.template_output[0][-1]
        template.socket.settimeout(DEADLINE_S)
        self.assertEqual(template.socket.recv(100), b"loading")

        self.ask(self.forked, "say", "hello")

        self.assertEqual(self.forked["stdout"].socket.recv(100), b"hello\n")

    def test_takes_along_what_it_started_and_what_it_forked(self) -> None:
        left = [self.ask(self.forked, handler) for handler in ("start", "slip_away")]

        self.jvm.signal(1, 1, signal.SIGKILL)

        self.assertEqual(self.jvm.peer.body(frames.EXITED)["orphansKilled"], 2)
        for pid in left:
            await_end(pid)

    def test_sees_a_handler_that_was_edited_but_not_a_preloaded_module(self) -> None:
        self.jvm.environment = test_guardian.ENVIRONMENT
        self.write("preloaded", PRELOADED.replace("kept", "changed"))
        with open(self.handlers, "a") as file:
            file.write("\ndef added(): return 5\n")

        _, channels = self.worker(3)

        self.assertEqual(self.ask(channels, "added"), 5)
        self.assertEqual(self.ask(channels, "kept_back"), "kept")


class Dying(TemplateTest):
    """Of a template."""

    def kill(self) -> None:
        os.kill(self.jvm.template["pid"], signal.SIGKILL)

    def test_leaves_its_workers_alive_and_is_followed_by_another(self) -> None:
        pid, channels = self.worker(1)
        self.spares()

        self.kill()

        lost = self.jvm.peer.body(frames.TEMPLATE)
        self.assertEqual((lost["state"], lost["detail"]), ("lost", "it ended with signal 9"))
        self.jvm.template = self.jvm.await_template()
        self.assertEqual(self.jvm.template["state"], "ready")
        self.assertEqual(self.ask(channels, "echo", 5), 5)
        self.assertTrue(is_living(pid))
        self.assertEqual(self.ask(self.worker(2)[1], "loaded_in"), self.jvm.template["pid"])

    def test_leaves_a_spare_behind_and_then_workers_start_in_the_plain_way(self) -> None:
        spare = self.spares()[0]
        self.write("preloaded", "raise ValueError('edited')")
        self.kill()
        self.jvm.peer.receive(frames.TEMPLATE)
        self.assertEqual(self.jvm.await_template()["detail"], "preloading preloaded: ValueError: edited")

        started = []
        for slot in (1, 2):
            self.jvm.request(slot, 1)
            started.append(self.jvm.peer.body(frames.SPAWNED)["pid"])

        self.assertEqual(started[0], spare)
        self.assertTrue(is_living(started[1]))

    def test_of_a_spare_is_made_good(self) -> None:
        spare = self.spares()[0]

        os.kill(spare, signal.SIGKILL)

        await_end(spare)
        self.assertNotEqual(self.spares(), [spare])

    def test_of_the_guardian_takes_template_and_spares_along(self) -> None:
        self.assertTrue(processes.become_subreaper())
        left = [self.jvm.template["pid"], *self.spares(), self.worker(1)[0]]

        self.jvm.guardian.kill()

        for pid in left:
            await_end(pid)

    def test_of_the_jvm_takes_template_and_spares_along(self) -> None:
        left = [self.jvm.template["pid"], *self.spares(), self.worker(1)[0]]
        os.kill(self.jvm.template["pid"], signal.SIGSTOP)

        assert self.jvm.guardian.stdin is not None
        self.jvm.guardian.stdin.close()

        self.assertEqual(self.jvm.guardian.wait(DEADLINE_S), 0)
        self.assertEqual([pid for pid in left if is_living(pid)], [])


class Unfit(TemplateTest):
    PRELOAD = ["absent"]

    def reason(self) -> str:
        self.assertEqual(self.jvm.template["state"], "failed", self.jvm.template)
        return str(self.jvm.template["detail"])

    def test_says_what_cannot_be_loaded(self) -> None:
        self.assertEqual(self.reason(), "preloading absent: ModuleNotFoundError: No module named 'absent'")

    def test_workers_start_in_the_plain_way(self) -> None:
        pid, channels = self.jvm.worker(1, 1, self.write("plain", "def echo(value): return value"))

        self.assertEqual(self.ask(channels, "echo", 5), 5)


class Ended(Unfit):
    PRELOAD = ["ends"]
    MODULES = {"ends": "import os; os._exit(7)"}

    def test_says_what_cannot_be_loaded(self) -> None:
        self.assertEqual(self.reason(), "it ended with exit status 7 before it was ready")


class Slow(Unfit):
    PRELOAD = ["slow"]
    MODULES = {"slow": "import signal; signal.pause()"}
    SETTINGS = {"loadMillis": 300}

    def test_says_what_cannot_be_loaded(self) -> None:
        self.assertEqual(self.reason(), "it was not ready within 300 ms")


THREADED = '''
import threading
threading.Thread(target=threading.Event().wait, name="poller", daemon=True).start()
'''


class Threaded(Unfit):
    PRELOAD = ["json", "threaded", "harmless"]
    MODULES = {"threaded": THREADED, "harmless": THREADED.replace("poller", "tame")}
    SETTINGS = {"forkSafe": ["harmless"]}

    def test_says_what_cannot_be_loaded(self) -> None:
        reason = self.reason()

        self.assertIn("preloading threaded started a thread ('poller'). A fork has no thread but the one that forks", reason)
        self.assertNotIn("harmless", reason)


class ForkSafe(TemplateTest):
    PRELOAD = ["preloaded", "harmless"]
    MODULES = {"preloaded": PRELOADED, "harmless": THREADED}
    SETTINGS = {"forkSafe": ["harmless"]}

    def test_a_module_that_is_declared_may_have_threads(self) -> None:
        self.assertEqual(self.jvm.template["state"], "ready", self.jvm.template)

        self.assertEqual(self.ask(self.worker(1)[1], "loaded_in"), self.jvm.template["pid"])


class Seeding(TemplateTest):
    """The global generator of numpy, for which a module of that name stands here."""

    PRELOAD = ["preloaded", "numpy"]
    MODULES = {"preloaded": PRELOADED + """
SEEDED = []
def seeded(): return SEEDED
""", "numpy": """
import os, sys, types
import preloaded
random = types.ModuleType("numpy.random")
random.seed = lambda: preloaded.SEEDED.append(os.getpid())
sys.modules["numpy.random"] = random
"""}
    HANDLERS = HANDLERS + "def seeded(): return preloaded.SEEDED\n"

    def test_is_done_in_each_worker(self) -> None:
        for slot in (1, 2):
            pid, channels = self.worker(slot)

            self.assertEqual(self.ask(channels, "seeded"), [pid])


class PreloadedHandlers(TemplateTest):
    """The handlers may be loaded before the fork as well."""

    def setUp(self) -> None:
        self.SETTINGS = {"handlers": [os.path.join(os.path.dirname(__file__), "preloaded_handlers.py")]}
        super().setUp()
        self.handlers = self.SETTINGS["handlers"][0]

    def test_are_those_of_the_template(self) -> None:
        self.assertEqual(self.jvm.template["state"], "ready", self.jvm.template)
        self.assertEqual(self.ask(self.worker(1)[1], "loaded_in"), self.jvm.template["pid"])


class NotForking(TemplateTest):
    """A template that does not get on."""

    SETTINGS = {"spares": 0}

    def setUp(self) -> None:
        super().setUp()
        os.kill(self.jvm.template["pid"], signal.SIGSTOP)

    def test_has_signals_reach_a_worker_that_is_not_there_yet(self) -> None:
        self.jvm.request(1, 1)
        self.jvm.signal(1, 1, signal.SIGKILL, "group")
        self.jvm.request(2, 1, directory="/surely/not/there")  # Answered after the signal has been taken.
        self.jvm.peer.receive(frames.REFUSED)

        os.kill(self.jvm.template["pid"], signal.SIGCONT)

        spawned = self.jvm.peer.body(frames.SPAWNED)
        exited = self.jvm.peer.body(frames.EXITED)
        self.assertEqual((exited["pid"], exited["status"]), (spawned["pid"], signal.SIGKILL))


class GivenUp(NotForking):
    WRAPPER = (os.path.join(HERE, "impatient.py"),)

    def test_has_signals_reach_a_worker_that_is_not_there_yet(self) -> None:
        self.jvm.request(1, 1)
        self.jvm.signal(1, 1, signal.SIGKILL, "group")

        lost = self.jvm.peer.body(frames.TEMPLATE)

        self.assertEqual(lost["detail"], "it did not fork within 0.3 s; it ended with signal 9")
        # It has been started in the plain way.
        spawned = self.jvm.peer.body(frames.SPAWNED)
        exited = self.jvm.peer.body(frames.EXITED)
        self.assertEqual((exited["pid"], exited["status"]), (spawned["pid"], signal.SIGKILL))


if __name__ == "__main__":
    unittest.main()
