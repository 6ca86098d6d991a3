"""Dense inverse search (Kroeger et al., ECCV 2016) as OpenCV has it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from motionlens.domain.ports import Flow
from motionlens.motion.flow.grey_pair import LEAST_SIDE, on_grey_pair, third_size
from motionlens.motion.grids import Grey, resize_flow
from motionlens.motion.opencv import cv2


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
        Start from the flow of the pictures at a third of their size. On large motion this is the
        difference between 38 and 15 px of error, on small motion it changes nothing, and it costs
        a quarter more.
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
        if self.coarse_start and min(a.shape) >= 3 * LEAST_SIDE:
            coarse = self._search(third_size(a), third_size(b), None)
            start = resize_flow(coarse, (a.shape[0], a.shape[1]))
        return self._search(a, b, start)

    def _search(self, a: Grey, b: Grey, start: Flow | None) -> Flow:
        # Always a fresh object: one that was given a start flow keeps it for all later calls,
        # where it gives garbage or, at another size, crashes. Making one costs 0.01 ms.
        search = cv2.DISOpticalFlow.create(self.preset)
        if self.finest_scale is not None:
            search.setFinestScale(self.finest_scale)
        return np.asarray(search.calc(a, b, start), np.float32)


DIS = DisFlow("dis", cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
DIS_FAST = DisFlow("dis-fast", cv2.DISOPTICAL_FLOW_PRESET_FAST, coarse_start=False)
DIS_FINE = DisFlow("dis-fine", cv2.DISOPTICAL_FLOW_PRESET_MEDIUM, finest_scale=0)
