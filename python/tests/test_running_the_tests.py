"""What running these tests leaves behind."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import unittest

from .support import DEADLINE_S, HERE, SRC


class RunningTheTests(unittest.TestCase):
    def test_leaves_no_bytecode_beside_the_sources(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            for source, name in ((SRC, "src"), (HERE, "tests")):
                shutil.copytree(source, os.path.join(folder, name), ignore=shutil.ignore_patterns("__pycache__"))
            # A worker, a guardian with workers of its own, and what the Java tests run.
            names = ("test_forking.Forked", "test_guardian.Reaping", "test_guardian.Elsewhere")
            environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
            for arguments in (["-m", "unittest", *(f"tests.{name}" for name in names)], ["tests/decode_driver.py"]):
                subprocess.run(
                    [sys.executable, *arguments],
                    cwd=folder,
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    capture_output=True,
                    timeout=3 * DEADLINE_S,
                    check=True,
                )
            compiled = [where for where, _, _ in os.walk(os.path.join(folder, "src")) if where.endswith("__pycache__")]

            self.assertEqual(compiled, [])


if __name__ == "__main__":
    unittest.main()
