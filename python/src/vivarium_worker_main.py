"""Starts a worker, or the template that workers are forked from. The guardian runs this file; it is not meant to be run by hand."""

import sys

if __name__ == "__main__":
    if sys.argv[1:2] == ["--template"]:
        from vivarium_worker.template import main
    else:
        from vivarium_worker.entry import main
    main(sys.argv[1:])
