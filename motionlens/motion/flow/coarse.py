"""Where to start a search for flow: motion found by exhaustive matching on a very small picture.

A coarse-to-fine search follows whatever its coarsest level found, and there a patch covers a sixth
of the picture: whether it catches a large motion is luck, and changes with the size of the picture.
Trying every displacement on 48 px finds motion of up to a seventh of the picture at any size.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from motionlens.domain.ports import Flow
from motionlens.motion.grids import Grey, computing_size, shrink
from motionlens.motion.opencv import cv2

SIDE = 48
# Displacements that are tried reach this share of the small picture's sides, both ways.
_REACH = 0.15
# Pictures are compared without their local mean over so many px, so that a shadow is no motion.
_LOCAL, _GAIN = 7, 2.0
# Side of the window that costs are summed over.
_WINDOW = 5
# Levels: a single px says no more than this against a match; places outside cost a third of it.
_MOST, _OUTSIDE = 60, 20
_SMOOTHING = 5


def matched_start(a: Grey, b: Grey) -> Flow:
    """Rough motion by exhaustive matching.

    Parameters
    ----------
    a, b : (H, W) uint8
        Of any size.

    Returns
    -------
    (h, w, 2) float32
        Whole px of the small grid (48 px on the longer side at most), smoothed by a median of 5x5.
        Of equally good displacements the shortest is taken.
    """
    size = computing_size(a.shape[0], a.shape[1], SIDE)
    first, second = (_without_light(shrink(image, size)) for image in (a, b))
    reach = [max(2, round(_REACH * side)) for side in size]
    codes = _costs(first, second, reach).astype(np.uint16)
    steps = _steps(reach)
    # The cost above, the rank of the displacement below: one minimum finds both, and the shorter.
    order = np.argsort((steps**2).sum(axis=1), kind="stable")
    rank = np.empty(len(order), np.uint16)
    rank[order] = np.arange(len(order))
    codes <<= 8
    codes |= rank[:, None, None]
    found = steps[order][codes.min(axis=0) & 255].astype(np.float32)
    smooth = (cv2.medianBlur(np.ascontiguousarray(found[..., axis]), _SMOOTHING) for axis in (1, 0))
    return np.stack([np.asarray(part, np.float32).reshape(size) for part in smooth], axis=2)


def scaled_start(flow: Flow, shape: tuple[int, ...]) -> Flow:
    """The flow on a larger grid, in its px; cheaper than resizing first and scaling then."""
    height, width = shape[0], shape[1]
    factors = np.array([width / flow.shape[1], height / flow.shape[0]], np.float32)
    scaled = cv2.resize(flow * factors, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(scaled, np.float32)


def _without_light(image: Grey) -> NDArray[np.uint8]:
    values = image.astype(np.float32)
    local = values - cv2.blur(values, (_LOCAL, _LOCAL))
    return np.asarray(np.clip(128 + _GAIN * local, 0, 255), np.uint8)


def _steps(reach: list[int]) -> NDArray[np.int_]:
    """(N, 2) displacements y, x, row by row; N is 225 at most."""
    y, x = np.mgrid[-reach[0] : reach[0] + 1, -reach[1] : reach[1] + 1]
    return np.stack([y.ravel(), x.ravel()], axis=1)


def _costs(first: Grey, second: Grey, reach: list[int]) -> NDArray[np.uint8]:
    """(N, h, w): how badly each displacement fits round each px, levels."""
    height, width = first.shape
    above, beside = reach
    around = ((above, above), (beside, beside))
    padded = np.pad(second, around, mode="edge")
    outside = np.pad(np.zeros_like(first), around, constant_values=_OUTSIDE)
    moved, left = (
        np.lib.stride_tricks.sliding_window_view(values, first.shape)
        for values in (padded, outside)
    )
    cost = np.maximum(moved, first)
    cost -= np.minimum(moved, first)
    np.minimum(cost, _MOST, out=cost)
    cost += left
    # All displacements in one tall picture, each with its border repeated, so that one call sums
    # over the windows of all of them.
    border = _WINDOW // 2
    tall = np.pad(cost.reshape(-1, height, width), ((0, 0), (border, border), (0, 0)), mode="edge")
    summed = cv2.blur(tall.reshape(-1, width), (_WINDOW, _WINDOW), borderType=cv2.BORDER_REPLICATE)
    summed = np.asarray(summed, np.uint8).reshape(len(tall), height + 2 * border, width)
    return summed[:, border : border + height]
