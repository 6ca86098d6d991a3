"""Dense inverse search (Kroeger et al., ECCV 2016) as OpenCV has it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from motionlens.domain.ports import Flow
from motionlens.motion.flow.coarse import matched_start, scaled_start
from motionlens.motion.flow.grey_pair import LEAST_SIDE, on_grey_pair, smaller
from motionlens.motion.grids import Grey
from motionlens.motion.opencv import cv2

# Below this a search finds by itself what an exhaustive match would tell it.
_STARTED_FROM = 200
# From here on a third of the size is enough for the step between; below, half of it.
_THIRD_FROM = 300


@dataclass
class DisFlow:
    """A preset of dense inverse search.

    Attributes
    ----------
    name : str
        How :func:`flow_backend` knows it.
    preset : int
        OpenCV's preset (patch stride, iterations, variational refinement).
    finest_scale : int or None
        0 works at full resolution; None keeps the preset's own (1: half resolution).
    coarse_start : bool
        Start from motion matched on a very small picture, refined at a third of the size. Large
        motion is then found at every size of the picture, where a plain search finds it at some;
        small motion is the same. It costs a quarter more at 512 px.
    """

    name: str
    preset: int
    finest_scale: int | None = None
    coarse_start: bool = True

    def flow(self, a: NDArray[np.uint8], b: NDArray[np.uint8]) -> Flow:
        """(H, W, 2) float32 displacement in px of each pixel of `a` to where it is in `b`."""
        return on_grey_pair(a, b, self._compute)

    def _compute(self, a: Grey, b: Grey) -> Flow:
        start = None
        if self.coarse_start and max(a.shape) >= _STARTED_FROM and min(a.shape) >= 2 * LEAST_SIDE:
            start = scaled_start(_coarse(a, b), a.shape)
        return _search(a, b, start, self.preset, self.finest_scale)


def _coarse(a: Grey, b: Grey) -> Flow:
    """Motion at a half or third of the size, by the fast preset from an exhaustive match."""
    third = max(a.shape) >= _THIRD_FROM and min(a.shape) >= 3 * LEAST_SIDE
    small_a, small_b = (smaller(image, 3 if third else 2) for image in (a, b))
    start = scaled_start(matched_start(a, b), small_a.shape)
    return _search(small_a, small_b, start, cv2.DISOPTICAL_FLOW_PRESET_FAST, None)


def _search(a: Grey, b: Grey, start: Flow | None, preset: int, finest_scale: int | None) -> Flow:
    # Always a fresh object: one that was given a start flow keeps it for all later calls,
    # where it gives garbage or, at another size, crashes. Making one costs 0.01 ms.
    search = cv2.DISOpticalFlow.create(preset)
    if finest_scale is not None:
        search.setFinestScale(finest_scale)
    return np.asarray(search.calc(a, b, start), np.float32)


DIS = DisFlow("dis", cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
DIS_FAST = DisFlow("dis-fast", cv2.DISOPTICAL_FLOW_PRESET_FAST, coarse_start=False)
DIS_FINE = DisFlow("dis-fine", cv2.DISOPTICAL_FLOW_PRESET_MEDIUM, finest_scale=0)
