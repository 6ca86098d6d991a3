"""Point tracks: a grid of points followed by pyramidal Lucas-Kanade, checked both ways."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from motionlens.domain.errors import UsageError
from motionlens.domain.ports import Frames
from motionlens.motion.grids import Grey, grey, require_frames
from motionlens.motion.opencv import cv2

GRID = 16
# Frames are followed at this size at most: what is finer costs more and is mostly noise.
TRACK_SIDE = 1280
# A point that does not come back to within this many px when followed backwards is lost.
_ROUND_TRIP_PX = 1.0
_WINDOW, _LEVELS = 21, 3
_CRITERIA = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 30, 0.01)
# Each step adds an error of its own, so points are sought in the frame that was reached up to this
# many frames ago; a patch that has turned or grown for longer is no longer found as well.
_ANCHOR_FRAMES = 5
# A patch that differs from where it came from by more than this share of its contrast is another
# thing: what covers a point would carry it along otherwise.
_MOST_CHANGE = 0.6
_LEAST_CHANGE_LEVELS = 6.0
# Points that must share an affine motion, and by how much it must turn or scale, to be undone.
_LEAST_POINTS, _LEAST_AGREEING, _LEAST_TURN = 12, 0.5, 0.0005

Points = NDArray[np.float32]
Seen = NDArray[np.bool_]


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

    points: Points
    visible: Seen


class PointTracker:
    """Follows a grid of points of the first frame through frames that come one at a time.

    Parameters
    ----------
    grid : int
        Points along each side, in the middles of grid x grid equal cells: P = grid * grid.

    Notes
    -----
    Pyramidal Lucas-Kanade (Bouguet, 2001), windows of 21 px, 3 levels above the full size. Each
    point is sought from an anchor, the frame reached up to 5 frames ago, starting where it was
    last. It is lost when the way back ends more than 1 px from where it began, when it leaves the
    frame, or when its patch no longer looks as it did. Anchoring on frame 0 throughout was measured
    to drift more, as the patch has turned by then; so does anchoring on each last frame.
    """

    def __init__(self, grid: int = GRID) -> None:
        if grid < 1:
            raise UsageError("The grid has no points", f"it is {grid} wide", "Give at least 1")
        self._grid = grid
        self._points: list[Points] = []
        self._visible: list[Seen] = []
        self._anchor: Grey = np.zeros((0, 0), np.uint8)
        self._anchor_frame = 0

    def push(self, luma: Grey) -> None:
        """Follow all points into the next frame, (H, W) uint8, all of one size."""
        luma = np.ascontiguousarray(luma)
        if not self._points:
            self._points.append(_grid_points(self._grid, luma.shape[1], luma.shape[0]))
            self._visible.append(np.ones(self._grid**2, np.bool_))
            self._anchor = luma
            return
        last, alive = self._points[-1], np.flatnonzero(self._visible[-1])
        points, visible = last.copy(), np.zeros(len(last), np.bool_)
        if len(alive):
            start, guess = self._points[self._anchor_frame][alive], self._foretold(alive)
            moved, kept = _follow_turned(self._anchor, luma, start, guess)
            points[alive[kept]] = moved[kept]
            visible[alive[kept]] = True
        self._points.append(points)
        self._visible.append(visible)
        now = len(self._points) - 1
        if now - self._anchor_frame >= _ANCHOR_FRAMES:
            self._anchor, self._anchor_frame = luma, now

    def tracks(self) -> tuple[Points, Seen]:
        """(F, P, 2) float32 px and (F, P) bool visible, of the frames so far."""
        if not self._points:
            count = self._grid**2
            return np.empty((0, count, 2), np.float32), np.empty((0, count), np.bool_)
        return np.stack(self._points), np.stack(self._visible)

    def _foretold(self, alive: NDArray[np.intp]) -> Points:
        """Where the points will be if they go on as they went."""
        last = self._points[-1][alive]
        if len(self._points) < 2:
            return last
        return last + (last - self._points[-2][alive])


def track_points(frames: Frames, grid: int = GRID) -> Tracks:
    """Follow a grid of points from frame 0 through a clip that is held whole.

    Parameters
    ----------
    frames : (F, H, W, 3) uint8
        RGB; followed at their own size. See :class:`PointTracker`.
    grid : int
        Points along each side.
    """
    require_frames(frames)
    return track_lumas((grey(frame) for frame in frames), grid)


def track_lumas(lumas: Iterable[Grey], grid: int = GRID) -> Tracks:
    """The same from brightness, (H, W) uint8 each."""
    tracker = PointTracker(grid)
    for luma in lumas:
        tracker.push(luma)
    return Tracks(*tracker.tracks())


def _grid_points(grid: int, width: int, height: int) -> Points:
    middles = (np.arange(grid, dtype=np.float32) + 0.5) / grid
    x, y = np.meshgrid(middles * width - 0.5, middles * height - 0.5)
    return np.stack([x.ravel(), y.ravel()], axis=1).astype(np.float32)


def _follow_turned(a: Grey, b: Grey, start: Points, guess: Points) -> tuple[Points, Seen]:
    """Follow with the second picture turned and scaled back as the points foretell."""
    turn = _turn(start, guess)
    if turn is None:
        return _follow(a, b, start, guess)
    height, width = a.shape
    how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    back = cv2.warpAffine(b, turn, (width, height), flags=how, borderMode=cv2.BORDER_REPLICATE)
    inverse = cv2.invertAffineTransform(turn)
    moved, kept = _follow(a, np.asarray(back, np.uint8), start, _moved(guess, inverse))
    there = _moved(moved, turn)
    return there, kept & _inside(there, b)


def _turn(start: Points, end: Points) -> NDArray[np.float64] | None:
    """(2, 3): the affine motion that most points share, if it turns or scales what they show.

    Lucas-Kanade takes a window for a piece that only moves. Where it turns, the point found is off
    towards the window's strongest edges, on the same side in each frame: this, not noise, is most
    of the drift under a turning or zooming camera.
    """
    if len(start) < _LEAST_POINTS:
        return None
    model, agreeing = cv2.estimateAffine2D(start, end, ransacReprojThreshold=2.0, maxIters=200)
    if model is None or not np.isfinite(model).all() or agreeing.mean() < _LEAST_AGREEING:
        return None
    linear = np.asarray(model[:, :2], np.float64)
    if abs(linear - np.eye(2)).max() < _LEAST_TURN or not 0.5 < np.linalg.det(linear) < 2:
        return None
    return np.asarray(model, np.float64)


def _moved(points: Points, model: NDArray[np.float64]) -> Points:
    return np.asarray(points @ model[:, :2].T + model[:, 2], np.float32)


def _inside(points: Points, image: Grey) -> Seen:
    # Pixel centres reach half a pixel inside the border.
    limits = np.array([image.shape[1] - 0.5, image.shape[0] - 0.5], np.float32)
    return np.asarray(((points >= -0.5) & (points <= limits)).all(axis=1))


def _follow(a: Grey, b: Grey, start: Points, guess: Points) -> tuple[Points, Seen]:
    forward, found, change = _step(a, b, start, guess)
    back, returned, _ = _step(b, a, forward, start)
    trip = np.linalg.norm(back - start, axis=1)
    inside = _inside(forward, a)
    same = change <= np.maximum(_LEAST_CHANGE_LEVELS, _MOST_CHANGE * _contrast(a, start))
    return forward, found & returned & inside & (trip <= _ROUND_TRIP_PX) & same


def _step(a: Grey, b: Grey, start: Points, guess: Points) -> tuple[Points, Seen, Points]:
    moved, status, change = cv2.calcOpticalFlowPyrLK(
        a,
        b,
        start.reshape(-1, 1, 2),
        guess.reshape(-1, 1, 2).copy(),
        winSize=(_WINDOW, _WINDOW),
        maxLevel=_LEVELS,
        criteria=_CRITERIA,
        flags=cv2.OPTFLOW_USE_INITIAL_FLOW,
    )
    return moved.reshape(-1, 2), status.ravel() == 1, change.ravel()


def _contrast(image: Grey, points: Points) -> NDArray[np.float32]:
    """(P,) standard deviation of the levels in each point's window."""
    half = _WINDOW // 2
    x = np.clip(np.rint(points[:, 0]).astype(int), 0, image.shape[1] - 1)
    y = np.clip(np.rint(points[:, 1]).astype(int), 0, image.shape[0] - 1)
    spans = np.arange(-half, half + 1)
    rows = np.clip(y[:, None] + spans, 0, image.shape[0] - 1)
    columns = np.clip(x[:, None] + spans, 0, image.shape[1] - 1)
    windows = image[rows[:, :, None], columns[:, None, :]]
    return np.asarray(windows.std(axis=(1, 2)), np.float32)
