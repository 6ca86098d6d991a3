"""The influence map of a clip: where and when in it its score comes from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SIDES = ("clip", "query")


@dataclass(frozen=True, eq=False)
class InfluenceMap:
    """Shares of a score, at the frames that the model saw.

    Attributes
    ----------
    places : (K, h, w) float32, signed
        What each place adds to the score; positive: it pushes toward the query's motion. Their sum
        is the score.
    times : (K,) int
        Numbers of these frames in the clip, rising.
    frames : int
        Frames of the clip.
    """

    places: NDArray[np.float32]
    times: NDArray[np.int64]
    frames: int

    @property
    def total(self) -> float:
        """The sum of all shares."""
        return float(self.places.sum(dtype=np.float64))

    def stands_for(self) -> NDArray[np.int64]:
        """(frames,) which of the K frames stands for each frame of the clip: the nearest one, the
        earlier of two."""
        between = (self.times[:-1] + self.times[1:]) / 2
        return np.searchsorted(between, np.arange(self.frames), side="left").astype(np.int64)

    def of_frame(self, number: int) -> NDArray[np.float32]:
        """(h, w) shares of one frame of the clip; a seen frame's shares are divided evenly among
        the frames it stands for, so that nothing is counted twice."""
        standing = self.stands_for()
        place = int(standing[number])
        count = np.float32(np.count_nonzero(standing == place))
        return np.asarray(self.places[place] / count, dtype=np.float32)

    def per_frame(self) -> NDArray[np.float64]:
        """(frames,) what each frame adds to the score."""
        standing = self.stands_for()
        curve = self.places.sum(axis=(1, 2), dtype=np.float64)
        counts = np.bincount(standing, minlength=len(curve))
        return np.asarray(curve[standing] / counts[standing], dtype=np.float64)

    @property
    def share_top_frame(self) -> float:
        """Share of the frame that adds or takes most in all that is added and taken, 0 to 1."""
        curve = np.abs(self.per_frame())
        total = float(curve.sum())
        return float(curve.max()) / total if total > 0 else 0.0


def spread_evenly(values: NDArray[np.float32], height: int, width: int) -> NDArray[np.float32]:
    """(h, w) shares divided among the pixels of a larger grid by area, none lost; (height, width).

    A pixel gets of each cell the share of that cell that it covers.
    """
    rows, columns = _cover(values.shape[0], height), _cover(values.shape[1], width)
    return np.asarray(rows.T @ values @ columns, dtype=np.float32)


def _cover(cells: int, pixels: int) -> NDArray[np.float32]:
    """(cells, pixels) share of each cell that lies in each pixel; rows add up to 1."""
    edges = np.arange(cells + 1) * (pixels / cells)
    place = np.arange(pixels)
    low = np.maximum(edges[:-1, None], place)
    high = np.minimum(edges[1:, None], place + 1)
    cover = np.maximum(high - low, 0)
    return np.asarray(cover / cover.sum(axis=1, keepdims=True), dtype=np.float32)
