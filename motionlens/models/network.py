"""The network of the embedded model: a 2-D U-Net that sees the frames of a clip as channels."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import cast

import torch
import torch.nn.functional as F  # noqa: N812 (torch's own name)
from torch import Tensor, nn

_WAVES = 32


@dataclass(frozen=True)
class NetworkShape:
    """All that decides which weights the network has.

    ``patch`` picture cells a side become channels before the first convolution; ``widths`` are the
    channels at that size, half and quarter of it; ``blocks`` the residual blocks on the way: first
    size and second size going down, the third, second and first going up; ``condition`` is the
    width of the vector that carries time and class; ``classes`` counts the slot for "no class".
    """

    given: int = 4
    frames: int = 16
    classes: int = 7
    patch: int = 2
    widths: tuple[int, int, int] = (56, 96, 128)
    blocks: tuple[int, int, int, int, int] = (1, 1, 2, 2, 2)
    condition: int = 128

    def as_json(self) -> dict[str, object]:
        """Plain values, as the configuration file keeps them."""
        return {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(self).items()}


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions; time and class scale and shift what is between them (FiLM)."""

    def __init__(self, width: int, condition: int) -> None:
        super().__init__()
        self.norm_in = nn.GroupNorm(8, width)
        self.conv_in = nn.Conv2d(width, width, 3, padding=1)
        self.film = nn.Linear(condition, 2 * width)
        self.norm_out = nn.GroupNorm(8, width)
        self.conv_out = nn.Conv2d(width, width, 3, padding=1)
        # Starting as the identity makes the first steps stable at this learning rate.
        nn.init.zeros_(self.conv_out.weight)
        nn.init.zeros_(cast(Tensor, self.conv_out.bias))

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        """(B, width, h, w) and (B, condition) to (B, width, h, w)."""
        inner = self.conv_in(F.silu(self.norm_in(x)))
        scale, shift = self.film(condition)[:, :, None, None].chunk(2, dim=1)
        inner = self.norm_out(inner) * (1 + scale) + shift
        return cast(Tensor, x + self.conv_out(F.silu(inner)))


class FrameUNet(nn.Module):
    """Predicts the clean generated frames from noisy ones."""

    def __init__(self, shape: NetworkShape) -> None:
        super().__init__()
        first, second, third = shape.widths
        condition, cells = shape.condition, shape.patch**2
        self.shape = shape
        self.time = nn.Sequential(
            nn.Linear(2 * _WAVES, condition), nn.SiLU(), nn.Linear(condition, condition)
        )
        self.motion_class = nn.Embedding(shape.classes, condition)
        self.enter = nn.Conv2d(shape.frames * cells, first, 3, padding=1)
        self.down_full = _stack(shape.blocks[0], first, condition)
        self.to_half = nn.Conv2d(first, second, 3, stride=2, padding=1)
        self.down_half = _stack(shape.blocks[1], second, condition)
        self.to_quarter = nn.Conv2d(second, third, 3, stride=2, padding=1)
        self.bottom = _stack(shape.blocks[2], third, condition)
        self.from_quarter = nn.Conv2d(third, second, 1)
        self.up_half = _stack(shape.blocks[3], second, condition)
        self.from_half = nn.Conv2d(second, first, 1)
        self.up_full = _stack(shape.blocks[4], first, condition)
        self.norm = nn.GroupNorm(8, first)
        self.leave = nn.Conv2d(first, (shape.frames - shape.given) * cells, 3, padding=1)
        nn.init.zeros_(self.leave.weight)
        nn.init.zeros_(cast(Tensor, self.leave.bias))

    def forward(self, clip: Tensor, level: Tensor, motion_class: Tensor) -> Tensor:
        """Clean generated frames.

        Parameters
        ----------
        clip : Tensor
            (B, frames, h, w): the given frames clean, the others noisy.
        level : Tensor
            (B,) share of noise in [0, 1].
        motion_class : Tensor
            (B,) int64.

        Returns
        -------
        Tensor
            (B, frames - given, h, w).
        """
        condition = F.silu(self.time(_waves(level)) + self.motion_class(motion_class))
        patch, last = self.shape.patch, self.shape.given - 1
        full = _run(self.down_full, self.enter(F.pixel_unshuffle(clip, patch)), condition)
        half = _run(self.down_half, self.to_half(full), condition)
        quarter = _run(self.bottom, self.to_quarter(half), condition)
        half = _run(self.up_half, half + _twice(self.from_quarter(quarter)), condition)
        full = _run(self.up_full, full + _twice(self.from_half(half)), condition)
        change = F.pixel_shuffle(self.leave(F.silu(self.norm(full))), patch)
        # Change since the last given frame: the background is right from the first step on.
        return clip[:, last : last + 1] + change


def _stack(count: int, width: int, condition: int) -> nn.ModuleList:
    return nn.ModuleList([ResidualBlock(width, condition) for _ in range(count)])


def _run(blocks: nn.ModuleList, x: Tensor, condition: Tensor) -> Tensor:
    for block in blocks:
        x = block(x, condition)
    return x


def _twice(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2.0, mode="nearest")


def _waves(level: Tensor) -> Tensor:
    """Sines and cosines of the noise level at 32 rates from 1 to 1000 radians: (B, 64)."""
    rates = torch.exp(torch.linspace(0.0, math.log(1000.0), _WAVES, device=level.device))
    phases = level[:, None] * rates
    return torch.cat([phases.sin(), phases.cos()], dim=1)
