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
from motionlens.motion.grids import (
    FLOW_SIDE,
    Grey,
    block_means,
    lengths,
    require_frames,
    require_one_of,
)
from motionlens.motion.opencv import cv2
from motionlens.motion.stabilise import CAMERA_ONLY, CameraPart, camera_only_score, camera_part

RECIPES = ("adjacent", "anchor")
# Equation 13: keeps the division defined.
ZETA = 1e-6
# A clip is without motion if no vector reaches this length, in px of the grid that the flow is
# computed on, or if no block of 8x8 px changes by this many levels between the two frames.
NOISE_FLOOR_PX = 0.2
NOISE_FLOOR_LEVELS = 2.0


@dataclass(frozen=True, eq=False)
class MotionMask:
    """A motion mask and what was learnt about the camera on the way.

    Attributes
    ----------
    weights : (F, h, w) float32
        In [0, 1], on the grid that the flow was computed on.
    camera_only : bool
        Whether the camera's motion explains nearly all there is.
    camera_share : float
        Median share of the textured area that follows the camera while it moves; 0 where it never
        does.
    inlier_share : float
        Mean share of the flow vectors that agree with the camera model, over all pairs.
    """

    weights: Mask
    camera_only: bool
    camera_share: float
    inlier_share: float

    def at(self, height: int, width: int) -> Mask:
        """(F, height, width) float32: the mask at another size (bilinear)."""
        if self.weights.shape[1:] == (height, width):
            return self.weights.copy()
        mask = np.empty((len(self.weights), height, width), np.float32)
        for frame, row in enumerate(self.weights):
            mask[frame] = cv2.resize(row, (width, height), interpolation=cv2.INTER_LINEAR)
        return mask


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
    return describe_motion(frames, recipe, backend, stabilise).at(*frames.shape[1:3])


def describe_motion(
    frames: Frames, recipe: str = "adjacent", backend: str = "dis", stabilise: bool = False
) -> MotionMask:
    """As :func:`motion_mask`, with the decision on camera-only clips, in one pass."""
    require_frames(frames)
    require_one_of("mask recipe", recipe, RECIPES)
    measured = _measure(frames, recipe, flow_backend(backend), stabilise)
    weights = _scale(measured)
    parts = measured.camera
    camera = np.array([part.camera for part in parts])
    followed = np.array([part.followed for part in parts])
    score, _, share = camera_only_score(camera, followed)
    inliers = float(np.mean([part.inlier_share for part in parts])) if parts else 0.0
    return MotionMask(weights, score >= CAMERA_ONLY, share, inliers)


def sampled_mask(
    frames: Frames, following: Frames, recipe: str = "adjacent", backend: str = "dis"
) -> Mask:
    """The mask of some frames of a clip only, for models that see no more of it.

    A long clip of which a model takes 16 frames needs 16 flow fields, not hundreds; and the motion
    at a frame stays that of the clip, a displacement to the *next* frame, not to the next sample.

    Parameters
    ----------
    frames, following : (F, H, W, 3) uint8
        RGB; each frame, and the one after it in the clip.
    recipe : {"adjacent", "anchor"}
        ``anchor`` is measured from `frames[0]` and does not look at `following`.

    Returns
    -------
    (F, H, W) float32 in [0, 1]
        Scaled by its own minimum and maximum, with the noise floor of :func:`motion_mask`.
    """
    require_frames(frames)
    require_frames(following)
    require_one_of("mask recipe", recipe, RECIPES)
    engine = flow_backend(backend)
    anchor = recipe == "anchor"
    pairs = ((frames[0], f) for f in frames) if anchor else zip(frames, following, strict=True)
    rows, change = [], 0.0
    for first, second in pairs:
        a, b = small_grey(first, FLOW_SIDE), small_grey(second, FLOW_SIDE)
        rows.append(lengths(pair_flow(engine, a, b, a.shape[1])))
        change = max(change, float(block_means(cv2.absdiff(a, b).astype(np.uint8)).max()))
    weights = _scale(_Measured(np.stack(rows), change, []))
    return MotionMask(weights, False, 0.0, 0.0).at(*frames.shape[1:3])


@dataclass(frozen=True, eq=False)
class _Measured:
    length: NDArray[np.float32]  # (F, h, w)
    change: float  # levels
    camera: list[CameraPart]  # F-1


def _measure(frames: Frames, recipe: str, backend: FlowBackend, stabilise: bool) -> _Measured:
    rows: list[NDArray[np.float32]] = []
    change, camera = 0.0, list[CameraPart]()
    first = small_grey(frames[0])
    for a, b, flow in _flows(frames, recipe, backend):
        part, rest = camera_part(a, flow)
        camera.append(part)
        rows.append(lengths(rest if stabilise else flow))
        change = max(change, float(block_means(cv2.absdiff(a, b).astype(np.uint8)).max()))
    still = np.zeros(first.shape, np.float32)
    if not rows:
        rows = [still]
    elif recipe == "adjacent":
        rows.append(rows[-1])
    else:
        rows.insert(0, still)
    return _Measured(np.stack(rows), change, camera)


def _flows(frames: Frames, recipe: str, backend: FlowBackend) -> Iterator[tuple[Grey, Grey, Flow]]:
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
