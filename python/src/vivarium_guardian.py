"""Starts the guardian. The JVM runs this file with ``python3 -I -S``; it is not meant to be run by hand."""

import os
import sys

# Isolated mode leaves the script's own folder out of the path, so that nothing but this package can be imported by accident.
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from vivarium_worker.guardian import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(main())
