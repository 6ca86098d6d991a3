"""A clip as a model sees it: few frames, few pixels, a part of the picture."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from motionlens.domain.errors import IndexMissing
from motionlens.domain.requests import ClipDecoder, ModelSight
from motionlens.operations.rooms import Rooms
from motionlens.operations.stage import Placing

_GREY = np.array([0.299, 0.587, 0.114], dtype=np.float32)  # ITU-R BT.601
# What the model does not see of a frame stays visible, this dark.
_UNSEEN = 0.28


def sight_in_use(rooms: Rooms) -> ModelSight:
    """How the model of the last index sees clips; before there is one, the embedded model.

    Raises
    ------
    ModelError
        If that model is gone.
    """
    try:
        _, noted = rooms.indexes.latest()
    except IndexMissing:
        return rooms.models.sight("embedded")
    return rooms.models.sight(str(noted["model"]))


def seen_frame(frame: int, frames: int, sight: ModelSight) -> int:
    """The frame that the model sees nearest in time to one of a clip of so many."""
    if sight.frames < 2 or frames < 2:
        return 0
    step = (frames - 1) / (sight.frames - 1)
    return round(round(frame / step) * step)


def as_seen(
    decoder: ClipDecoder, number: int, place: Placing, sight: ModelSight
) -> NDArray[np.uint8]:
    """(H, W, 3) RGB of the part that is placed: each px of the model a box, the rest darkened."""
    info = decoder.info
    left, top, wide, high = _box(info.width, info.height, sight)
    across, down = sight.width / wide, sight.height / high
    whole = decoder.frame_of_size(
        number, max(1, round(info.width * across)), max(1, round(info.height * down))
    )
    x, y = round(left * across), round(top * down)
    seen = whole[y : y + sight.height, x : x + sight.width]
    if sight.grey:
        seen = np.rint(seen @ _GREY).astype(np.uint8)[..., None].repeat(3, axis=-1)
    box_left, box_top, box_wide, box_high = place.box
    columns = box_left + (np.arange(place.size[0]) + 0.5) * box_wide / place.size[0]
    rows = box_top + (np.arange(place.size[1]) + 0.5) * box_high / place.size[1]
    # Which px of the model each px of the picture lies in; outside of it, the nearest of the frame.
    i, j = np.floor((rows - top) * down), np.floor((columns - left) * across)
    inside = ((i >= 0) & (i < sight.height))[:, None] & ((j >= 0) & (j < sight.width))[None, :]
    near: NDArray[np.uint8] = seen[
        np.clip(i, 0, seen.shape[0] - 1).astype(int)[:, None],
        np.clip(j, 0, seen.shape[1] - 1).astype(int)[None, :],
    ]
    if inside.all():
        return near
    around = whole[
        np.clip(rows * down, 0, whole.shape[0] - 1).astype(int)[:, None],
        np.clip(columns * across, 0, whole.shape[1] - 1).astype(int)[None, :],
    ]
    dark = (around * _UNSEEN).astype(np.uint8)
    shown: NDArray[np.uint8] = np.where(inside[..., None], near, dark)
    return shown


def words(sight: ModelSight) -> str:
    """The same in a few words, for the stage."""
    part = "" if sight.cropped else ", squashed"
    tone = ", grey" if sight.grey else ""
    return (
        f"as the model sees it: {sight.frames} frames, {sight.width} × {sight.height}{part}{tone}"
    )


def _box(width: int, height: int, sight: ModelSight) -> tuple[float, float, float, float]:
    """Left, top, width and height of what is seen, in px of the frame."""
    if not sight.cropped:
        return 0.0, 0.0, float(width), float(height)
    wide = min(float(width), height * sight.width / sight.height)
    high = min(float(height), width * sight.height / sight.width)
    return (width - wide) / 2, (height - high) / 2, wide, high
