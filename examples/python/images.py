"""Images as arrays: what comes is read-only, and what is returned goes back without a detour through text."""

from __future__ import annotations

from array import array
from typing import Any

from vivarium_worker import handler


@handler
def brighter(image: Any, by: float) -> Any:
    """Return the image with each pixel multiplied, within 0 and 1; with numpy where there is one."""
    try:
        import numpy
    except ImportError:
        flat = image.cast("B").cast("f")
        pixels = array("f", (min(max(pixel * by, 0.0), 1.0) for pixel in flat))
        return memoryview(pixels).cast("B").cast("f", image.shape)
    return numpy.clip(image * by, 0, 1).astype("float32")
