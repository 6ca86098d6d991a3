"""Flow of one pair at a bounded size: what masks, overlays and flaggers are made of."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from motionlens.domain.ports import Flow, FlowBackend
from motionlens.motion.flow.registry import flow_backend
from motionlens.motion.grids import FLOW_SIDE, Grey, computing_size, grey, shrink


def small_grey(image: NDArray[np.uint8], side: int = FLOW_SIDE) -> Grey:
    """The picture's luma with its longer side at most `side` px, never enlarged."""
    return shrink(grey(image), computing_size(image.shape[0], image.shape[1], side))


def pair_flow(backend: FlowBackend, a: Grey, b: Grey, width: int) -> Flow:
    """Flow between two small grey pictures, in px of the picture they were made from.

    Parameters
    ----------
    backend : FlowBackend
    a, b : (h, w) uint8
        As :func:`small_grey` gives them.
    width : int
        Columns of the picture before it was made small.

    Returns
    -------
    (h, w, 2) float32
        Right and down are positive; the grid is the small one, the unit px of the large picture.
    """
    flow = backend.flow(a, b)
    return flow if a.shape[1] == width else flow * np.float32(width / a.shape[1])


def frame_flow(
    a: NDArray[np.uint8], b: NDArray[np.uint8], backend: str = "dis", side: int = FLOW_SIDE
) -> Flow:
    """Flow from picture `a` to `b`, computed at `side` px at most: what overlays are drawn from.

    Returns
    -------
    (h, w, 2) float32
        On the small grid, in px of the pictures given.
    """
    return pair_flow(flow_backend(backend), small_grey(a, side), small_grey(b, side), a.shape[1])
