"""How pictures look: the measures by which drawn clips differ from filmed ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from motionlens.motion.opencv import cv2

# So many frames of a clip are looked at.
LOOK_FRAMES = 16
_BLACK, _WHITE = 3, 252


@dataclass(frozen=True)
class Look:
    """Means over some frames of a clip.

    Attributes
    ----------
    flat : float
        Share of the pixels whose 3x3 surroundings all have one level (painted areas), 0 to 1.
    extreme : float
        Share of the pixels that are black or white within 3 levels (paper, matte), 0 to 1.
    colours : float
        How many of the 4,096 coarse colours (4 bits a channel) make up 90 % of the picture.
    """

    flat: float
    extreme: float
    colours: float


def look_of(frames: Sequence[NDArray[np.uint8]]) -> Look:
    """The mean look of some RGB frames, each (H, W, 3) uint8."""
    rows = np.array([_look_of_frame(np.ascontiguousarray(frame)) for frame in frames])
    flat, extreme, colours = (float(value) for value in rows.mean(axis=0))
    return Look(flat, extreme, colours)


def _look_of_frame(frame: NDArray[np.uint8]) -> tuple[float, float, float]:
    luma = np.asarray(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY), np.uint8)
    square = np.ones((3, 3), np.uint8)
    steps = np.asarray(cv2.subtract(cv2.dilate(luma, square), cv2.erode(luma, square)))
    coarse = (frame >> 4).astype(np.int32)
    codes = (coarse[..., 0] << 8) | (coarse[..., 1] << 4) | coarse[..., 2]
    counts = np.sort(np.bincount(codes.ravel(), minlength=4096))[::-1]
    most = int(np.searchsorted(np.cumsum(counts), 0.9 * codes.size)) + 1
    return (
        float((steps == 0).mean()),
        float(((luma <= _BLACK) | (luma >= _WHITE)).mean()),
        float(most),
    )
