"""Motion masks: where and when a clip moves, as weights in [0, 1].

The recipes are those of the motion-attribution paper (arXiv 2601.08828, equations 12 and 13):
the length of the displacement, scaled by the minimum and maximum over the whole clip. Nothing is
clipped at percentiles and no power is taken. A *noise floor* is added, as scaling a clip without
motion would stretch the noise of the flow to the full range; and, on request, what the paper has no
remedy for: *stabilise* (cameras), *robust* (false vectors) and *confidence* (hidden pixels).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from motionlens.domain.mask_recipe import RECIPES, MaskRecipe, mask_recipe
from motionlens.domain.ports import FlowBackend, Frames, Mask
from motionlens.motion.flow.pairs import small_grey
from motionlens.motion.flow.registry import flow_backend
from motionlens.motion.grids import FLOW_SIDE, Grey, block_means, lengths, require_frames
from motionlens.motion.levels import ZETA, Levels
from motionlens.motion.occlusion import confidence
from motionlens.motion.opencv import cv2
from motionlens.motion.stabilise import (
    CAMERA_ONLY,
    CameraPart,
    camera_only_score,
    camera_part,
    unexplained_px,
)

__all__ = [
    "NOISE_FLOOR_PX",
    "RECIPES",
    "ZETA",
    "MotionMask",
    "describe_motion",
    "motion_mask",
    "pair_lengths",
    "sampled_mask",
]

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
    recipe : str
        ``adjacent``: flow from each frame to the next, the last one repeated. ``anchor``: flow
        from frame 0 to each frame, in the coordinates of frame 0, so that the mask lies where the
        object was. Either may be followed by ``+stabilise``, ``+robust`` and ``+confidence``: see
        :class:`motionlens.domain.mask_recipe.MaskRecipe`.
    backend : str
        A name of :func:`motionlens.motion.flow.flow_backend`.
    stabilise : bool
        The same as ``+stabilise``.

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
    wanted = mask_recipe(recipe).having(stabilise=stabilise)
    measured = _measure(frames, wanted, flow_backend(backend))
    parts = measured.camera
    camera = np.array([part.camera for part in parts])
    followed = np.array([part.followed for part in parts])
    score, _, share = camera_only_score(camera, followed)
    inliers = float(np.mean([part.inlier_share for part in parts])) if parts else 0.0
    return MotionMask(_scale(measured, wanted), score >= CAMERA_ONLY, share, inliers)


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
    recipe : str
        As for :func:`motion_mask`; ``anchor`` is measured from `frames[0]` and does not look at
        `following`.

    Returns
    -------
    (F, H, W) float32 in [0, 1]
        Scaled by its own minimum and maximum, with the noise floor of :func:`motion_mask`.
    """
    require_frames(frames)
    require_frames(following)
    wanted, engine = mask_recipe(recipe), flow_backend(backend)
    anchor = wanted.base == "anchor"
    pairs = ((frames[0], f) for f in frames) if anchor else zip(frames, following, strict=True)
    greys = ((small_grey(a, FLOW_SIDE), small_grey(b, FLOW_SIDE)) for a, b in pairs)
    measured = _measured(greys, wanted, engine)
    return MotionMask(_scale(measured, wanted), False, 0.0, 0.0).at(*frames.shape[1:3])


def pair_lengths(
    a: Grey, b: Grey, recipe: MaskRecipe, backend: FlowBackend
) -> tuple[NDArray[np.float32], CameraPart]:
    """What one pair of frames gives to a mask: lengths of its flow, and the camera's part in it.

    Parameters
    ----------
    a, b : (h, w) uint8
        Brightness.

    Returns
    -------
    lengths : (h, w) float32
        px of that grid; without the camera, or weighed by confidence, as the recipe says.
    part : CameraPart
    """
    flow = backend.flow(a, b)
    part, rest = camera_part(a, flow)
    length = lengths(rest if recipe.stabilise else flow)
    if recipe.confidence:
        length = length * confidence(flow, backend.flow(b, a))
    return length, part


@dataclass(frozen=True, eq=False)
class _Measured:
    length: NDArray[np.float32]  # (F, h, w)
    change: float  # levels
    camera: list[CameraPart]


def _measured(
    pairs: Iterator[tuple[Grey, Grey]], recipe: MaskRecipe, backend: FlowBackend
) -> _Measured:
    rows: list[NDArray[np.float32]] = []
    change, camera = 0.0, list[CameraPart]()
    for a, b in pairs:
        length, part = pair_lengths(a, b, recipe, backend)
        rows.append(length)
        camera.append(part)
        change = max(change, float(block_means(cv2.absdiff(a, b).astype(np.uint8)).max()))
    return _Measured(np.stack(rows) if rows else np.zeros((0, 1, 1), np.float32), change, camera)


def _measure(frames: Frames, recipe: MaskRecipe, backend: FlowBackend) -> _Measured:
    measured = _measured(_pairs(frames, recipe), recipe, backend)
    length = measured.length
    still = np.zeros((1, *small_grey(frames[0]).shape), np.float32)
    if not len(length):
        length = still
    elif recipe.base == "adjacent":
        length = np.concatenate([length, length[-1:]])
    else:
        length = np.concatenate([still, length])
    return _Measured(length, measured.change, measured.camera)


def _pairs(frames: Frames, recipe: MaskRecipe) -> Iterator[tuple[Grey, Grey]]:
    before = small_grey(frames[0], FLOW_SIDE)
    for frame in frames[1:]:
        now = small_grey(frame, FLOW_SIDE)
        yield before, now
        if recipe.base == "adjacent":
            before = now


def _scale(measured: _Measured, recipe: MaskRecipe) -> NDArray[np.float32]:
    length = measured.length
    levels = Levels(recipe.robust, unexplained_px(measured.camera) if recipe.stabilise else 0.0)
    # The last frame of `adjacent` only repeats the one before it.
    repeated = recipe.base == "adjacent" and 0 < len(measured.camera) < len(length)
    for row in length[:-1] if repeated else length:
        levels.add(row)
    if levels.most < NOISE_FLOOR_PX or measured.change < NOISE_FLOOR_LEVELS:
        return np.zeros_like(length)
    return np.stack([levels.weights(row) for row in length])
