"""How pictures look: the measures by which drawn and rendered clips differ from filmed ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass

import numpy as np
from numpy.typing import NDArray

from motionlens.motion.opencv import cv2

_FLAT_LEVELS = 2
_WEAK, _STRONG = 8, 48


@dataclass(frozen=True)
class Look:
    """Means over some frames of a clip.

    Attributes
    ----------
    flat : float
        Share of the pixels whose 3x3 surroundings lie within 2 levels (painted areas).
    extreme : float
        Share of the pixels that are pure black or white within 3 levels.
    colours : float
        Share of the 4,096 coarse colours (4 bits a channel) that make up 90 % of the picture.
    saturation : float
        Mean saturation, 0 to 1.
    hard_edges : float
        Share of strong steps among all visible steps of brightness.
    grain : float
        Mean deviation from the 3x3 median, in levels (sensor noise and fine texture).
    """

    flat: float
    extreme: float
    colours: float
    saturation: float
    hard_edges: float
    grain: float

    def numbers(self) -> NDArray[np.float64]:
        """(6,) float64, in the order of the attributes."""
        return np.array(astuple(self), np.float64)


def look_of(frames: Sequence[NDArray[np.uint8]]) -> Look:
    """The mean look of some RGB frames, each (H, W, 3) uint8."""
    rows = np.array([_look_of_frame(np.ascontiguousarray(frame)) for frame in frames])
    return Look(*(float(value) for value in rows.mean(axis=0)))


def _look_of_frame(frame: NDArray[np.uint8]) -> tuple[float, ...]:
    luma = np.asarray(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY), np.uint8)
    square = np.ones((3, 3), np.uint8)
    steps = cv2.subtract(cv2.dilate(luma, square), cv2.erode(luma, square))
    grain = cv2.absdiff(luma, cv2.medianBlur(luma, 3))
    visible = int((steps >= _WEAK).sum())
    coarse = (frame >> 4).astype(np.int32)
    codes = (coarse[..., 0] << 8) | (coarse[..., 1] << 4) | coarse[..., 2]
    counts = np.sort(np.bincount(codes.ravel(), minlength=4096))[::-1]
    most = int(np.searchsorted(np.cumsum(counts), 0.9 * codes.size)) + 1
    saturation = cv2.cvtColor(frame, cv2.COLOR_RGB2HSV)[..., 1]
    return (
        float((steps <= _FLAT_LEVELS).mean()),
        float(((luma <= 3) | (luma >= 252)).mean()),
        most / 4096,
        float(saturation.mean()) / 255,
        float((steps >= _STRONG).sum()) / max(1, visible),
        float(grain.mean()),
    )
