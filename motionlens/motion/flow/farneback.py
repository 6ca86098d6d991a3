"""Polynomial expansion (Farneback, SCIA 2003) as OpenCV has it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from motionlens.domain.ports import Flow
from motionlens.motion.flow.grey_pair import on_grey_pair
from motionlens.motion.grids import Grey
from motionlens.motion.opencv import cv2


@dataclass
class FarnebackFlow:
    """Farneback's method with a pyramid of five levels and a window of 15 px."""

    name: str = "farneback"

    def flow(self, a: NDArray[np.uint8], b: NDArray[np.uint8]) -> Flow:
        """(H, W, 2) float32 displacement in px of each pixel of `a` to where it is in `b`."""
        return on_grey_pair(a, b, _compute)


def _compute(a: Grey, b: Grey) -> Flow:
    start = np.zeros((*a.shape, 2), np.float32)
    flow = cv2.calcOpticalFlowFarneback(a, b, start, 0.5, 5, 15, 3, 5, 1.2, 0)
    return np.asarray(flow, np.float32)


FARNEBACK = FarnebackFlow()
