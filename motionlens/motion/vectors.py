"""Overlays made of lines: arrows and trails, as data for a painter and drawn into a frame."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from motionlens.domain.clip import Region
from motionlens.motion.colours import direction_colours
from motionlens.motion.grids import lengths
from motionlens.motion.opencv import cv2
from motionlens.motion.overlay import covering
from motionlens.motion.tracks import Tracks

ARROW_SPACING_PX = 28
LEAST_ARROW_PX = 1.2
TRAIL_FRAMES = 12
# Points that stay within this share of the width have not moved: no trail.
_LEAST_TRAVEL = 0.02
# Arrows are drawn longer than the motion of one frame, never into the next one's place.
_SHORTEST_PX, _LONGEST_PX, _ARROW_GAIN = 7.0, 20.0, 2.2
_BARB_PX, _BARB_TURN, _DIRECTIONS = 4.0, 2.55, 72
_OUTLINE = (18, 18, 20)
_TRAIL = (255, 255, 255)
_FRACTION_BITS = 4


def arrows(
    field: NDArray[np.floating],
    size: tuple[int, int],
    spacing: float = ARROW_SPACING_PX,
    part: Region | None = None,
) -> NDArray[np.float32]:
    """Arrows of a flow field, one in each `spacing` px of the picture, where it exceeds 1.2 px.

    Parameters
    ----------
    field : (h, w, 2) float
        px a frame of the clip as shown, on any grid that covers the frame.
    size : (width, height)
        Of the picture: it decides how many arrows there are.
    spacing : float
        px of the picture.
    part : Region, optional
        The box of the frame that the picture is.

    Returns
    -------
    (N, 4) float32
        x, y in fractions of the picture; dx, dy the true displacement to the next frame in px of
        the clip. How long it is drawn is the painter's choice.
    """
    columns, rows = (max(1, int(side / spacing)) for side in size)
    mean = covering(field.astype(np.float32), (rows, columns), part).reshape(rows, columns, 2)
    x, y = np.meshgrid((np.arange(columns) + 0.5) / columns, (np.arange(rows) + 0.5) / rows)
    table = np.dstack([x, y, mean])
    return np.asarray(table[lengths(mean) > LEAST_ARROW_PX], np.float32)


def trails(
    tracks: Tracks, frame: int, size: tuple[int, int], part: Region | None = None
) -> NDArray[np.float32]:
    """The last 12 places of each point that has moved over 2 % of the width in the clip.

    Parameters
    ----------
    tracks : Tracks
    frame : int
        The frame shown: its place is the first of each trail.
    size : (width, height)
        Of the frames that were tracked, px.
    part : Region, optional
        The box of the frame that the picture is.

    Returns
    -------
    (P, T, 2) float32
        x, y in fractions of the picture, T = min(12, frame + 1), newest first, NaN where the
        point is not seen.
    """
    start = tracks.points[0]
    travel = np.where(tracks.visible, np.linalg.norm(tracks.points - start, axis=2), 0).max(axis=0)
    moved = travel > _LEAST_TRAVEL * size[0]
    first = max(0, frame + 1 - TRAIL_FRAMES)
    seen = tracks.visible[first : frame + 1, moved]
    chosen = np.where(seen[..., None], tracks.points[first : frame + 1, moved], np.float32(np.nan))
    places = (chosen + 0.5) / np.array(size, np.float32)
    if part is not None:
        places = (places - (part.x, part.y)) / (part.width, part.height)
    return np.ascontiguousarray(places[::-1].transpose(1, 0, 2), np.float32)


def draw_arrows(rgb: NDArray[np.uint8], table: NDArray[np.float32], scale: float) -> None:
    """Draw arrows into an RGB picture, in the colour of their direction with a dark outline.

    `scale` is px of the picture for one px of the clip.
    """
    if not len(table):
        return
    middle = table[:, :2].astype(np.float64) * (rgb.shape[1], rgb.shape[0])
    angle = np.arctan2(table[:, 3], table[:, 2]).astype(np.float64)
    length = np.hypot(table[:, 2], table[:, 3]) * scale * _ARROW_GAIN
    half = np.clip(length, _SHORTEST_PX, _LONGEST_PX)[:, None] / 2 * _unit(angle)
    tail, tip = middle - half, middle + half
    barbs = [tip + _BARB_PX * _unit(angle + turn) for turn in (_BARB_TURN, -_BARB_TURN)]
    shape = _fixed(np.stack([tail, tip, barbs[0], tip, barbs[1]], axis=1))
    _stroke(rgb, shape, _OUTLINE, 3)
    # One call for each colour: every 5 degrees, finer than the eye tells on lines this thin.
    kinds = np.rint(angle / (2 * np.pi) * _DIRECTIONS).astype(int) % _DIRECTIONS
    for kind in np.unique(kinds):
        colour = direction_colours(np.array(-kind * 2 * np.pi / _DIRECTIONS))
        _stroke(rgb, shape[kinds == kind], tuple(int(c) for c in colour), 1)


def draw_trails(rgb: NDArray[np.uint8], table: NDArray[np.float32]) -> None:
    """Draw trails into an RGB picture: a tail that fades, and a dot at the head."""
    height, width = rgb.shape[:2]
    layer, strength = rgb.copy(), np.zeros((height, width), np.uint8)
    places = table.astype(np.float64) * (width, height)
    known: NDArray[np.bool_] = np.asarray(np.isfinite(places).all(axis=2))
    # The oldest first, so that what is newer lies over it.
    for age in reversed(range(places.shape[1] - 1)):
        both = known[:, age] & known[:, age + 1]
        lines = _fixed(places[both, age : age + 2])
        _stroke(layer, lines, _TRAIL, 1)
        _stroke(strength, lines, (int(210 * (1 - age / TRAIL_FRAMES)),), 1)
    for head in _fixed(places[known[:, 0], 0]).tolist():
        for target, colour in ((layer, _TRAIL), (strength, (240,))):
            cv2.circle(target, head, 2 << _FRACTION_BITS, colour, -1, cv2.LINE_AA, _FRACTION_BITS)
    drawn = strength > 0
    weight = strength[drawn].astype(np.float32)[:, None] / 255
    under, over = rgb[drawn].astype(np.float32), layer[drawn]
    rgb[drawn] = np.rint(under + (over - under) * weight).astype(np.uint8)


def _stroke(
    image: NDArray[np.uint8], lines: NDArray[np.int32], colour: tuple[int, ...], thickness: int
) -> None:
    cv2.polylines(image, list(lines), False, colour, thickness, cv2.LINE_AA, _FRACTION_BITS)


def _unit(angle: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.stack([np.cos(angle), np.sin(angle)], axis=1)


def _fixed(points: NDArray[np.float64]) -> NDArray[np.int32]:
    # Pixel centres lie at whole numbers, fractions count from the frame's corner.
    return np.round((points - 0.5) * (1 << _FRACTION_BITS)).astype(np.int32)
