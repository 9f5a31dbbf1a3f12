"""Starting a worker's process, for the guardian."""

from __future__ import annotations

import os
import signal
from typing import Dict, Iterable, List, Optional

from . import processes


def fork_and_exec(
    argv: List[str],
    environment: Dict[str, str],
    directory: Optional[str],
    stdout: int,
    stderr: int,
    passed: Iterable[int],
) -> int:
    """Start a program in a session of its own, with the descriptors ``passed``; raise OSError when it cannot be run.

    Forking is safe: this process has one thread. The pipe closes when exec succeeds, and else carries the error.
    """
    guardian = os.getpid()
    report, report_write = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.setsid()
            processes.die_with_parent(guardian)
            null = os.open(os.devnull, os.O_RDONLY)
            os.dup2(null, 0)
            os.dup2(stdout, 1)
            os.dup2(stderr, 2)
            for fd in passed:
                os.set_inheritable(fd, True)
            signal.set_wakeup_fd(-1)
            for number in (signal.SIGCHLD, signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE):
                signal.signal(number, signal.SIG_DFL)
            if directory is not None:
                os.chdir(directory)
            os.execve(argv[0], argv, environment)
        except OSError as error:
            place = error.filename or argv[0]
            os.write(report_write, f"{error.errno}:{place}".encode())
        finally:
            os._exit(127)
    os.close(report_write)
    with os.fdopen(report, "rb") as file:
        failure = file.read()
    if failure:
        os.waitpid(pid, 0)
        number, _, place = failure.decode().partition(":")
        raise OSError(int(number), os.strerror(int(number)), place)
    return pid
