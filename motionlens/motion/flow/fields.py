"""The motion of a clip as one coarse field a frame: what is stored, and what all is drawn from.

A field is the flow from a frame to the next, found by backend ``dis`` on luma of 512 px at most on
the longer side, pooled to 256, in px of the clip as shown, with a fixed precision. As the precision
is applied when a field is made, a field that was just computed and the same one read from the cache
are equal to the bit, and so is all that is drawn or counted from them.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from motionlens.domain.fields import BLOCK_FRAMES, block_of, block_range, fields_in
from motionlens.domain.ports import Flow
from motionlens.motion.flow.registry import flow_backend
from motionlens.motion.grids import FLOW_SIDE, Grey, block_means
from motionlens.motion.opencv import cv2

FIELD_BACKEND = "dis"
# A field's longer side is this at most: twice as fine as masks are used, and a quarter of the disk.
FIELD_SIDE = 256
# Steps in one px of the grid that the flow is computed on; its noise is several steps.
_STEPS = 32
# The largest number of steps that float16 holds exactly and 16 bits can count.
_MOST_STEPS = 32752
_COARSEST = 6
# Two frames are the same where no block of 8x8 px changes by this many levels: what a flow finds
# between them is made of noise.
NOISE_FLOOR_LEVELS = 2.0
# Raised whenever the same frames would give other fields: what was stored before is then unused.
RECIPE = f"{FIELD_BACKEND} {FLOW_SIDE} {FIELD_SIDE} {_STEPS} 3"

Field = NDArray[np.float16]

__all__ = [
    "BLOCK_FRAMES",
    "FIELD_BACKEND",
    "FIELD_SIDE",
    "NOISE_FLOOR_LEVELS",
    "RECIPE",
    "Field",
    "block_of",
    "block_range",
    "field_step",
    "fields_in",
    "pair_field",
    "same_picture",
    "still_field",
    "to_field",
]


def to_field(flow: Flow, shown_width: int) -> Field:
    """Bring a flow field to the grid, the unit and the precision that fields have.

    Parameters
    ----------
    flow : (H, W, 2) float32
        px of its own grid, x then y, right and down positive.
    shown_width : int
        Columns of the clip as shown, px.

    Returns
    -------
    (h, w, 2) float16
        px a frame of the clip as shown. h = H and w = W where the longer side is 256 at most, else
        half of both, rounded up, by means over 2x2. Values are whole multiples of
        :func:`field_step`, within 32752 of them (at least 1023 px); NaN and infinity become 0.
    """
    factor = shown_width / flow.shape[1]
    step = field_step(flow.shape[1], shown_width)
    values = np.asarray(flow, np.float32)
    if not np.isfinite(values).all():
        values = np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)
    if max(flow.shape[:2]) > FIELD_SIDE:
        values = _pooled(values)
    steps = np.clip(np.rint(values * np.float32(factor / step)), -_MOST_STEPS, _MOST_STEPS)
    return np.asarray(steps * np.float32(step), np.float16)


def field_step(columns: int, shown_width: int) -> float:
    """The precision of a field in px of the clip as shown: a power of two, 1/32 at least.

    It lies between 1/64 and 1/32 px of the grid of `columns` that the flow was computed on.
    """
    factor = shown_width / max(1, columns)
    power = math.floor(math.log2(max(factor, 1.0)))
    return math.ldexp(1.0, min(power, _COARSEST)) / _STEPS


def pair_field(a: Grey, b: Grey, shown_width: int) -> Field:
    """The field of a frame.

    Parameters
    ----------
    a, b : (h, w) uint8
        Full-range luma of the frame and of the next one, 512 px on the longer side at most.
    shown_width : int
        Columns of the clip as shown.
    """
    if same_picture(a, b):
        return still_field(*a.shape)
    return to_field(flow_backend(FIELD_BACKEND).flow(a, b), shown_width)


def same_picture(a: Grey, b: Grey) -> bool:
    """Whether two frames differ by noise alone."""
    changed = cv2.absdiff(a, b).astype(np.uint8)
    return float(block_means(changed).max()) < NOISE_FLOOR_LEVELS


def still_field(height: int, width: int) -> Field:
    """The field of a frame that has no next one, for luma of that size: no motion."""
    return to_field(np.zeros((height, width, 2), np.float32), width)


def _pooled(flow: Flow) -> Flow:
    height, width = flow.shape[:2]
    if height % 2 or width % 2:
        flow = np.pad(flow, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    size = ((width + 1) // 2, (height + 1) // 2)
    return np.asarray(cv2.resize(flow, size, interpolation=cv2.INTER_AREA), np.float32)
