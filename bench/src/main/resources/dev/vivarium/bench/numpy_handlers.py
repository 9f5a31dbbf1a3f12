"""What workers of ``bench startup`` load: numpy, as most workers that compute do."""

import numpy


def total(count: int) -> int:
    """Return the sum of so many ones."""
    return int(numpy.ones(count).sum())
