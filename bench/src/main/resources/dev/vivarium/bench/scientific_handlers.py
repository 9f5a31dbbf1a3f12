"""What the bench calls in workers that have imported what they need."""

import os

import numpy
import scipy.linalg


def solve(size: int) -> int:
    """Solve a small system with both libraries, and return this worker's process id: the answer of a worker that works."""
    matrix = numpy.eye(size) * 2.0
    found = scipy.linalg.solve(matrix, numpy.ones(size))
    if not numpy.allclose(found, 0.5):
        raise ArithmeticError(f"wrong: {found}")
    return os.getpid()
