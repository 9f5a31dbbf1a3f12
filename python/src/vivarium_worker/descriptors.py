"""The descriptors of a worker's channels: out of the way of user code, and enough of them."""

from __future__ import annotations

import errno
import fcntl
import os
import resource

_OWN_DESCRIPTORS = 200
"""Where the channels' descriptors begin, if there may be so many."""

_LEAST_DESCRIPTORS = 32
"""Three streams, four ends of channels (each twice while it is moved), an event loop's three, and some for imports."""


def own(fd: int) -> int:
    """Move a channel to a descriptor far from those that user code expects, closed in every program it starts."""
    try:
        high = fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, _OWN_DESCRIPTORS)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.EMFILE):
            raise
        high = fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, _highest_descriptor() // 2)
    os.close(fd)
    return high


def _highest_descriptor() -> int:
    """Return how many descriptors this process may have; raise TooFewDescriptors where no worker could work with them."""
    most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most < _LEAST_DESCRIPTORS:
        raise TooFewDescriptors(
            f"RLIMIT_NOFILE is {most} (ulimit -n): a worker needs at least {_LEAST_DESCRIPTORS} file descriptors, "
            "and whatever the handlers open; raise the limit"
        )
    return most


class TooFewDescriptors(Exception):
    """The process may not have as many descriptors as a worker needs."""
