"""The camera's part of a flow field: a global model fitted to the flow itself.

Fitting vectors that are there already costs a hundredth of the flow; finding corners anew would
cost up to half of it. The model is a homography (pan, tilt, zoom, roll of a camera that does not
change its place, or a flat scene); depth seen from a moving camera does not follow it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from motionlens.domain.ports import Flow
from motionlens.motion.grids import Grey, block_means, lengths
from motionlens.motion.opencv import cv2

# Vectors a fit is made of: every fourth along both sides, or fewer of a large field. A camera has
# eight numbers, and the fit's cost is the number of vectors.
_STEP, _MOST_VECTORS = 4, 190
_DRAWS, _CONFIDENCE, _LOCAL_STEPS = 300, 0.995, 3
# A homography needs four points; below this many, agreement would mean nothing.
_LEAST_VECTORS = 16
_LEAST_INLIERS = 0.3
_STILL_SHARE = 0.7
# Slower than this a fitted camera is noise of the flow.
CAMERA_PX = 0.3
# From this score on, the camera is all that moves.
CAMERA_ONLY = 0.88
_MOST_OF_CLIP = 0.8
_TEXTURE_LEVELS = 5.0
_ASTRAY_PX, _ASTRAY_SHARE = 0.35, 0.35


@dataclass(frozen=True, eq=False)
class CameraFit:
    """A global motion model of one flow field.

    Attributes
    ----------
    matrix : (3, 3) float64
        Homography that takes pixels of the first frame to the second; the identity where no model
        fits.
    inlier_share : float
        Share of the sampled vectors that agree with it, 0 to 1; 0 where no model fits.
    """

    matrix: NDArray[np.float64]
    inlier_share: float

    def field(self, height: int, width: int) -> Flow:
        """(H, W, 2) float32: the flow that the camera alone would cause, px."""
        # Row by row and column by column: a quarter of the time of transforming every point.
        x = np.arange(width, dtype=np.float32)[None]
        y = np.arange(height, dtype=np.float32)[:, None]
        m = self.matrix.astype(np.float32)
        depth = m[2, 0] * x + (m[2, 1] * y + m[2, 2])
        flow = np.empty((height, width, 2), np.float32)
        flow[..., 0] = (m[0, 0] * x + (m[0, 1] * y + m[0, 2])) / depth - x
        flow[..., 1] = (m[1, 0] * x + (m[1, 1] * y + m[1, 2])) / depth - y
        return flow


def fit_camera(flow: Flow, tolerance_px: float = 1.0, step: int | None = None) -> CameraFit:
    """Fit a homography to a part of the vectors by locally optimised RANSAC (Chum, Matas and
    Kittler, DAGM 2003), as OpenCV's USAC has it. Of made fields where a mover fills a fifth to half
    of the picture, it misses the camera by over 1 px in one of 25 (a test holds it to that); twice
    the vectors under OpenCV's preset FAST did in six, at twice the cost.

    Parameters
    ----------
    flow : (H, W, 2) float32
        px.
    tolerance_px : float
        How far a vector may lie from the model and still agree.
    step : int, optional
        Distance of the pixels used, along both sides; by itself what gives some 190 of them, 4 at
        least.

    Notes
    -----
    The random draws of the fit are seeded: the same flow gives the same model. A model that fewer
    than 30 % of the vectors agree with is no camera, and the identity is given back.
    """
    height, width = flow.shape[:2]
    step = step or max(_STEP, int(np.ceil(np.sqrt(height * width / _MOST_VECTORS))))
    points = _grid(height, width, step)
    if len(points) < _LEAST_VECTORS:
        return _no_camera()
    vectors = np.ascontiguousarray(flow[::step, ::step]).reshape(-1, 1, 2)
    speed = np.hypot(vectors[..., 0], vectors[..., 1])
    if (speed < CAMERA_PX / 2).mean() > _STILL_SHARE:
        # Most of the picture stands still, so the camera does: the fit would find the identity.
        return CameraFit(np.eye(3), float((speed <= tolerance_px).mean()))
    moved = points + vectors
    matrix, _ = cv2.findHomography(points, moved, _search(tolerance_px))
    if matrix is None or not np.isfinite(matrix).all():
        return _no_camera()
    astray = cv2.perspectiveTransform(points, matrix) - moved
    share = float((np.hypot(astray[..., 0], astray[..., 1]) <= tolerance_px).mean())
    if share < _LEAST_INLIERS:
        return _no_camera()
    return CameraFit(np.asarray(matrix, np.float64), share)


def _search(tolerance_px: float) -> cv2.UsacParams:
    search = cv2.UsacParams()
    search.sampler, search.score = cv2.SAMPLING_UNIFORM, cv2.SCORE_METHOD_MSAC
    search.loMethod, search.loIterations = cv2.LOCAL_OPTIM_INNER_LO, _LOCAL_STEPS
    search.maxIterations, search.confidence, search.threshold = _DRAWS, _CONFIDENCE, tolerance_px
    # Threads would draw in another order each time.
    search.isParallel, search.randomGeneratorState = False, 0
    return search


def subtract_camera(flow: Flow, fit: CameraFit) -> Flow:
    """(H, W, 2) float32: what moves beside the camera, px."""
    return flow - fit.field(*flow.shape[:2])


@dataclass(frozen=True)
class CameraPart:
    """How much of one flow field is the camera's.

    Attributes
    ----------
    camera : float
        Mean length of the fitted camera's field, px.
    left : float
        Mean length of the flow that it does not explain, px.
    followed : float
        Share of the textured blocks that follow the camera; 0 where it moves less than 0.3 px.
    inlier_share : float
        Share of the sampled vectors that agree with the camera model.
    """

    camera: float
    left: float
    followed: float
    inlier_share: float


def camera_part(image: Grey, flow: Flow) -> tuple[CameraPart, Flow]:
    """The camera's part in a flow field, and what is left of the field without it.

    Only textured blocks of 8x8 px count as following: flow in plain areas is filled in from
    around. A block follows if it is off by at most a third of a pixel, or of the camera's motion.
    """
    fit = fit_camera(flow)
    field = fit.field(*flow.shape[:2])
    rest = flow - field
    camera, left = float(lengths(field).mean()), float(lengths(rest).mean())
    textured = _contrast(image) >= _TEXTURE_LEVELS
    followed = 0.0
    if camera >= CAMERA_PX and textured.any():
        away = lengths(_block_means(rest, textured.shape))
        speed = lengths(_block_means(field, textured.shape))
        follows = away <= np.maximum(_ASTRAY_PX, _ASTRAY_SHARE * speed)
        followed = float(follows[textured].mean())
    return CameraPart(camera, left, followed, fit.inlier_share), rest


def camera_only_score(
    camera: NDArray[np.floating], followed: NDArray[np.floating]
) -> tuple[float, float, float]:
    """Whether the camera is all that moves in a clip.

    Parameters
    ----------
    camera, followed : (F-1,) float
        :class:`CameraPart` of each pair of frames.

    Returns
    -------
    score : float
        0 to 1: median share of texture that follows the camera while it moves, lowered where it
        moves in under 80 % of the frames.
    moving : float
        Share of the frames in which the camera moves.
    share : float
        That median.
    """
    moves = camera >= CAMERA_PX
    if not moves.any():
        return 0.0, 0.0, 0.0
    moving, share = float(moves.mean()), float(np.median(followed[moves]))
    return share * min(1.0, moving / _MOST_OF_CLIP), moving, share


def unexplained_px(parts: Sequence[CameraPart]) -> float:
    """How long a vector must be to be full motion beside a camera that moves, px.

    Taking a camera out leaves errors in proportion to its speed (depth, lens, blur). Scaled by
    their own maximum they would look like motion; so they are scaled by what a block may lie
    astray and still follow the camera, at its mean speed over the clip.
    """
    if not parts:
        return 0.0
    speed = float(np.mean([part.camera for part in parts]))
    return _ASTRAY_PX + _ASTRAY_SHARE * speed if speed >= CAMERA_PX else 0.0


def _block_means(flow: Flow, shape: tuple[int, ...]) -> Flow:
    mean = cv2.resize(flow, (shape[1], shape[0]), interpolation=cv2.INTER_AREA)
    return np.asarray(mean, np.float32).reshape(shape[0], shape[1], 2)


def _contrast(image: Grey) -> NDArray[np.float32]:
    """Standard deviation of the levels in each block."""
    values = image.astype(np.float32)
    variance = block_means(values * values) - block_means(values) ** 2
    return np.asarray(np.sqrt(np.maximum(variance, 0)), np.float32)


@lru_cache(maxsize=8)
def _grid(height: int, width: int, step: int) -> NDArray[np.float32]:
    # Kept: all pairs of a clip share it, and making it took a tenth of the fit.
    y, x = np.mgrid[0:height:step, 0:width:step]
    grid = np.stack([x, y], axis=2).astype(np.float32).reshape(-1, 1, 2)
    grid.flags.writeable = False
    return grid


def _no_camera() -> CameraFit:
    return CameraFit(np.eye(3), 0.0)
