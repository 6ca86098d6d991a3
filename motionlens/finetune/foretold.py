"""What training on a clip will do to a query, from gradients taken as the training takes them.

A row of an index is made to tell clips apart: few draws of level and noise, the same for all, so
that what differs is the clips. To foretell a loss it must be near the steps that are taken: mean
over many draws of the recipe's own levels, noises and augmentations, without a mask, scaled as Adam
scales a step, and damped.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from motionlens.domain.ports import Frames, Mask, Token
from motionlens.domain.seeds import derive_seed
from motionlens.finetune.arms import BATCH
from motionlens.finetune.batches import draw_batch
from motionlens.finetune.latents import TrainingClips
from motionlens.finetune.recipe import RECIPE
from motionlens.finetune.trainer import augmented
from motionlens.models.video_model import VideoModel

# In mean eigenvalues; picked on set 0 of the physics world from 0.01 to 100.
DAMPING = 10.0
# Where a query's loss is looked at: as widely as levels of training that carry motion.
_QUERY_LEVELS = (0.65, 0.95)


def foretold(
    model: VideoModel,
    clips: TrainingClips,
    queries: Sequence[tuple[Frames, Mask | None, str]],
    draws: int,
    token: Token,
    damping: float = DAMPING,
) -> NDArray[np.float64]:
    """Influence of each clip on the loss of each query; positive: training on it lowers the loss.

    With g_n the mean gradient of clip n over the draws, g_q that of the query's masked loss, D the
    diagonal of 1 / sqrt(mean squared gradient) of a batch (Kingma and Ba 2015, without its
    momentum), h = D^(1/2) g, and C the covariance of all h_n,

        h_q . (C + s I)^-1 (h_n - mean h),   s = `damping` times the mean eigenvalue of the clips'
        Gram matrix,

    the influence function (Koh and Liang 2017, Eq. 2) with C for the Hessian. Exact: solved in the
    space of clips, and nothing is projected.

    Parameters
    ----------
    clips : TrainingClips
        N of them.
    draws : int
        Draws a clip, in batches of 16; a gradient of the whole network is held for every clip, in
        float32.

    Returns
    -------
    (N, Q) float64
    """
    parameters = list(model.tracked_parameters("all").values())
    for parameter in parameters:
        parameter.requires_grad_(True)
    model.network.eval()
    batches = max(1, draws // BATCH)
    count = len(clips.latents)
    moved = torch.zeros(count, sum(parameter.numel() for parameter in parameters))
    squares = torch.zeros(moved.shape[1])
    for n in range(count):
        for number in range(batches):
            token.check()
            part = _of_clip(model, parameters, clips, n, derive_seed("foretold", number))
            squares += part.square()
            moved[n] += part
    scale = (squares / (count * batches)).sqrt().clamp(min=1e-12).rsqrt()
    asked = torch.stack([_of_query(model, parameters, query, n) for n, query in enumerate(queries)])
    moved *= scale / batches
    moved -= moved.mean(dim=0)
    products = (moved @ (asked * scale).T).double()
    gram = (moved @ moved.T).double() / count
    shift = damping * gram.trace() / count
    solved = torch.linalg.solve(gram + shift * torch.eye(count, dtype=torch.float64), products)
    return np.asarray(solved.numpy(), dtype=np.float64)


def _of_clip(
    model: VideoModel,
    parameters: Sequence[nn.Parameter],
    clips: TrainingClips,
    number: int,
    seed: int,
) -> Tensor:
    """(P,) gradient of a batch of one clip under 16 draws of the recipe."""
    part = slice(number, number + 1)
    own = TrainingClips(
        clips.latents[part], clips.conditions[part], (), clips.mirrors, clips.inverts
    )
    drawn = draw_batch(seed, number, BATCH, 1, tuple(model.noise(0).shape), RECIPE)
    with torch.enable_grad():
        loss = model.loss(
            augmented(own, drawn), own.conditions[drawn.clips], drawn.levels, drawn.noise
        ).mean()
        return _flat(torch.autograd.grad(loss, parameters))


def _of_query(
    model: VideoModel,
    parameters: Sequence[nn.Parameter],
    query: tuple[Frames, Mask | None, str],
    number: int,
) -> Tensor:
    """(P,) gradient of the masked loss, mean over 16 levels and noises of its own."""
    frames, mask, caption = query
    random = torch.Generator().manual_seed(derive_seed("foretold query", number))
    low, high = _QUERY_LEVELS
    share = (torch.arange(BATCH) + torch.rand(BATCH, generator=random)) / BATCH
    noise = torch.randn((BATCH, *model.noise(0).shape), generator=random)
    latents = torch.stack([model.encode(frames)] * BATCH)
    conditions = torch.stack([model.condition(caption)] * BATCH)
    with torch.enable_grad():
        unreduced = model.loss(latents, conditions, low + (high - low) * share, noise)
        weights = torch.ones(()) if mask is None else model.mask_to_latent(mask)
        loss = (unreduced * weights.to(unreduced.device)).mean()
        return _flat(torch.autograd.grad(loss, parameters))


def _flat(parts: Sequence[Tensor]) -> Tensor:
    return torch.cat([part.detach().reshape(-1).float().cpu() for part in parts])
