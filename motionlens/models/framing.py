"""What a model sees of a clip: which frames, which part of the picture, at which size."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 (torch's own name)
from torch import Tensor

from motionlens.domain.errors import ModelError
from motionlens.domain.requests import ModelSight
from motionlens.models.resample import between, covered_weights, equal_times


@dataclass(frozen=True)
class Framing:
    """A clip's shape for a model: always a shape that its encoder and its patches divide.

    Attributes
    ----------
    frames, height, width : int
        In pixels of the model.
    stride : int
        Frames that one latent stands for; the first frame has a latent of its own.
    cell : int
        Pixels of a latent, a side.
    """

    frames: int
    height: int
    width: int
    stride: int
    cell: int

    @property
    def latent_frames(self) -> int:
        """Latents in time."""
        return (self.frames - 1) // self.stride + 1

    @property
    def grid(self) -> tuple[int, int, int]:
        """Frames, height and width of the latent."""
        return self.latent_frames, self.height // self.cell, self.width // self.cell

    def pixels(self, frames: np.ndarray) -> Tensor:
        """(F, H, W, 3) uint8 RGB to (3, frames, height, width) float32 in [-1, 1].

        Frames at equal times; the largest middle part of the picture with the model's own shape;
        bilinear, with the filter widened where pixels become fewer.
        """
        chosen = frames[equal_times(len(frames), self.frames)]
        top, bottom, left, right = self._box(chosen.shape[1], chosen.shape[2])
        part = chosen[:, round(top) : round(bottom), round(left) : round(right)]
        picture = torch.from_numpy(np.ascontiguousarray(part)).permute(0, 3, 1, 2).float()
        if picture.shape[-2:] != (self.height, self.width):
            picture = F.interpolate(
                picture, (self.height, self.width), mode="bilinear", antialias=True
            )
        return (picture / 127.5 - 1).clamp(-1, 1).permute(1, 0, 2, 3).contiguous()

    def mask(self, mask: np.ndarray) -> Tensor:
        """(F, H, W) weights to the latent grid, (latent frames, h, w) float32.

        The same frames and the same part of the picture as :meth:`pixels`. In time, latent 0 is
        frame 0 and latent k the mean of frames stride * (k - 1) + 1 to stride * k, as a causal
        encoder sees them. In space each cell is the average over the pixels that it covers:
        arXiv 2601.08828, Eq. 14 reads the mask at the cell's middle instead, which is the same for
        a smooth mask and would lose what is smaller than a cell.
        """
        chosen = np.asarray(mask, dtype=np.float32)[equal_times(len(mask), self.frames)]
        groups = chosen[1:].reshape(-1, self.stride, *chosen.shape[1:])
        steps = np.concatenate([chosen[:1], groups.mean(axis=1)])
        top, bottom, left, right = self._box(*mask.shape[1:])
        _, rows, columns = self.grid
        down = covered_weights(mask.shape[1], rows, top, bottom)
        across = covered_weights(mask.shape[2], columns, left, right)
        return torch.from_numpy(between(down, steps, across))

    @property
    def sight(self) -> ModelSight:
        """The same for whoever shows it."""
        return ModelSight(self.frames, self.width, self.height)

    def note(self, given_up: str = "") -> str:
        """What a model sees of any clip, in words; `given_up` as :func:`snapped` tells it."""
        seen = (
            f"sees {self.frames} frames at equal times and the largest middle part of the picture "
            f"at {self.height}x{self.width}; makes all frames from the caption"
        )
        return f"{seen} ({given_up})" if given_up else seen

    def lost(self, frames: int, height: int, width: int) -> str:
        """What the model does not see of a clip of that shape, in words; empty if all is seen."""
        parts = []
        if frames > self.frames:
            parts.append(f"{frames - self.frames} of {frames} frames are passed over")
        elif frames < self.frames:
            parts.append(f"{frames} frames are stretched to {self.frames}")
        top, _, left, _ = self._box(height, width)
        if round(top):
            parts.append(f"{round(top)} of {height} rows are cut off above and below")
        if round(left):
            parts.append(f"{round(left)} of {width} columns are cut off left and right")
        return "; ".join(parts)

    def _box(self, height: int, width: int) -> tuple[float, float, float, float]:
        """Top, bottom, left, right of the largest middle part with the model's shape, in pixels."""
        if height == 1 or width == 1:  # weights of a place in time alone
            return 0.0, float(height), 0.0, float(width)
        wide = min(float(width), height * self.width / self.height)
        high = min(float(height), width * self.height / self.width)
        top, left = (height - high) / 2, (width - wide) / 2
        return top, top + high, left, left + wide


def snapped(
    asked: Mapping[str, Any],
    usual: tuple[int, int, int],
    stride: int,
    cell: int,
    patch: tuple[int, int],
) -> tuple[Framing, str]:
    """The largest shape the model can take within the one asked for, and what that gives up.

    Parameters
    ----------
    asked : mapping
        ``frames`` and ``size`` (height, width), each optional.
    usual : tuple of int
        Frames, height and width where none are asked for.
    stride, cell : int
        See :class:`Framing`.
    patch : tuple of int
        Latents that go together in time, and along each side.

    Raises
    ------
    ModelError
        If what is asked for is no shape, or is smaller than one patch.
    """
    frames, height, width = _asked(asked, usual)
    group = stride * patch[0]
    # A first frame of its own, then whole groups; a patch in time needs mates for the first.
    first = 1 + stride * (patch[0] - 1)
    side = cell * patch[1]
    if frames < first or height < side or width < side:
        raise ModelError(
            f"The model cannot look at {frames} frames of {height}x{width}",
            f"the least it takes is {first} frames of {side}x{side}",
            "Ask for more in the folder's motionlens.json, or remove that file",
        )
    framing = Framing(
        first + (frames - first) // group * group,
        height // side * side,
        width // side * side,
        stride,
        cell,
    )
    given_up = []
    if framing.frames != frames:
        given_up.append(f"{framing.frames} of the {frames} frames asked for")
    if (framing.height, framing.width) != (height, width):
        given_up.append(f"{framing.height}x{framing.width} of the {height}x{width} asked for")
    return framing, " and ".join(given_up)


def _asked(asked: Mapping[str, Any], usual: tuple[int, int, int]) -> tuple[int, int, int]:
    frames = asked.get("frames", usual[0])
    size = asked.get("size", usual[1:])
    numbers = [frames, *size] if isinstance(size, list | tuple) else []
    if len(numbers) != 3 or any(type(n) is not int or n < 1 for n in numbers):
        raise ModelError(
            "The folder's motionlens.json cannot be understood",
            '"frames" is one whole number and "size" two, height and width',
            'Write such as {"frames": 33, "size": [480, 832]}, or remove the file',
        )
    return frames, size[0], size[1]
