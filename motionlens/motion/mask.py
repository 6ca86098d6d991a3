"""Motion masks: where and when a clip moves, as weights in [0, 1].

The recipes are those of the motion-attribution paper (arXiv 2601.08828, equations 12 and 13):
the length of the displacement, scaled by the minimum and maximum over the whole clip. Nothing is
clipped at percentiles and no power is taken. Two things are added, both off the published path
unless they are needed: a *noise floor*, as scaling a clip without motion would stretch the noise of
the flow to the full range, and *stabilisation* on request, as the paper has no remedy for cameras.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from motionlens.domain.ports import Flow, FlowBackend, Frames, Mask
from motionlens.motion.flow.pairs import pair_flow, small_grey
from motionlens.motion.flow.registry import flow_backend
from motionlens.motion.grids import FLOW_SIDE, Grey, lengths, require_frames, require_one_of
from motionlens.motion.opencv import cv2
from motionlens.motion.stabilise import fit_camera, subtract_camera

RECIPES = ("adjacent", "anchor")
# Equation 13: keeps the division defined.
ZETA = 1e-6
# A clip is without motion if no vector reaches this length, in px of the grid that the flow is
# computed on, or if no block of 8x8 px changes by this many levels between the two frames.
NOISE_FLOOR_PX = 0.2
NOISE_FLOOR_LEVELS = 2.0
# Camera only: this share of the vectors agrees with the camera, which moves this much.
CAMERA_ONLY_SHARE = 0.85
CAMERA_PX = 0.3
_BLOCK = 8


@dataclass(frozen=True, eq=False)
class MotionMask:
    """A motion mask and what was learnt about the camera on the way.

    Attributes
    ----------
    mask : (F, H, W) float32
        In [0, 1].
    camera_only : bool
        Whether the camera's motion explains nearly all there is.
    camera_share : float
        Mean share of the vectors that agree with the camera model, over the frames in which the
        camera moves; 0 where it never does.
    """

    mask: Mask
    camera_only: bool
    camera_share: float


def motion_mask(
    frames: Frames, recipe: str = "adjacent", backend: str = "dis", stabilise: bool = False
) -> Mask:
    """The motion mask of a clip.

    Parameters
    ----------
    frames : (F, H, W, 3) uint8
        RGB.
    recipe : {"adjacent", "anchor"}
        ``adjacent``: flow from each frame to the next, the last one repeated. ``anchor``: flow
        from frame 0 to each frame, in the coordinates of frame 0, so that the mask lies where the
        object was.
    backend : str
        A name of :func:`motionlens.motion.flow.flow_backend`.
    stabilise : bool
        Subtract the camera's part (a homography fitted to each flow field) first.

    Returns
    -------
    (F, H, W) float32 in [0, 1]
        All zero where nothing moves beyond the noise floor: no vector of 0.2 px, or no block of
        8x8 px that changes by 2 levels.

    Raises
    ------
    UsageError
        For an unknown recipe or backend, or frames that are not (F, H, W, 3) uint8.

    Notes
    -----
    Flow is computed at 512 px on the longer side at most; the mask is scaled there and then brought
    to the size of the frames (bilinear), so that its maximum may lie a little under 1 there.
    """
    return describe_motion(frames, recipe, backend, stabilise).mask


def describe_motion(
    frames: Frames, recipe: str = "adjacent", backend: str = "dis", stabilise: bool = False
) -> MotionMask:
    """As :func:`motion_mask`, with the decision on camera-only clips, in one pass."""
    require_frames(frames)
    require_one_of("mask recipe", recipe, RECIPES)
    measured = _measure(frames, recipe, flow_backend(backend), stabilise)
    weights = _scale(measured)
    height, width = frames.shape[1:3]
    mask = np.empty((len(frames), height, width), np.float32)
    for frame, row in enumerate(weights):
        mask[frame] = cv2.resize(row, (width, height), interpolation=cv2.INTER_LINEAR)
    moving = measured.camera_px >= CAMERA_PX
    share = float(measured.inlier_share[moving].mean()) if moving.any() else 0.0
    mostly = bool(len(moving)) and float(moving.mean()) >= 0.5
    return MotionMask(mask, mostly and share >= CAMERA_ONLY_SHARE, share)


@dataclass(frozen=True, eq=False)
class _Measured:
    length: NDArray[np.float32]  # (F, h, w)
    change: float  # levels
    camera_px: NDArray[np.float64]  # (F-1,)
    inlier_share: NDArray[np.float64]  # (F-1,)


def _measure(
    frames: Frames, recipe: str, backend: FlowBackend, stabilise: bool
) -> _Measured:
    rows: list[NDArray[np.float32]] = []
    change, camera = 0.0, []
    first = small_grey(frames[0])
    for a, b, flow in _flows(frames, recipe, backend):
        fit = fit_camera(flow)
        field = fit.field(*flow.shape[:2])
        camera.append((float(lengths(field).mean()), fit.inlier_share))
        rows.append(lengths(subtract_camera(flow, fit) if stabilise else flow))
        change = max(change, _greatest_change(a, b))
    still = np.zeros(first.shape, np.float32)
    if not rows:
        rows = [still]
    elif recipe == "adjacent":
        rows.append(rows[-1])
    else:
        rows.insert(0, still)
    pairs = np.array(camera, np.float64).reshape(-1, 2)
    return _Measured(np.stack(rows), change, pairs[:, 0], pairs[:, 1])


def _flows(
    frames: Frames, recipe: str, backend: FlowBackend
) -> Iterator[tuple[Grey, Grey, Flow]]:
    before = small_grey(frames[0], FLOW_SIDE)
    for frame in frames[1:]:
        now = small_grey(frame, FLOW_SIDE)
        # In px of the small grid: a positive factor cancels in the scaling.
        yield before, now, pair_flow(backend, before, now, before.shape[1])
        if recipe == "adjacent":
            before = now


def _scale(measured: _Measured) -> NDArray[np.float32]:
    length = measured.length
    low, high = float(length.min()), float(length.max())
    if high < NOISE_FLOOR_PX or measured.change < NOISE_FLOOR_LEVELS:
        return np.zeros_like(length)
    return np.asarray((length - low) / np.float32(high - low + ZETA), np.float32)


def _greatest_change(a: Grey, b: Grey) -> float:
    columns, rows = (max(1, round(side / _BLOCK)) for side in a.shape[::-1])
    change = cv2.absdiff(a, b).astype(np.float32)
    return float(cv2.resize(change, (columns, rows), interpolation=cv2.INTER_AREA).max())
