"""How well projected cosines keep the order of unprojected ones, beside what was published."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from motionlens.attribution.factored import FactoredLinears
from motionlens.attribution.gradients import masked_loss
from motionlens.attribution.projection import project_gradient
from motionlens.bench.case import Row
from motionlens.bench.gradients import LATENT, SmallTransformer, patched
from motionlens.domain.statistics import spearman
from motionlens.models.embedded import EmbeddedModel
from motionlens.models.registry import load_model
from motionlens.worlds.physics import simulate

# Spearman's correlation with unprojected cosines by numbers kept (arXiv 2601.08828, Fig. 4).
PUBLISHED = {128: 0.469, 512: 0.747, 1024: 0.757, 2048: 0.761}
LEVEL = 0.9
Parts = list[Tensor]


def fidelity(quick: bool) -> list[Row]:
    """All pairs of 64 simulated clips; rank correlation, so the ratio is the better the larger."""
    count = 12 if quick else 64
    frames = [simulate(seed).frames for seed in range(count)]
    rows: list[Row] = []
    model = cast(EmbeddedModel, load_model("embedded"))
    parameters = list(model.network.parameters())
    for parameter in parameters:
        parameter.requires_grad_(True)
    found = [_embedded(model, parameters, seen) for seen in frames]
    for balance in (False, True):
        exact = _cosines([_flat(parts, balance) for parts in found])
        name = "balanced" if balance else "as published"
        for dim in (512,) if quick else PUBLISHED:
            rows += [
                _row(f"embedded, {name}, {kind} to {dim}", exact, found, dim, kind, balance)
                for kind in ("default", "fastfood")
            ]
    rows += _transformer(frames)
    return rows


def _row(
    case: str, exact: NDArray[np.float64], parts: Sequence[Parts], dim: int, kind: str,
    balance: bool,
) -> Row:  # fmt: skip
    vectors = [project_gradient(_balanced(p, balance), dim=dim, kind=kind) for p in parts]
    value = spearman(exact, _cosines([v.astype(np.float64) for v in vectors]))
    there = PUBLISHED[dim]
    return Row("fidelity", f"{case} (Spearman)", value, there, "published", value / there)


def _transformer(frames: Sequence[NDArray[np.uint8]]) -> list[Row]:
    torch.manual_seed(0)
    network = SmallTransformer()
    latents = torch.stack([_latent(seen) for seen in frames])
    noise = torch.randn(LATENT)

    def loss(some: Tensor) -> Tensor:
        noisy = (1 - LEVEL) * some + LEVEL * noise
        return masked_loss((network(noisy) - patched(noise - some)).square(), None)

    optimiser = torch.optim.Adam(network.parameters(), 1e-3)
    for step in range(30):
        optimiser.zero_grad()
        batch = latents[torch.arange(8) * (step + 1) % len(latents)]
        torch.autograd.backward(loss(batch))
        optimiser.step()
    parameters = list(network.parameters())
    linears = FactoredLinears(network, parameters)
    whole = _each(loss, latents, parameters)
    with linears.attached():
        small = _each(loss, latents, linears.parameters)
    exact = _cosines([_flat(parts, False) for parts in whole])
    return [
        _row("transformer, default to 512", exact, whole, 512, "default", False),
        _row("transformer, factored to 512", exact, small, 512, "factored", False),
    ]


def _each(
    loss: Callable[[Tensor], Tensor], latents: Tensor, parameters: Sequence[nn.Parameter]
) -> list[Parts]:
    return [list(torch.autograd.grad(loss(one[None]), parameters)) for one in latents]


def _latent(frames: NDArray[np.uint8]) -> Tensor:
    """A clip as (4, 8, 16, 16): every second frame, four pixels a place."""
    grey = torch.from_numpy(frames.mean(-1)).float()[::2] / 127.5 - 1
    small = nn.functional.interpolate(grey[:, None], (32, 32), mode="area")
    return nn.functional.pixel_unshuffle(small, 2).transpose(0, 1).contiguous()


def _embedded(
    model: EmbeddedModel, parameters: Sequence[nn.Parameter], frames: NDArray[np.uint8]
) -> Parts:
    latent, condition = model.encode(frames), model.condition(None)
    loss = model.loss(latent[None], condition[None], LEVEL, model.noise(0)).mean()
    return list(torch.autograd.grad(loss, parameters))


def _balanced(parts: Parts, balance: bool) -> Parts:
    if not balance:
        return parts
    return [part / part.norm() if part.norm() > 0 else part for part in parts]


def _flat(parts: Parts, balance: bool) -> NDArray[np.float32]:
    joined = torch.cat([part.reshape(-1) for part in _balanced(parts, balance)])
    return np.asarray(joined.numpy(), dtype=np.float32)


def _cosines(vectors: Sequence[NDArray[np.floating]]) -> NDArray[np.float64]:
    """Of all pairs, each once."""
    stacked = np.stack(vectors)
    lengths = np.linalg.norm(stacked, axis=1)
    cosines = (stacked @ stacked.T) / np.outer(lengths, lengths)
    above = np.triu_indices(len(stacked), 1)
    return np.asarray(cosines[above], dtype=np.float64)
