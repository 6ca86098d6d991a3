"""One thread for torch, and a small model with fresh weights."""

from __future__ import annotations

import pytest
import torch

from motionlens.models.embedded import EmbeddedModel
from motionlens.models.network import NetworkShape

SMALL = NetworkShape(widths=(8, 8, 16), blocks=(1, 1, 1, 1, 1), condition=16)


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> None:
    """Results do not hang on how many cores the machine has."""
    torch.set_num_threads(1)


@pytest.fixture
def small() -> EmbeddedModel:
    """A model whose last layers are not zero, so that every weight has an effect."""
    model = EmbeddedModel.untrained(1, SMALL)
    random = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in model.network.parameters():
            parameter.add_(0.05 * torch.randn(parameter.shape, generator=random))
    return model
