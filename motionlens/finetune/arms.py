"""Short trainings in memory, for studies: many subsets of the same clips from the same weights.

The recipe is that of a run (:mod:`.recipe`, :mod:`.batches`); no folder, no checkpoint. A training
of some seconds is taken over whole or done again.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from motionlens.domain.errors import TrainerError
from motionlens.domain.ports import Frames, Mask, Token
from motionlens.domain.seeds import derive_seed
from motionlens.finetune.batches import draw_batch
from motionlens.finetune.latents import TrainingClips, carries_over
from motionlens.finetune.recipe import LEARNING_RATES, RECIPE
from motionlens.finetune.trainer import augmented
from motionlens.models.video_model import VideoModel

BATCH = 16
# Between and beside the levels of an index (0.8, 0.95), none of them; the noises are others, too.
MEASURED_LEVELS = (0.7, 0.85, 0.92)
MEASURED_NOISES = 2


def encoded(model: VideoModel, clips: Sequence[tuple[Frames, str]]) -> TrainingClips:
    """Clips as the model sees them: (frames (F, H, W, 3) uint8, caption) each."""
    latents = [model.encode(frames) for frames, _ in clips]
    conditions = [model.condition(caption) for _, caption in clips]
    mirrors, inverts = carries_over(model, clips[0][0], latents[0])
    return TrainingClips(torch.stack(latents), torch.stack(conditions), (), mirrors, inverts)


def train_copy(
    model: VideoModel,
    clips: TrainingClips,
    chosen: Sequence[int],
    steps: int,
    seed: int,
    token: Token,
    batch: int = BATCH,
) -> VideoModel:
    """A copy of the model after `steps` steps on the chosen clips; the model is left as it was.

    Raises
    ------
    TrainerError
        The loss is no longer a number.
    """
    tuned = copy.deepcopy(model)
    places = torch.as_tensor(list(chosen), dtype=torch.int64)
    own = TrainingClips(
        clips.latents[places], clips.conditions[places], (), clips.mirrors, clips.inverts
    )
    parameters = list(tuned.tracked_parameters("all").values())
    for parameter in parameters:
        parameter.requires_grad_(True)
    optimiser = torch.optim.AdamW(
        parameters, lr=LEARNING_RATES["full"], betas=RECIPE.betas, weight_decay=RECIPE.decay
    )
    shape = tuple(model.noise(0).shape)
    tuned.network.train()
    for step in range(steps):
        token.check()
        drawn = draw_batch(seed, step, batch, len(places), shape, RECIPE)
        for group in optimiser.param_groups:
            group["lr"] = LEARNING_RATES["full"] * RECIPE.rate(step, steps)
        with torch.enable_grad():
            loss = tuned.loss(
                augmented(own, drawn), own.conditions[drawn.clips], drawn.levels, drawn.noise
            ).mean()
            optimiser.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
        if not math.isfinite(float(loss.detach())):
            raise TrainerError(
                f"The loss is no longer a number at step {step + 1}",
                "these weights do not train with the usual learning rate",
                "Use weights that are not damaged",
            )
        nn.utils.clip_grad_norm_(parameters, RECIPE.clip)
        optimiser.step()
    tuned.network.eval()
    return tuned


@torch.no_grad()
def measured_losses(
    model: VideoModel, queries: Sequence[tuple[Frames, Mask | None, str]]
) -> NDArray[np.float64]:
    """(Q,) masked losses of queries, mean over levels and noises that no gradient was taken with.

    A mask is (F, H, W) in [0, 1]; None stands for the whole frame.
    """
    noises = [model.noise(derive_seed("measured", n)) for n in range(MEASURED_NOISES)]
    found = []
    for frames, mask, caption in queries:
        latent, condition = model.encode(frames)[None], model.condition(caption)[None]
        weights = None if mask is None else model.mask_to_latent(mask)
        values = [
            _mean(model.loss(latent, condition, level, noise)[0], weights)
            for level in MEASURED_LEVELS
            for noise in noises
        ]
        found.append(float(np.mean(values)))
    return np.array(found)


def _mean(unreduced: Tensor, weights: Tensor | None) -> float:
    whole = unreduced.double()
    return float((whole if weights is None else whole * weights.to(whole.device)).mean())
