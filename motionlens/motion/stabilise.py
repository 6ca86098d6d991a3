"""The camera's part of a flow field: a global model fitted to the flow itself.

Fitting vectors that are there already costs a hundredth of the flow; finding corners anew would
cost up to half of it. The model is a homography (pan, tilt, zoom, roll of a camera that does not
change its place, or a flat scene); depth seen from a moving camera does not follow it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from motionlens.domain.ports import Flow
from motionlens.motion.opencv import cv2

# Every fourth pixel along both sides: one vector in 16.
_STEP = 4
# A homography needs four points; below this many, agreement would mean nothing.
_LEAST_VECTORS = 16
_LEAST_INLIERS = 0.3


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
        points = _grid(height, width, 1)
        moved = cv2.perspectiveTransform(points, self.matrix)
        return np.asarray(moved - points, np.float32).reshape(height, width, 2)


def fit_camera(flow: Flow, tolerance_px: float = 1.0) -> CameraFit:
    """Fit a homography to every 16th vector by MAGSAC++ (Barath et al., CVPR 2020).

    Parameters
    ----------
    flow : (H, W, 2) float32
        px.
    tolerance_px : float
        How far a vector may lie from the model and still agree.

    Notes
    -----
    The random draws of the fit are seeded: the same flow gives the same model. A model that fewer
    than 30 % of the vectors agree with is no camera, and the identity is given back.
    """
    height, width = flow.shape[:2]
    points = _grid(height, width, _STEP)
    if len(points) < _LEAST_VECTORS:
        return _no_camera()
    moved = points + np.ascontiguousarray(flow[::_STEP, ::_STEP]).reshape(-1, 1, 2)
    matrix, _ = cv2.findHomography(points, moved, cv2.USAC_MAGSAC, tolerance_px, maxIters=500)
    if matrix is None or not np.isfinite(matrix).all():
        return _no_camera()
    away = np.linalg.norm(cv2.perspectiveTransform(points, matrix) - moved, axis=2)
    share = float((away <= tolerance_px).mean())
    return CameraFit(np.asarray(matrix, np.float64), share) if share >= _LEAST_INLIERS else (
        _no_camera()
    )


def subtract_camera(flow: Flow, fit: CameraFit) -> Flow:
    """(H, W, 2) float32: what moves beside the camera, px."""
    return flow - fit.field(*flow.shape[:2])


def _grid(height: int, width: int, step: int) -> NDArray[np.float32]:
    y, x = np.mgrid[0:height:step, 0:width:step]
    return np.stack([x, y], axis=2).astype(np.float32).reshape(-1, 1, 2)


def _no_camera() -> CameraFit:
    return CameraFit(np.eye(3), 0.0)
