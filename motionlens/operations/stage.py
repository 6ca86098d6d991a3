"""Where a frame goes on the stage: which part of it, and at which size."""

from __future__ import annotations

import math
from dataclasses import dataclass

from motionlens.domain.clip import Region
from motionlens.domain.requests import FrameRequest


@dataclass(frozen=True)
class Placing:
    """A box of whole px of the frame, and the size of the picture that it becomes.

    `part` is that box in fractions of the frame, None for all of it; `repeat` is above 0 where
    each px of the frame becomes a square of so many px.
    """

    box: tuple[int, int, int, int]
    size: tuple[int, int]
    part: Region | None = None
    repeat: int = 0


def placing(size: tuple[int, int], request: FrameRequest) -> Placing:
    """Of a frame of `size` (width, height) for a request.

    All of the frame fits into the stage, enlarged `enlarge` times at most. A part of it is rounded
    to whole px and fills the stage as far as its shape allows, however large that is. With
    `nearest` an enlargement is a whole number of px.
    """
    width, height = size
    box = (0, 0, width, height)
    if request.view is not None:
        box = _box(size, request.view)
    factor = min(request.width / box[2], request.height / box[3])
    if request.view is None:
        factor = min(factor, request.enlarge * request.ratio)
    part = None
    if box != (0, 0, width, height):
        part = Region(box[0] / width, box[1] / height, box[2] / width, box[3] / height)
    # A hair of tolerance: the stage's size itself comes from rounding.
    repeat = math.floor(factor + 0.01) if request.nearest else 0
    if repeat >= 1:
        return Placing(box, (box[2] * repeat, box[3] * repeat), part, repeat)
    return Placing(box, (max(1, round(box[2] * factor)), max(1, round(box[3] * factor))), part)


def _box(size: tuple[int, int], view: Region) -> tuple[int, int, int, int]:
    left, wide = _span(view.x, view.width, size[0])
    top, high = _span(view.y, view.height, size[1])
    return left, top, wide, high


def _span(start: float, share: float, px: int) -> tuple[int, int]:
    first = max(0, min(px - 1, round(start * px)))
    last = max(first + 1, min(px, round((start + share) * px)))
    return first, last - first
