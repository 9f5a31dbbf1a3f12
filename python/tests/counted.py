"""Runs a script that reads the kernel's count of out-of-memory kills from files of the test's: COUNTED FILE... -- SCRIPT."""

import os
import runpy
import sys

end = sys.argv.index("--")
files = sys.argv[1:end]
sys.argv[: end + 1] = []
sys.path.insert(0, os.path.dirname(sys.argv[0]))

from vivarium_worker import processes  # noqa: E402

processes._memory_event_files = lambda: files
runpy.run_path(sys.argv[0], run_name="__main__")
