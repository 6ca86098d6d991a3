"""Rows of several clips from one pass through the network, in micro-batches of one size.

The size is found by trying: it begins with what the model asks for, is halved for good where the
device is out of memory, and is 1 where the network does not keep clips apart. All micro-batches
have it, the last one filled up with copies: kernels run at one shape, so a row does not depend on
its neighbours or its place among them (bit for bit on a processor; tested), and an index that is
taken up again gets the rows of one made in one go.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import nn

from motionlens.attribution.gradients import LevelGradient, gradients_of_clips, row_of_levels
from motionlens.attribution.per_clip import ClipsMixedError
from motionlens.domain.errors import ModelError, MotionLensError, UsageError
from motionlens.domain.fingerprint import IndexSpec
from motionlens.domain.ports import GradientRow, SeenClip
from motionlens.models.video_model import VideoModel

# How far, as a share of its length, a row may be from the same made alone: in float32, or in less.
# What is further off mixes clips.
_SAME, _SAME_IN_HALF = 1e-3, 0.05


class MicroBatches:
    """Parameters are the model's tracked ones; `alone` makes the row of one clip by itself.

    Attributes
    ----------
    size : int
        Clips that go through the network together.
    """

    def __init__(
        self,
        model: VideoModel,
        parameters: Sequence[nn.Parameter],
        spec: IndexSpec,
        alone: Callable[..., GradientRow],
    ) -> None:
        self.size = model.micro_batch
        self._model, self._parameters, self._spec = model, parameters, spec
        self._alone = alone
        self._proven = False

    def rows(self, clips: Sequence[SeenClip]) -> list[GradientRow | MotionLensError]:
        """A row for each clip, or the error that this clip alone has."""
        made: list[GradientRow | MotionLensError] = []
        while len(made) < len(clips):
            piece = clips[len(made) : len(made) + self.size]
            made += self._one_by_one(piece) if self.size == 1 else self._tried(piece)
        return made

    def _one_by_one(self, clips: Sequence[SeenClip]) -> list[GradientRow | MotionLensError]:
        made: list[GradientRow | MotionLensError] = []
        for clip in clips:
            try:
                made.append(self._alone(*clip))
            except (ModelError, UsageError) as error:
                made.append(error)
        return made

    def _tried(self, clips: Sequence[SeenClip]) -> list[GradientRow | MotionLensError]:
        """The rows of a micro-batch; none where the next try must be a smaller one."""
        try:
            made = self._together(clips)
            self._prove(clips[0], made[0])
        except torch.OutOfMemoryError:
            self.size //= 2
            free()
        except ClipsMixedError:
            self.size = 1
        except (ModelError, UsageError):  # a clip that cannot be shown to the model
            return self._one_by_one(clips)
        else:
            return made
        return []

    def _together(self, clips: Sequence[SeenClip]) -> list[GradientRow | MotionLensError]:
        model = self._model
        filled = [*clips, *[clips[-1]] * (self.size - len(clips))]
        latents = torch.stack([model.encode(frames) for frames, _, _ in filled])
        conditions = torch.stack([model.condition(caption) for _, _, caption in filled])
        masks = [None if mask is None else model.mask_to_latent(mask) for _, mask, _ in filled]
        found = [
            gradients_of_clips(
                model, self._parameters, self._spec, (latents, conditions), level, masks
            )
            for level in self._spec.levels
        ]
        return [_row(levels) for levels in zip(*found, strict=True)][: len(clips)]

    def _prove(self, clip: SeenClip, made: GradientRow | MotionLensError) -> None:
        """Compare the first row that is made with others to the same made alone, once."""
        if self._proven or isinstance(made, MotionLensError):
            return
        self._proven = True
        far = _SAME if self._parameters[0].dtype == torch.float32 else _SAME_IN_HALF
        if not np.linalg.norm(self._alone(*clip).vector - made.vector) <= far:
            raise ClipsMixedError


def free() -> None:
    """Give what is not in use back to the device, before a smaller try."""
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def _row(levels: Sequence[LevelGradient | ModelError]) -> GradientRow | MotionLensError:
    sound = [level for level in levels if isinstance(level, LevelGradient)]
    if len(sound) == len(levels):
        return row_of_levels(sound)
    return next(level for level in levels if isinstance(level, ModelError))
