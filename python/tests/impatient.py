"""Runs the guardian with less patience for a template that does not fork."""

import os
import runpy
import sys

sys.argv[:1] = []
sys.path.insert(0, os.path.dirname(sys.argv[0]))

from vivarium_worker import forking  # noqa: E402

forking._FORK_S = 0.3
runpy.run_path(sys.argv[0], run_name="__main__")
