"""What each step trains on: clips, noise, levels and augmentation, from (seed, step) alone.

No generator runs on from step to step. So a resumed run continues exactly, and two runs of one seed
meet the same noise at the same step whatever clips they hold.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

from motionlens.domain.seeds import derive_seed
from motionlens.finetune.recipe import Recipe


@dataclass(frozen=True, eq=False)
class Batch:
    """One step's draw.

    Attributes
    ----------
    clips : Tensor
        (B,) int64 positions in the training list.
    levels : Tensor
        (B,) float32 shares of noise in (0, 1).
    noise : Tensor
        (B, ...) float32, standard normal.
    mirrored, inverted : Tensor
        (B,) bool: which clips are flipped sideways, and which swap light and dark.
    """

    clips: Tensor
    levels: Tensor
    noise: Tensor
    mirrored: Tensor
    inverted: Tensor


def draw_batch(
    seed: int, step: int, size: int, clips: int, noise_shape: Sequence[int], recipe: Recipe
) -> Batch:
    """The batch of a step (counted from 0), on the CPU.

    Every clip is met once before any is met again; only the order depends on their number.
    """
    random = _random("batch", seed, step)
    levels = _levels(size, recipe, random)
    noise = torch.randn((size, *noise_shape), generator=random)
    coins = torch.rand((2, size), generator=random) < 0.5
    return Batch(_clips(seed, step, size, clips), levels, noise, coins[0], coins[1])


def _clips(seed: int, step: int, size: int, clips: int) -> Tensor:
    places = range(step * size, (step + 1) * size)
    return torch.tensor([_order(seed, at // clips, clips)[at % clips] for at in places])


def _levels(size: int, recipe: Recipe, random: torch.Generator) -> Tensor:
    """sigmoid(N(mean, spread)), one draw from each of `size` slices of equal probability."""
    share = (torch.arange(size) + torch.rand(size, generator=random, dtype=torch.float64)) / size
    normal = torch.special.ndtri(share.clamp(1e-6, 1 - 1e-6))
    return torch.sigmoid(recipe.level_mean + recipe.level_spread * normal).float()


@lru_cache(maxsize=2)
def _order(seed: int, epoch: int, clips: int) -> list[int]:
    order: list[int] = torch.randperm(clips, generator=_random("order", seed, epoch)).tolist()
    return order


def _random(*names: object) -> torch.Generator:
    return torch.Generator().manual_seed(derive_seed("fine-tune", *names))
