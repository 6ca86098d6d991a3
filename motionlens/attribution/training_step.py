"""A few real training steps, whose effect is measured and then taken back."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from motionlens.attribution.gradients import masked_loss
from motionlens.domain.errors import ModelError
from motionlens.domain.ports import Token
from motionlens.domain.seeds import derive_seed
from motionlens.models.video_model import VideoModel

# As a fine-tune draws its shares of noise: sigmoid(N(mean, spread)), and clips its gradient.
LEVEL_MEAN, LEVEL_SPREAD, CLIP = 0.4, 1.0, 1.0
# Noises that a query's loss is averaged over; none is the one that gradients are taken with.
EVALUATED = 4
# Numbers of latents in work at once: a small model's batch whole, a large one's clip by clip.
TOGETHER = 1_000_000


def losses_after_steps(
    model: VideoModel,
    parameters: Sequence[nn.Parameter],
    clips: Sequence[tuple[Tensor, Tensor]],
    arms: Sequence[NDArray[np.int64]],
    queries: Sequence[tuple[Tensor, Tensor, Tensor | None]],
    levels: Sequence[float],
    rate: float,
    seed: int,
    token: Token,
) -> NDArray[np.float64]:
    """Masked losses of queries before training, and after each arm's steps from the same weights.

    Plain gradient descent on the unmasked loss, as a first-order prediction describes it; all arms
    meet the same levels and noises, so that their differences are those of their clips.

    Parameters
    ----------
    clips : sequence of (latent, condition)
    arms : sequence of (T, B) int
        The clips of each step.
    queries : sequence of (latent, condition, mask on the loss's grid or None)
    levels : sequence of float
        Shares of noise at which the queries' losses are taken.
    rate : float
        Learning rate.

    Returns
    -------
    (1 + arms, Q) float64; the model is left as it was.

    Raises
    ------
    ModelError
        A loss is no longer a number.
    """
    found = [_query_losses(model, queries, levels, seed)]
    for arm in arms:
        with _taken_back(parameters):
            for step, chosen in enumerate(arm):
                token.check()
                _descend(model, parameters, [clips[n] for n in chosen], rate, seed, step)
            found.append(_query_losses(model, queries, levels, seed))
    losses = np.array(found)
    if not np.isfinite(losses).all():
        raise ModelError(
            "The training step does not hold",
            "a loss is no longer a number after it",
            "Use fewer steps, or weights that are not damaged",
        )
    return losses


def _descend(
    model: VideoModel,
    parameters: Sequence[nn.Parameter],
    batch: Sequence[tuple[Tensor, Tensor]],
    rate: float,
    seed: int,
    step: int,
) -> None:
    random = torch.Generator().manual_seed(derive_seed("what if", seed, step))
    drawn = torch.randn(len(batch), generator=random)
    shares = torch.sigmoid(LEVEL_MEAN + LEVEL_SPREAD * drawn)
    noises = torch.randn((len(batch), *model.noise(seed).shape), generator=random)
    gradients = [torch.zeros_like(weight) for weight in parameters]
    together = max(1, TOGETHER // batch[0][0].numel())
    for first in range(0, len(batch), together):
        now = slice(first, first + together)
        latents, conditions = (torch.stack(both) for both in zip(*batch[now], strict=True))
        with torch.enable_grad():
            unreduced = model.loss(latents, conditions, shares[now], noises[now])
            loss = unreduced.mean() * (len(latents) / len(batch))
            found = torch.autograd.grad(loss, parameters, allow_unused=True)
        for total, gradient in zip(gradients, found, strict=True):
            if gradient is not None:
                total.add_(gradient)
    length = float(
        torch.sqrt(sum((part.double().square().sum() for part in gradients), torch.zeros(())))
    )
    with torch.no_grad():
        for weight, part in zip(parameters, gradients, strict=True):
            weight.sub_(part.to(weight.dtype), alpha=rate * min(1.0, CLIP / max(length, 1e-12)))


@torch.no_grad()
def _query_losses(
    model: VideoModel,
    queries: Sequence[tuple[Tensor, Tensor, Tensor | None]],
    levels: Sequence[float],
    seed: int,
) -> list[float]:
    noises = [model.noise(derive_seed("what if query", seed, n)) for n in range(EVALUATED)]
    means = []
    for latent, condition, mask in queries:
        losses = [
            float(
                masked_loss(
                    model.loss(latent[None], condition[None], level, noise)[0].double(),
                    None if mask is None else mask.double(),
                )
            )
            for level in levels
            for noise in noises
        ]
        means.append(float(np.mean(losses)))
    return means


@contextlib.contextmanager
def _taken_back(parameters: Sequence[nn.Parameter]) -> Iterator[None]:
    before = [weight.detach().clone() for weight in parameters]
    try:
        yield
    finally:
        with torch.no_grad():
            for weight, old in zip(parameters, before, strict=True):
                weight.copy_(old)
