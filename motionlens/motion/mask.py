"""Motion masks: where and when a clip moves, as weights in [0, 1].

The recipes are those of the motion-attribution paper (arXiv 2601.08828, equations 12 and 13):
the length of the displacement, scaled by the minimum and maximum over the whole clip. Nothing is
clipped at percentiles and no power is taken. A *noise floor* is added, as scaling a clip without
motion would stretch the noise of the flow to the full range; and, on request, what the paper has no
remedy for: *stabilise* (cameras), *robust* (false vectors) and *confidence* (hidden pixels). How is
in :mod:`motionlens.motion.mask_stream`, which all masks come from.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass

import numpy as np

from motionlens.domain.mask_recipe import RECIPES, mask_recipe
from motionlens.domain.ports import Frames, Mask
from motionlens.motion.flow.pairs import small_grey
from motionlens.motion.grids import FLOW_SIDE, Grey, require_frames
from motionlens.motion.levels import ZETA
from motionlens.motion.mask_stream import StreamedMask
from motionlens.motion.opencv import cv2

__all__ = ["RECIPES", "ZETA", "MotionMask", "describe_motion", "motion_mask", "sampled_mask"]


@dataclass(frozen=True, eq=False)
class MotionMask:
    """A motion mask and what was learnt about the camera on the way.

    Attributes
    ----------
    weights : (F, h, w) float32
        In [0, 1], on the grid of flow fields: 256 px on the longer side at most.
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
        All zero where no vector reaches 0.2 px of that grid; a frame counts as still where no
        block of 8x8 px changes by 2 levels until the next.

    Raises
    ------
    UsageError
        For an unknown recipe or backend, or frames that are not (F, H, W, 3) uint8.

    Notes
    -----
    Flow is computed at 512 px on the longer side at most and pooled to 256; the mask is scaled
    there and then brought to the size of the frames (bilinear), so that its maximum may lie a
    little under 1. It is the mask that the window shows, but for what decoded RGB differs from
    decoded luma.
    """
    return describe_motion(frames, recipe, backend, stabilise).at(*frames.shape[1:3])


def describe_motion(
    frames: Frames, recipe: str = "adjacent", backend: str = "dis", stabilise: bool = False
) -> MotionMask:
    """As :func:`motion_mask`, with the decision on camera-only clips, in one pass."""
    require_frames(frames)
    with closing(StreamedMask(_shown(frames), recipe, backend, stabilise)) as stream:
        return _described(stream, (small_grey(frame, FLOW_SIDE) for frame in frames))


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
    with closing(StreamedMask(_shown(frames), recipe, backend)) as stream:
        if mask_recipe(recipe).base == "anchor":
            found = _described(stream, (small_grey(frame, FLOW_SIDE) for frame in frames))
            return found.at(*frames.shape[1:3])
        for a, b in zip(frames, following, strict=True):
            stream.push_pair(small_grey(a, FLOW_SIDE), small_grey(b, FLOW_SIDE))
        return _described(stream, ()).at(*frames.shape[1:3])


def _described(stream: StreamedMask, lumas: Iterable[Grey]) -> MotionMask:
    for luma in lumas:
        stream.push(luma)
    weights = np.stack(list(stream.weights()))
    return MotionMask(weights, stream.camera_only, stream.camera_share, stream.inlier_share)


def _shown(frames: Frames) -> tuple[int, int]:
    return frames.shape[2], frames.shape[1]
