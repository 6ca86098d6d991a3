"""Overlays made of lines: arrows and trails, as data for a painter and drawn into a frame."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from motionlens.domain.ports import Flow
from motionlens.motion.colours import direction_colours
from motionlens.motion.grids import lengths
from motionlens.motion.opencv import cv2
from motionlens.motion.tracks import Tracks

ARROW_SPACING_PX = 28
LEAST_ARROW_PX = 1.2
TRAIL_FRAMES = 12
# Points that stay within this share of the width have not moved: no trail.
_LEAST_TRAVEL = 0.02
# Drawn arrows grow with the motion: long enough to show a head, never into the next one's place.
_SHORTEST_ARROW_PX, _ARROW_GAIN = 6.0, 2.0
_LONGEST_ARROW_PX = 26.0
_OUTLINE = (18, 18, 20)
_TRAIL = (240, 240, 244)
_FRACTION_BITS = 4


def arrows(flow: Flow, size: tuple[int, int], width_px: int | None = None) -> NDArray[np.float32]:
    """Arrows of a flow field, one for each 28 display px, only where it exceeds 1.2 px.

    Parameters
    ----------
    flow : (h, w, 2) float32
        px of the clip, on any grid that covers the frame.
    size : (width, height)
        Of the display: it decides how many arrows there are.
    width_px : int, optional
        Columns of the clip that the flow's px belong to; those of the flow's grid if None.

    Returns
    -------
    (N, 4) float32
        x, y, dx, dy in fractions of the frame's width and height. (dx, dy) is the true
        displacement to the next frame; how much longer it is drawn is the painter's choice.
    """
    rows, columns = flow.shape[:2]
    width_px = width_px or columns
    height_px = width_px * rows / columns
    count_x, count_y = (max(1, side // ARROW_SPACING_PX) for side in size)
    x = (np.arange(count_x) + 0.5) / count_x
    y = (np.arange(count_y) + 0.5) / count_y
    mean = cv2.resize(flow, (count_x, count_y), interpolation=cv2.INTER_AREA)
    mean = np.asarray(mean, np.float32).reshape(count_y, count_x, 2)
    grid_x, grid_y = np.meshgrid(x, y)
    table = np.stack([grid_x, grid_y, mean[..., 0] / width_px, mean[..., 1] / height_px], axis=2)
    return np.asarray(table[lengths(mean) > LEAST_ARROW_PX], np.float32)


def trails(tracks: Tracks, frame: int, size: tuple[int, int]) -> NDArray[np.float32]:
    """The last 12 places of each point that has moved over 2 % of the width in the clip.

    Parameters
    ----------
    tracks : Tracks
    frame : int
        The frame shown: its place is the last of each trail.
    size : (width, height)
        Of the frames that were tracked, px.

    Returns
    -------
    (P, T, 2) float32
        x, y in fractions of the frame, T = min(12, frame + 1), NaN where the point is not seen.
    """
    seen = tracks.visible[..., None]
    places = np.where(seen, tracks.points, np.float32(np.nan))
    start = tracks.points[0]
    travel = np.where(tracks.visible, np.linalg.norm(tracks.points - start, axis=2), 0).max(axis=0)
    first = max(0, frame + 1 - TRAIL_FRAMES)
    chosen = places[first : frame + 1, travel > _LEAST_TRAVEL * size[0]]
    centred = (chosen + 0.5) / np.array(size, np.float32)
    return np.ascontiguousarray(centred.transpose(1, 0, 2), np.float32)


def draw_arrows(rgb: NDArray[np.uint8], table: NDArray[np.float32]) -> None:
    """Draw arrows into an RGB frame, in the colour of their direction with a dark outline."""
    height, width = rgb.shape[:2]
    size = np.array([width, height], np.float64)
    for row in table.astype(np.float64):
        start, step = row[:2] * size, row[2:] * size
        length = float(np.hypot(*step))
        drawn = step * (
            min(_LONGEST_ARROW_PX, _SHORTEST_ARROW_PX + _ARROW_GAIN * length) / max(length, 1e-6)
        )
        red, green, blue = (int(c) for c in direction_colours(np.arctan2(-step[1], step[0])))
        tip = start + drawn
        for thickness, colour in ((3, _OUTLINE), (1, (red, green, blue))):
            cv2.arrowedLine(
                rgb,
                _fixed(start),
                _fixed(tip),
                colour,
                thickness,
                cv2.LINE_AA,
                _FRACTION_BITS,
                tipLength=0.35,
            )


def draw_trails(rgb: NDArray[np.uint8], table: NDArray[np.float32]) -> None:
    """Draw trails into an RGB frame: a tail that fades, and a dot at the head."""
    height, width = rgb.shape[:2]
    size = np.array([width, height], np.float64)
    layer, strength = rgb.copy(), np.zeros((height, width), np.uint8)
    for trail in table.astype(np.float64) * size:
        for age in range(1, len(trail)):
            a, b = trail[age - 1], trail[age]
            if np.isfinite(a).all() and np.isfinite(b).all():
                fade = int(255 * (age + TRAIL_FRAMES - len(trail) + 1) / TRAIL_FRAMES)
                for target, colour in ((layer, _TRAIL), (strength, (fade,))):
                    cv2.line(target, _fixed(a), _fixed(b), colour, 1, cv2.LINE_AA, _FRACTION_BITS)
        head = trail[-1]
        if np.isfinite(head).all():
            radius = 2 << _FRACTION_BITS
            for target, colour in ((layer, _TRAIL), (strength, (255,))):
                cv2.circle(target, _fixed(head), radius, colour, -1, cv2.LINE_AA, _FRACTION_BITS)
    weight = (strength.astype(np.float32) / 255)[..., None]
    rgb[:] = np.rint(rgb + (layer - rgb.astype(np.float32)) * weight).astype(np.uint8)


def _fixed(point: NDArray[np.float64]) -> tuple[int, int]:
    # Pixel centres lie at whole numbers, fractions count from the frame's corner.
    x, y = np.round((point - 0.5) * (1 << _FRACTION_BITS))
    return int(x), int(y)
