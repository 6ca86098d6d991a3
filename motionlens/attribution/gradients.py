"""Gradient of the motion-masked loss of one clip (arXiv 2601.08828, Eqs. 13 to 16).

The mask weighs the loss only, never the noising: L_mot = (1 / F) mean over (f, h, w) of
W~(f, h, w) * l(f, h, w), with W~ the clip's motion mask on the grid of the loss (Eqs. 13, 14) and
l the model's squared error at a fixed noise level and noise (Eq. 15). The factor 1 / F of Eqs. 11
and 16 is left out: vectors are compared by their direction, and a positive factor per clip cancels
in a cosine.

*Balanced* gradients are ours: each parameter's part is brought to unit length before the
projection, so that a few layers with steep gradients do not decide alone which clips are near. It
is to a gradient what Adam, which the fine-tune uses, is to a step.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from motionlens.attribution.projection import project_gradient
from motionlens.domain.errors import ModelError
from motionlens.domain.fingerprint import IndexSpec
from motionlens.models.video_model import VideoModel


@dataclass(frozen=True, eq=False)
class LevelGradient:
    """One clip's gradient at one level.

    Attributes
    ----------
    vector : (D,) float32
        Projected, at unit length (Eq. 9); zero where the gradient is zero (an empty mask).
    norm, loss, plain_loss : float
        Length of the gradient (of its projection, where it is not balanced); masked and unmasked
        mean loss.
    factors : tuple of float
        What each parameter's part of the gradient was multiplied by: `vector` is the projection
        of the products.
    """

    vector: NDArray[np.float32]
    norm: float
    loss: float
    plain_loss: float
    factors: tuple[float, ...]


def masked_loss(unreduced: Tensor, mask: Tensor | None) -> Tensor:
    """Eq. 16 without its 1 / F: the mean of mask times loss over (..., F, h, w); a scalar.

    `mask` None stands for ones, the ordinary loss.
    """
    return unreduced.mean() if mask is None else (mask.to(unreduced.device) * unreduced).mean()


def gradients_under_masks(
    model: VideoModel,
    parameters: Sequence[nn.Parameter],
    spec: IndexSpec,
    clip: tuple[Tensor, Tensor],
    level: float,
    masks: Sequence[Tensor | None],
) -> list[LevelGradient]:
    """Gradients of one clip at one level under each mask, from one forward pass.

    Parameters
    ----------
    parameters : sequence of parameters
        The tracked ones, in the order of the projection.
    clip : tuple of Tensor
        Latent (C, F', h, w) and condition. A batch of one clip, so that its row does not depend on
        its neighbours: rows made after a resume equal those of an uninterrupted run bit for bit.
    level : float
        Share of noise; the noise itself is the same for all clips (Eqs. 6, 7).
    masks : sequence of (F_gen, h, w) Tensor or None

    Raises
    ------
    ModelError
        Where the loss or its gradient is not finite.
    """
    latent, condition = clip
    with torch.enable_grad():
        unreduced = model.loss(latent[None], condition[None], level, model.noise(spec.noise_seed))[
            0
        ]
        plain = float(unreduced.detach().mean())
        found = []
        for n, mask in enumerate(masks):
            loss = masked_loss(unreduced, mask)
            parts = torch.autograd.grad(
                loss, parameters, retain_graph=n + 1 < len(masks), allow_unused=True
            )
            found.append(_level(parts, parameters, spec, (float(loss.detach()), plain)))
    return found


def _level(
    parts: Sequence[Tensor | None],
    parameters: Sequence[nn.Parameter],
    spec: IndexSpec,
    losses: tuple[float, float],
) -> LevelGradient:
    lengths: list[float] = []

    def balanced() -> Iterator[Tensor]:
        """One part at a time: no second copy of the gradient is held."""
        for part, weight in zip(parts, parameters, strict=True):
            if part is None:
                # A parameter that the loss does not reach has a gradient of zero.
                lengths.append(0.0)
                yield torch.zeros_like(weight)
            elif spec.balance == "none":
                yield part
            else:
                lengths.append(float(torch.linalg.vector_norm(part, dtype=torch.float32)))
                yield part / lengths[-1] if lengths[-1] > 0 else part

    vector = project_gradient(
        balanced(), dim=spec.dim, seed=spec.projection_seed, kind=spec.projection
    )
    projected = float(np.linalg.norm(vector.astype(np.float64)))
    norm = projected if spec.balance == "none" else math.hypot(*lengths)
    if not math.isfinite(norm + projected) or not math.isfinite(losses[1]):
        raise ModelError(
            "The gradient of this clip is not a number",
            "the model's loss overflows on it",
            "Use weights that are not damaged, or leave the clip out",
        )
    unit = vector / np.float32(projected) if projected > 0 else vector
    one = 1.0 / projected if projected > 0 else 0.0
    factors = (
        (one,) * len(parameters)
        if spec.balance == "none"
        else tuple(one / length if length > 0 else 0.0 for length in lengths)
    )
    return LevelGradient(unit.astype(np.float32), norm, *losses, factors)
