"""Small pictures that fill a box."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def crop_to_fill(picture: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    """The middle (height, width, 3) of a picture that is at least that large, copied."""
    top, left = (picture.shape[0] - height) // 2, (picture.shape[1] - width) // 2
    return np.ascontiguousarray(picture[top : top + height, left : left + width])
