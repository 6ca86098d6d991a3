"""The player's flow: one coarse field a frame, bounded in memory, and the vectors drawn from it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from motionlens.domain.ports import FlowBackend
from motionlens.domain.requests import ClipDecoder

# Overlays show flow on a grid of some 200 columns at most, and both players must keep pace on two
# cores: flow for watching is computed on small frames. Masks and indexes have their own.
FLOW_SIDE = 256
ARROW_STEP = 28.0
ARROW_LEAST_PX = 1.2
TRACK_FRAMES = 12
TRACK_LEAST_SHARE = 0.02
TRACK_STEP = 36.0
_SCALE_FRAMES = 6

Field = NDArray[np.float16]


class FlowFields:
    """Flow from each frame to the next, in px of the clip as shown, on a coarse grid.

    Parameters
    ----------
    budget : int
        Bytes of fields that are kept; the ones not used for longest go first.
    """

    def __init__(self, flow: FlowBackend, budget: int = 64_000_000) -> None:
        self._flow = flow
        self._budget = budget
        self._fields: OrderedDict[tuple[str, int], Field] = OrderedDict()
        self._scales: OrderedDict[tuple[str, int, int], float] = OrderedDict()
        self._bytes = 0

    @property
    def bytes_held(self) -> int:
        return self._bytes

    def field(self, path: str, clip: ClipDecoder, n: int, stop: int) -> Field:
        """(h, w, 2) float16: the motion of file frame `n` to the next.

        The last frame before `stop` has no next one and repeats the field before it.
        """
        n = max(0, min(n, stop - 2))
        key = (path, n)
        found = self._fields.get(key)
        if found is not None:
            self._fields.move_to_end(key)
            return found
        field = self._compute(clip, n, stop)
        self._fields[key] = field
        self._bytes += field.nbytes
        while self._bytes > self._budget and len(self._fields) > 1:
            _, old = self._fields.popitem(last=False)
            self._bytes -= old.nbytes
        return field

    def scale(self, path: str, clip: ClipDecoder, start: int, stop: int) -> float:
        """98th percentile of the flow's length in px a frame, over 6 frames spread evenly over
        the clip: fixed while it plays, and the same whichever frame was looked at first."""
        key = (path, start, stop)
        if key not in self._scales:
            wanted = np.unique(np.linspace(start, max(start, stop - 2), _SCALE_FRAMES).astype(int))
            lengths = [_length(self.field(path, clip, int(n), stop)) for n in wanted]
            self._scales[key] = float(np.percentile(np.concatenate(lengths), 98))
            if len(self._scales) > 1000:
                self._scales.popitem(last=False)
        return self._scales[key]

    def _compute(self, clip: ClipDecoder, n: int, stop: int) -> Field:
        a = clip.luma(n, FLOW_SIDE)
        if stop - n < 2:
            return np.zeros((*a.shape[:2], 2), np.float16)
        b = clip.luma(n + 1, FLOW_SIDE)
        flow = self._flow.flow(a, b)
        factor = clip.info.width / a.shape[1]
        field: Field = (flow * factor).astype(np.float16)
        return field


def soft_mask(field: Field, scale_px: float) -> NDArray[np.float32]:
    """(h, w) in [0, 1]: flow length over the clip's own scale, as the `adjacent` mask has it.

    A clip that hardly moves (under a fifth of a pixel a frame) has no mask to show.
    """
    length = _length(field).reshape(field.shape[:2])
    if scale_px < 0.2:
        return np.zeros_like(length)
    mask: NDArray[np.float32] = np.clip(length / np.float32(scale_px), 0, 1)
    return mask


def arrows(field: Field, shown: tuple[int, int], step: float) -> NDArray[np.float32]:
    """(N, 4): x, y in fractions of the frame and dx, dy in px a frame of the clip.

    One in each `step` px of the frame as it is `shown` (width, height), only where it moves more
    than 1.2 px a frame.
    """
    columns = max(1, int(shown[0] / step))
    rows = max(1, int(shown[1] / step))
    grid = np.meshgrid((np.arange(columns) + 0.5) / columns, (np.arange(rows) + 0.5) / rows)
    x, y = grid[0].ravel(), grid[1].ravel()
    vectors = _sample(field, x, y)
    moving = np.hypot(vectors[:, 0], vectors[:, 1]) > ARROW_LEAST_PX
    stacked: NDArray[np.float32] = np.column_stack([x, y, vectors]).astype(np.float32)[moving]
    return stacked


def trails(
    field_at: Callable[[int], Field], n: int, start: int, size: tuple[int, int], columns: int = 24
) -> NDArray[np.float32]:
    """(P, T, 2) in fractions of the frame, newest first, NaN where a point was outside.

    Heads lie on a fixed grid at frame `n`, so that they don't shimmer; each is followed back
    through the flow of up to 12 frames. Points that moved less than 2 % of the width are left out.
    """
    width, height = size
    rows = max(2, round(columns * height / max(1, width)))
    x, y = np.meshgrid((np.arange(columns) + 0.5) / columns, (np.arange(rows) + 0.5) / rows)
    points: NDArray[np.float64] = np.column_stack([x.ravel(), y.ravel()])
    trail = [points]
    for earlier in range(n - 1, max(start, n - TRACK_FRAMES) - 1, -1):
        points = _step_back(field_at(earlier), points, width, height)
        trail.append(points)
    whole = np.stack(trail, axis=1)
    inside = ((whole >= 0) & (whole <= 1)).all(axis=2)
    whole[~inside] = np.nan
    moved = np.zeros(len(whole))
    for step in range(1, whole.shape[1]):
        offset = (whole[:, step] - whole[:, 0]) * (1, height / max(1, width))
        moved = np.fmax(moved, np.hypot(offset[:, 0], offset[:, 1]))
    kept: NDArray[np.float32] = whole[moved > TRACK_LEAST_SHARE].astype(np.float32)
    return kept


def _step_back(
    field: Field, points: NDArray[np.float64], width: int, height: int
) -> NDArray[np.float64]:
    # The field starts at the earlier frame; where a point came from is found in two rounds of
    # p = q - flow(p), enough for motion that is smooth over a few pixels.
    size = np.array([width, height], dtype=np.float64)
    earlier = points
    for _ in range(2):
        earlier = points - _sample(field, earlier[:, 0], earlier[:, 1]) / size
    return earlier


def _sample(field: Field, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    height, width = field.shape[:2]
    known = np.isfinite(x) & np.isfinite(y)
    column = np.clip(np.where(known, x, 0) * width, 0, width - 1).astype(int)
    row = np.clip(np.where(known, y, 0) * height, 0, height - 1).astype(int)
    sampled: NDArray[np.float64] = field[row, column].astype(np.float64)
    sampled[~known] = np.nan
    return sampled


def _length(field: Field) -> NDArray[np.float32]:
    vectors = field.reshape(-1, 2).astype(np.float32)
    length: NDArray[np.float32] = np.hypot(vectors[:, 0], vectors[:, 1])
    return length
