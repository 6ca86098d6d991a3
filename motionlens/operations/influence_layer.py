"""An influence map as small pictures that a player lays over a clip's frames."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from motionlens.domain.influence import InfluenceMap

# Orange pushes toward the query's motion, blue away from it: far apart for eyes of all kinds.
TOWARD, AWAY = (255, 158, 51), (82, 168, 255)
# Weak influence keeps a visible tint: opacity is this power of the strength.
_POWER = 0.75
# What reaches full strength: few cells would else leave all others without colour.
_FULL_PERCENTILE = 99.0
_SMOOTHED = 2


@dataclass(frozen=True, eq=False)
class InfluenceLayer:
    """What lies over the frames of one clip for one query.

    Attributes
    ----------
    query, clip : str
        Ids.
    pictures : (K, h, w, 4) uint8
        BGRA, not premultiplied, transparent where nothing pushes either way.
    standing : (frames,) int
        Which of the K pictures stands for each frame of the clip.
    scale : float
        Share of the score, of one cell after smoothing, at full strength.
    per_frame : (frames,) float64
        What each frame adds to the score: exact, not smoothed.
    """

    query: str
    clip: str
    pictures: NDArray[np.uint8]
    standing: NDArray[np.int64]
    scale: float
    per_frame: NDArray[np.float64]

    def picture(self, frame: int) -> NDArray[np.uint8]:
        """(h, w, 4) of a frame of the clip."""
        last = len(self.standing) - 1
        found: NDArray[np.uint8] = self.pictures[self.standing[max(0, min(frame, last))]]
        return found


def influence_layer(query: str, clip: str, found: InfluenceMap) -> InfluenceLayer:
    """Colour a map for the eye.

    The shares of neighbouring cells often cancel, as gradients of neighbouring pixels do. They are
    smoothed for showing, by [1 2 1] / 4 twice along time, rows and columns; no sum uses that.
    """
    values = found.places.astype(np.float32)
    for _ in range(_SMOOTHED):
        for axis in range(3):
            values = _smoothed(values, axis)
    strength = np.abs(values)
    scale = float(np.percentile(strength, _FULL_PERCENTILE)) if strength.size else 0.0
    pictures = np.zeros((*values.shape, 4), np.uint8)
    pictures[..., :3] = np.where(values[..., None] >= 0, TOWARD[::-1], AWAY[::-1])
    if scale > 0:
        opacity = np.minimum(strength / np.float32(scale), 1) ** _POWER
        pictures[..., 3] = np.rint(255 * opacity).astype(np.uint8)
    return InfluenceLayer(query, clip, pictures, found.stands_for(), scale, found.per_frame())


def _smoothed(values: NDArray[np.float32], axis: int) -> NDArray[np.float32]:
    """[1 2 1] / 4 along an axis; the edges are repeated."""
    width = [(1, 1) if a == axis else (0, 0) for a in range(values.ndim)]
    padded = np.moveaxis(np.pad(values, width, mode="edge"), axis, 0)
    mean = (padded[:-2] + 2 * padded[1:-1] + padded[2:]) / np.float32(4)
    return np.asarray(np.moveaxis(mean, 0, axis), np.float32)
