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
    for _ in range(30):
        optimiser.zero_grad()
        batch, other = latents[torch.randint(len(latents), (8,))], torch.randn(8, *LATENT)
        share = torch.rand(8, 1, 1, 1, 1)
        wanted = patched(other - batch)
        answer = network((1 - share) * batch + share * other)
        torch.autograd.backward((answer - wanted).square().mean())
        optimiser.step()
    parameters = list(network.parameters())
    linears = FactoredLinears(network, parameters)
    whole = _each(loss, latents, parameters)
    with linears.attached():
        small = _each(loss, latents, linears.parameters)
    rows = []
    for balance in (False, True):
        exact = _cosines([_flat(parts, balance) for parts in whole])
        name = f"transformer, {'balanced' if balance else 'as published'}"
        rows += [
            _row(f"{name}, {kind} to 512", exact, parts, 512, kind, balance)
            for kind, parts in (("default", whole), ("factored", small))
        ]
    return rows


def _each(
    loss: Callable[[Tensor], Tensor], latents: Tensor, parameters: Sequence[nn.Parameter]
) -> list[Parts]:
    return [list(torch.autograd.grad(loss(one[None]), parameters)) for one in latents]


def _latent(frames: NDArray[np.uint8]) -> Tensor:
    """A clip's motion as (4, 8, 16, 16): every second frame, four pixels a place, without what
    stands still, at a spread of 1.

    With the still picture in it, brightness alone decides all gradients, which then lie on a line:
    any projection keeps an order like that.
    """
    grey = torch.from_numpy(frames.mean(-1)).float()[::2] / 127.5 - 1
    small = nn.functional.interpolate(grey[:, None], (32, 32), mode="area")
    moving = small - small.mean(0)
    whole = nn.functional.pixel_unshuffle(moving / moving.std(), 2)
    return whole.transpose(0, 1).contiguous()


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
