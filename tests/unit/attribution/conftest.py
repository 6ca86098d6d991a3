"""The real network and rendered clips with the true place of their motion as mask."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from motionlens.attribution.attributor import TorchAttributor
from motionlens.models.embedded import EmbeddedModel
from motionlens.worlds.physics import simulate


@dataclass(frozen=True, eq=False)
class Shown:
    """One rendered clip, its mask, and its caption."""

    frames: NDArray[np.uint8]
    mask: NDArray[np.float32]
    caption: str


def shown(seed: int, kind: str = "clean") -> Shown:
    made = simulate(seed, kind)
    rows, columns = np.mgrid[:64, :64] / 2  # in px of the 32-px world
    mask = [np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / 16) for x, y in made.shown_path]
    return Shown(made.frames, np.array(mask, np.float32), made.caption)


@pytest.fixture(scope="session")
def model() -> EmbeddedModel:
    """A few steps away from fresh weights, so that every layer has a gradient."""
    torch.set_num_threads(1)
    model = EmbeddedModel.untrained(0)
    random = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for weight in model.network.parameters():
            weight.add_(torch.randn(weight.shape, generator=random), alpha=0.02)
    return model


@pytest.fixture(scope="session")
def clips() -> list[Shown]:
    return [shown(20_000_000 + n) for n in range(5)]


@pytest.fixture(scope="session")
def attributor(model: EmbeddedModel) -> TorchAttributor:
    return TorchAttributor(model)
