"""What every backend does first: grey pictures of one size, large enough for a pyramid."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from motionlens.domain.errors import UsageError
from motionlens.domain.ports import Flow
from motionlens.motion.grids import Grey, grey
from motionlens.motion.opencv import cv2

# Patches of 8 px on the second level of a pyramid need this much.
LEAST_SIDE = 32


def on_grey_pair(
    a: NDArray[np.uint8], b: NDArray[np.uint8], compute: Callable[[Grey, Grey], Flow]
) -> Flow:
    """Compute flow on the luma of two pictures of any size.

    A side under 32 px is extended by repeating the border on the right and at the bottom, and the
    extension is cut off the result: vectors keep their unit, and a picture of one pixel gets a
    zero vector.

    Raises
    ------
    UsageError
        If the pictures differ in size or hold no pixel.
    """
    if a.shape[:2] != b.shape[:2] or 0 in a.shape[:2]:
        raise UsageError(
            "There is no flow between these pictures",
            f"one is {_size(a)} px and the other {_size(b)} px",
            "Give two pictures of the same size",
        )
    first, second = grey(a), grey(b)
    height, width = first.shape
    below, right = max(0, LEAST_SIDE - height), max(0, LEAST_SIDE - width)
    if below or right:
        first, second = (
            np.pad(image, ((0, below), (0, right)), mode="edge") for image in (first, second)
        )
    flow = compute(first, second)[:height, :width]
    return np.ascontiguousarray(flow, np.float32)


def smaller(image: Grey, ratio: int) -> Grey:
    """The picture with its sides divided by `ratio`, for a coarse start."""
    size = (round(image.shape[1] / ratio), round(image.shape[0] / ratio))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)


def _size(image: NDArray[np.uint8]) -> str:
    return f"{image.shape[1]}x{image.shape[0]}" if image.ndim >= 2 else "no"
