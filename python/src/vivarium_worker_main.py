"""Starts a worker, or the template that workers are forked from. The guardian runs this file; it is not meant to be run by hand."""

import os
import sys


def _allow_compiled_code() -> bool:
    """Let imports leave compiled code, and return whether they did before.

    Images of containers often set PYTHONDONTWRITEBYTECODE, and every worker would compile the runtime anew. Only in the copy
    that a pool has unpacked for itself, which has an index: beside the sources nothing is left.
    """
    unwanted = sys.dont_write_bytecode
    if os.path.exists(os.path.join(os.path.dirname(os.path.abspath(__file__)), "INDEX")):
        sys.dont_write_bytecode = False
    return unwanted


if __name__ == "__main__":
    unwanted = _allow_compiled_code()
    if sys.argv[1:2] == ["--template"]:
        from vivarium_worker.template import main
    else:
        from vivarium_worker.entry import main
    # What handlers import is the user's.
    sys.dont_write_bytecode = unwanted
    main(sys.argv[1:])
