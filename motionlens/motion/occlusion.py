"""What a flow field cannot know: pixels of one frame that are hidden in the other.

Forward and backward flow of a visible point cancel. The thresholds are those of Sundaram, Brox and
Keutzer (Dense Point Trajectories by GPU-Accelerated Large Displacement Optical Flow, ECCV 2010,
section 3): with w the forward flow and w' the backward flow at the place where w leads, a point is
occluded where |w + w'|^2 > 0.01 (|w|^2 + |w'|^2) + 0.5.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from motionlens.domain.errors import UsageError
from motionlens.domain.ports import Flow, FlowBackend
from motionlens.motion.opencv import cv2

RELATIVE, ABSOLUTE_PX2 = 0.01, 0.5


def occluded(forward: Flow, backward: Flow) -> NDArray[np.bool_]:
    """Where a pixel of the first frame is not seen in the second.

    Parameters
    ----------
    forward, backward : (H, W, 2) float32
        px of their own grid: from the first frame to the second, and back.

    Returns
    -------
    (H, W) bool
        True where the round trip does not end where it began, and where it leaves the frame.

    Raises
    ------
    UsageError
        If the two differ in shape.
    """
    trip, scale, inside = _round_trip(forward, backward)
    return ~inside | (trip > RELATIVE * scale + ABSOLUTE_PX2)


def confidence(forward: Flow, backward: Flow) -> NDArray[np.float32]:
    """How far a vector can be trusted: (H, W) float32 in [0, 1].

    exp(-|w + w'|^2 / (2 t)) with t the threshold of :func:`occluded`: 1 where the round trip ends
    where it began, 0.61 at the threshold, and 0 outside the frame.
    """
    trip, scale, inside = _round_trip(forward, backward)
    trust = np.exp(-trip / (2 * (RELATIVE * scale + ABSOLUTE_PX2)))
    return np.asarray(np.where(inside, trust, 0), np.float32)


def both_ways(
    backend: FlowBackend, a: NDArray[np.uint8], b: NDArray[np.uint8]
) -> tuple[Flow, NDArray[np.float32]]:
    """Flow from `a` to `b` and its confidence, for twice the cost of flow alone."""
    forward = backend.flow(a, b)
    return forward, confidence(forward, backend.flow(b, a))


def _round_trip(
    forward: Flow, backward: Flow
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.bool_]]:
    """Squared length of the trip's gap, of both flows together, and whether it stays inside."""
    if forward.shape != backward.shape:
        raise UsageError(
            "Two flow fields cannot be compared",
            f"one is {forward.shape[1]}x{forward.shape[0]} and the other"
            f" {backward.shape[1]}x{backward.shape[0]}",
            "Give forward and backward flow of one pair of frames",
        )
    height, width = forward.shape[:2]
    x = np.arange(width, dtype=np.float32)[None] + forward[..., 0]
    y = np.arange(height, dtype=np.float32)[:, None] + forward[..., 1]
    inside = (x >= -0.5) & (x <= width - 0.5) & (y >= -0.5) & (y <= height - 0.5)
    back = cv2.remap(
        np.ascontiguousarray(backward, np.float32),
        x,
        y,
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    back = np.asarray(back, np.float32).reshape(forward.shape)
    trip = _squared(forward + back)
    return trip, _squared(forward) + _squared(back), np.asarray(inside)


def _squared(flow: Flow) -> NDArray[np.float32]:
    x, y = flow[..., 0], flow[..., 1]
    return np.asarray(x * x + y * y, np.float32)
