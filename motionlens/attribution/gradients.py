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

import functools
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from motionlens.attribution.per_clip import gradients_per_clip
from motionlens.attribution.projection import project_gradient
from motionlens.domain.errors import ModelError
from motionlens.domain.fingerprint import IndexSpec
from motionlens.domain.ports import GradientRow
from motionlens.models.video_model import VideoModel

# A part shorter than this share of the whole gradient is rounding: some gradients are zero by
# algebra (a shift of all keys, a query that sees one token alone) and nearly so in numbers, and at
# unit length they would be noise as loud as a layer. In the seven families, tiny and random, parts
# below the first share change by 4 % and more with the order of additions in float32, or are wholly
# noise; below the second lie all that have a cosine under .5 in bfloat16 to their float32 twin.
ROUNDING, ROUNDING_IN_HALF = 1e-6, 3e-4


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
        Latent (C, F', h, w) and condition.
    level : float
        Share of noise; the noise itself is the same for all clips (Eqs. 6, 7).
    masks : sequence of (F_gen, h, w) Tensor or None

    Raises
    ------
    ModelError
        Where the loss or its gradient is not finite.
    """
    latent, condition = clip
    floor = _floor(model.network)
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
            found.append(_level(parts, parameters, spec, (float(loss.detach()), plain), floor))
    return found


def gradients_of_clips(
    model: VideoModel,
    parameters: Sequence[nn.Parameter],
    spec: IndexSpec,
    clips: tuple[Tensor, Tensor],
    level: float,
    masks: Sequence[Tensor | None],
) -> list[LevelGradient | ModelError]:
    """Gradients of several clips at one level, from one pass: :func:`gradients_under_masks` each.

    Parameters
    ----------
    clips : tuple of Tensor
        Latents (B, C, F', h, w) and conditions (B, ...).
    masks : sequence of (F_gen, h, w) Tensor or None
        One a clip.

    Returns
    -------
    list
        In place of a gradient that is not finite, its error; the other clips do not feel it.

    Raises
    ------
    ClipsMixedError
        This network's clips must be taken one by one.
    """
    latents, conditions = clips
    floor = _floor(model.network)
    kept: list[tuple[float, float]] = []

    def losses() -> Tensor:
        unreduced = model.loss(latents, conditions, level, model.noise(spec.noise_seed))
        masked = [masked_loss(own, mask) for own, mask in zip(unreduced, masks, strict=True)]
        plain = [float(own.detach().mean()) for own in unreduced]
        kept.extend(zip([float(loss.detach()) for loss in masked], plain, strict=True))
        return torch.stack(masked)

    found: list[LevelGradient | ModelError] = []
    streams = gradients_per_clip(model.network, parameters, losses)
    for parts, numbers in zip(streams, kept, strict=True):
        try:
            found.append(_level(parts, parameters, spec, numbers, floor))
        except ModelError as error:
            found.append(error)
    return found


def row_of_levels(levels: Sequence[LevelGradient]) -> GradientRow:
    """The mean of unit vectors of one clip (Eqs. 6 to 9), with what else is kept of each level."""
    total = functools.reduce(np.add, (level.vector for level in levels))
    return GradientRow(
        vector=(total / np.float32(len(levels))).astype(np.float32),
        losses=np.array([level.loss for level in levels], np.float32),
        norms=np.array([level.norm for level in levels], np.float32),
        plain_losses=np.array([level.plain_loss for level in levels], np.float32),
        draws=np.stack([level.vector for level in levels]),
    )


def _level(
    parts: Iterable[Tensor | None],
    parameters: Sequence[nn.Parameter],
    spec: IndexSpec,
    losses: tuple[float, float],
    floor: float,
) -> LevelGradient:
    held, lengths = parts, [1.0] * len(parameters)
    if spec.balance == "layers":
        # What is rounding shows beside the whole alone, so all parts are there before one is read.
        held = list(parts)
        lengths = _lengths(held, floor)

    def balanced() -> Iterator[Tensor]:
        """One part at a time: no second copy of the gradient is held."""
        for part, weight, length in zip(held, parameters, lengths, strict=True):
            if part is None or length == 0:
                yield torch.zeros_like(weight)
            else:
                yield part if spec.balance == "none" else part / length

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
    factors = tuple(one / length if length > 0 else 0.0 for length in lengths)
    return LevelGradient(unit.astype(np.float32), norm, *losses, factors)


def _lengths(parts: Sequence[Tensor | None], floor: float) -> list[float]:
    """Length of each part; 0 for what is rounding alone, and where the loss does not reach."""
    lengths = [
        0.0 if part is None else float(torch.linalg.vector_norm(part, dtype=torch.float32))
        for part in parts
    ]
    least = floor * math.hypot(*lengths)
    return [0.0 if length < least else length for length in lengths]


def _floor(network: nn.Module) -> float:
    whole = all(weight.dtype == torch.float32 for weight in network.parameters())
    return ROUNDING if whole else ROUNDING_IN_HALF
