"""Point tracks: a grid of points followed by pyramidal Lucas-Kanade, checked both ways."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from motionlens.domain.errors import UsageError
from motionlens.domain.ports import Frames
from motionlens.motion.grids import Grey, grey, require_frames
from motionlens.motion.opencv import cv2

GRID = 16
# A point that does not come back to within this many px when followed backwards is lost.
_ROUND_TRIP_PX = 1.0
_WINDOW, _LEVELS = 21, 3


@dataclass(frozen=True, eq=False)
class Tracks:
    """Trajectories of points.

    Attributes
    ----------
    points : (F, P, 2) float32
        px, x then y, of each point in each frame. A lost point stays where it was seen last.
    visible : (F, P) bool
        False from the frame in which a point was lost (covered, changed, or out of the frame).
    """

    points: NDArray[np.float32]
    visible: NDArray[np.bool_]


def track_points(frames: Frames, grid: int = GRID) -> Tracks:
    """Follow a grid of points from frame 0 through the clip.

    Parameters
    ----------
    frames : (F, H, W, 3) uint8
        RGB.
    grid : int
        Points along each side, in the middles of grid x grid equal cells: P = grid * grid.

    Notes
    -----
    Windows of 21 px, 3 levels above the full size. A point goes on from frame to frame while the
    way back ends within 1 px of where it came from. Anchoring anew on frame 0 was measured to
    drift more, as the patch has turned by then.
    """
    require_frames(frames)
    if grid < 1:
        raise UsageError("The grid has no points", f"it is {grid} wide", "Give at least 1")
    height, width = frames.shape[1:3]
    middles = (np.arange(grid, dtype=np.float32) + 0.5) / grid
    x, y = np.meshgrid(middles * width - 0.5, middles * height - 0.5)
    points = np.empty((len(frames), grid * grid, 2), np.float32)
    visible = np.ones(points.shape[:2], np.bool_)
    points[0] = np.stack([x.ravel(), y.ravel()], axis=1)
    before = grey(frames[0])
    for frame in range(1, len(frames)):
        now = grey(frames[frame])
        alive = visible[frame - 1]
        points[frame], visible[frame] = points[frame - 1], False
        if alive.any():
            places = np.flatnonzero(alive)
            moved, kept = _follow(before, now, points[frame - 1, places])
            points[frame, places[kept]] = moved[kept]
            visible[frame, places[kept]] = True
        before = now
    return Tracks(points, visible)


def _follow(
    a: Grey, b: Grey, start: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    forward, found = _step(a, b, start)
    back, returned = _step(b, a, forward)
    trip = np.linalg.norm(back - start, axis=1)
    # Pixel centres reach half a pixel inside the border.
    limits = np.array([a.shape[1] - 0.5, a.shape[0] - 0.5], np.float32)
    inside = ((forward >= -0.5) & (forward <= limits)).all(axis=1)
    return forward, found & returned & inside & (trip <= _ROUND_TRIP_PX)


def _step(
    a: Grey, b: Grey, start: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    moved, status, _ = cv2.calcOpticalFlowPyrLK(
        a, b, start.reshape(-1, 1, 2), None, winSize=(_WINDOW, _WINDOW), maxLevel=_LEVELS
    )
    return moved.reshape(-1, 2), status.ravel() == 1
