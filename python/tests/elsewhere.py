"""Runs a script as on macOS before Python 3.13: not Linux, no subreaper, no process descriptors, no os.waitid."""

import os
import runpy
import signal
import sys

sys.platform = "darwin"
for module, name in ((os, "waitid"), (os, "pidfd_open"), (signal, "pidfd_send_signal")):
    if hasattr(module, name):
        delattr(module, name)
sys.argv[:1] = []
sys.path.insert(0, os.path.dirname(sys.argv[0]))
runpy.run_path(sys.argv[0], run_name="__main__")
