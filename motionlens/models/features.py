"""What the embedded network's narrowest layer holds of a clip: its own sense of likeness."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from motionlens.models.embedded import EmbeddedModel

LEVEL = 0.6


@torch.no_grad()
def bottom_features(
    model: EmbeddedModel, frames: NDArray[np.uint8], caption: str
) -> NDArray[np.float32]:
    """(E,) float32: the last bottom block's output at one level and noise, common to all clips.

    Parameters
    ----------
    frames : (F, H, W, 3) uint8 RGB
    """
    kept: list[Tensor] = []
    hook = model.network.bottom[-1].register_forward_hook(
        lambda _module, _given, output: kept.append(output)
    )
    try:
        latent, condition = model.encode(frames)[None], model.condition(caption)[None]
        model.loss(latent, condition, LEVEL, model.noise(0))
    finally:
        hook.remove()
    return np.asarray(kept[0].flatten().cpu().numpy(), dtype=np.float32)
