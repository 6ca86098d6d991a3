"""The port `Drawing`: fields, and all that the renderer draws from them, for window and files."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from motionlens.domain.clip import Region
from motionlens.domain.requests import FrameImage
from motionlens.motion.flow.fields import Field, pair_field, still_field
from motionlens.motion.grids import FLOW_SIDE, computing_size, lengths
from motionlens.motion.legend import draw_legend
from motionlens.motion.levels import NOISE_FLOOR_PX, Levels
from motionlens.motion.opencv import cv2
from motionlens.motion.overlay import compose, flow_scale
from motionlens.motion.tracks import GRID, TRACK_SIDE, PointTracker, Tracks
from motionlens.motion.vectors import arrows, draw_arrows, draw_trails, trails


class FieldMask:
    """The `adjacent` mask of a clip from its fields (arXiv 2601.08828, equation 13).

    The length of each vector, scaled by the smallest and the largest of the whole clip, so two
    numbers are all that must be known of the rest. A clip in which no vector reaches 0.2 px of the
    grid that flow is computed on has no motion, and a mask of zeros.

    Parameters
    ----------
    shown : (width, height)
        Of the clip, px.
    """

    def __init__(self, shown: tuple[int, int]) -> None:
        columns = computing_size(shown[1], shown[0], FLOW_SIDE)[1]
        self._floor = NOISE_FLOOR_PX * shown[0] / columns
        self._levels = Levels()

    def push(self, field: Field) -> None:
        """Take one field of the clip into account."""
        self._levels.add(lengths(field.astype(np.float32)))

    def weights(self, field: Field) -> NDArray[np.float32]:
        """(h, w) float32 in [0, 1]: the mask of the frame that this field is of."""
        length = lengths(field.astype(np.float32))
        return self._levels.weights(length) if self._levels.most >= self._floor else 0 * length


class OpenCVDrawing:
    """See :class:`motionlens.domain.requests.Drawing`."""

    field_side = FLOW_SIDE
    track_side = TRACK_SIDE

    def field(self, a: NDArray[np.uint8], b: NDArray[np.uint8], shown_width: int) -> Field:
        """(h, w, 2) float16: see :func:`motionlens.motion.flow.fields.pair_field`."""
        return pair_field(a, b, shown_width)

    def still_field(self, height: int, width: int) -> Field:
        """No motion, for luma of that size."""
        return still_field(height, width)

    def flow_scale(self, fields: Sequence[Field]) -> float:
        """98th percentile of the vectors' lengths, px."""
        return flow_scale(fields)

    def mask_scale(self, shown: tuple[int, int]) -> FieldMask:
        """For the mask of a clip of that size."""
        return FieldMask(shown)

    def tracker(self, grid: int = GRID) -> PointTracker:
        """Follows a grid of points."""
        return PointTracker(grid)

    def compose(
        self,
        rgb: NDArray[np.uint8],
        field: Field | None,
        mask: NDArray[np.float32] | None,
        opacity: float,
        scale_px: float,
        size: tuple[int, int],
        part: Region | None = None,
        wheel: str = "hue",
    ) -> NDArray[np.uint8]:
        """(H, W, 4) BGRA: see :func:`motionlens.motion.overlay.compose`."""
        flow = None if field is None else field.astype(np.float32)
        return compose(rgb, flow, mask, ("flow", "mask"), opacity, scale_px, size, part, wheel)

    def arrows(
        self, field: Field, size: tuple[int, int], spacing: float, part: Region | None = None
    ) -> NDArray[np.float32]:
        """(N, 4): see :func:`motionlens.motion.vectors.arrows`."""
        return arrows(field, size, spacing, part)

    def trails(
        self,
        points: NDArray[np.float32],
        visible: NDArray[np.bool_],
        frame: int,
        size: tuple[int, int],
        part: Region | None = None,
    ) -> NDArray[np.float32]:
        """(P, T, 2): see :func:`motionlens.motion.vectors.trails`."""
        return trails(Tracks(points, visible), frame, size, part)

    def draw(self, image: FrameImage, clip_width: int, legend: bool = False) -> NDArray[np.uint8]:
        """(H, W, 3) RGB: an answer's picture with its lines, and a legend, drawn into it."""
        rgb = np.ascontiguousarray(cv2.cvtColor(image.pixels, cv2.COLOR_BGRA2RGB), np.uint8)
        if image.tracks is not None:
            draw_trails(rgb, image.tracks)
        if image.arrows is not None:
            draw_arrows(rgb, image.arrows, rgb.shape[1] / clip_width)
        if legend:
            draw_legend(rgb, image.overlays, image.flow_scale_px)
        return rgb
