"""Starts a worker. The guardian runs this file; it is not meant to be run by hand."""

import sys

from vivarium_worker.runtime import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
