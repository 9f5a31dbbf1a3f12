"""What a worker loads when it starts, and what it leaves for the next one."""

from __future__ import annotations

import os
import shutil
import tempfile
import unittest
from typing import List
from unittest import mock

from . import support
from .support import SRC, WorkerProcess, frames

PLAIN = '''
import sys

def loaded(name): return name in sys.modules

def compile_a_neighbour():
    import neighbour
    return neighbour.__file__
'''

ASYNCHRONOUS = PLAIN + '''
async def later(): return 1
'''

GENERATOR = PLAIN + '''
async def items():
    yield 1
'''


class TheEventLoop(unittest.TestCase):
    def has_asyncio(self, handlers: str) -> bool:
        worker = WorkerProcess(handlers)
        self.addCleanup(worker.close)
        worker.ready()
        worker.call(1, "loaded", "asyncio")
        kind, answer = worker.answer()
        self.assertEqual(kind, frames.REPLY)
        return bool(answer)

    def test_is_not_imported_where_no_handler_needs_it(self) -> None:
        self.assertFalse(self.has_asyncio(PLAIN))

    def test_is_imported_before_the_first_call_where_a_handler_needs_it(self) -> None:
        self.assertTrue(self.has_asyncio(ASYNCHRONOUS))
        self.assertTrue(self.has_asyncio(GENERATOR))


class CompiledCode(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def compiled(self, *, is_unpacked: bool) -> List[str]:
        """Run a worker of a copy of the sources; return the modules of it that are compiled afterwards."""
        copy = os.path.join(self.folder.name, "copy")
        shutil.copytree(SRC, copy, ignore=shutil.ignore_patterns("__pycache__"))
        if is_unpacked:
            with open(os.path.join(copy, "INDEX"), "w"):
                pass
        unwanted = {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONPYCACHEPREFIX": ""}
        with mock.patch.object(support, "SRC", copy):
            worker = WorkerProcess(PLAIN, environment=unwanted)
        self.addCleanup(worker.close)
        worker.ready()
        neighbour = os.path.join(worker.folder.name, "neighbour.py")
        with open(neighbour, "w"):
            pass
        worker.call(1, "compile_a_neighbour")
        self.assertEqual(worker.answer(), (frames.REPLY, neighbour))
        # What handlers import is the user's, whose environment says that it is not to be compiled.
        self.assertNotIn("__pycache__", os.listdir(worker.folder.name))
        package = os.path.join(copy, "vivarium_worker", "__pycache__")
        return sorted({file.split(".")[0] for file in os.listdir(package)}) if os.path.isdir(package) else []

    def test_of_the_runtime_is_left_in_a_pools_own_copy_whatever_the_environment_says(self) -> None:
        self.assertLessEqual({"runtime", "codec", "entry"}, set(self.compiled(is_unpacked=True)))

    def test_is_left_in_no_other_place(self) -> None:
        self.assertEqual(self.compiled(is_unpacked=False), [])


if __name__ == "__main__":
    unittest.main()
