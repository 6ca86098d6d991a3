"""A clip's gradient and its sketch, beside one batched pass forward and backward."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn

from motionlens.attribution.factored import FactoredLinears
from motionlens.attribution.gradients import gradients_of_clips, gradients_under_masks
from motionlens.bench.case import Row, compared
from motionlens.domain.fingerprint import IndexSpec
from motionlens.models.embedded import EmbeddedModel
from motionlens.models.video_model import VideoModel

LATENT = (4, 8, 16, 16)
WIDTH, HEADS, LAYERS, PATCH = 144, 4, 5, 2


class SmallTransformer(nn.Module):
    """A video transformer of 1.3 million weights: 512 patches of (4, 8, 16, 16) latents."""

    def __init__(self) -> None:
        super().__init__()
        tokens = LATENT[1] * (LATENT[2] // PATCH) * (LATENT[3] // PATCH)
        self.into = nn.Conv3d(LATENT[0], WIDTH, (1, PATCH, PATCH), (1, PATCH, PATCH))
        self.place = nn.Parameter(0.02 * torch.randn(tokens, WIDTH))
        self.blocks = nn.ModuleList(_Block() for _ in range(LAYERS))
        self.out = nn.Linear(WIDTH, LATENT[0] * PATCH * PATCH)

    def forward(self, latents: Tensor) -> Tensor:
        """(B, C, F, h, w) to (B, tokens, C * patch * patch)."""
        hidden = self.into(latents).flatten(2).transpose(1, 2) + self.place
        for block in self.blocks:
            hidden = block(hidden)
        found: Tensor = self.out(hidden)
        return found


class _Block(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.mixed, self.joined = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
        self.wide, self.narrow = nn.Linear(WIDTH, 4 * WIDTH), nn.Linear(4 * WIDTH, WIDTH)

    def forward(self, hidden: Tensor) -> Tensor:
        """(B, tokens, width), unchanged in shape."""
        count, tokens, _ = hidden.shape
        parts = self.mixed(self.first(hidden)).reshape(count, tokens, 3, HEADS, -1)
        q, k, v = parts.permute(2, 0, 3, 1, 4)
        seen = nn.functional.scaled_dot_product_attention(q, k, v)
        hidden = hidden + self.joined(seen.transpose(1, 2).reshape(count, tokens, WIDTH))
        there: Tensor = self.narrow(nn.functional.gelu(self.wide(self.second(hidden))))
        return hidden + there


@dataclass(frozen=True)
class _Case:
    """A network with its clips, and how one of them is asked for its gradient."""

    name: str
    model: VideoModel
    parameters: list[nn.Parameter]
    clips: list[tuple[Tensor, Tensor]]

    def __post_init__(self) -> None:
        for parameter in self.parameters:
            parameter.requires_grad_(True)

    def one_by_one(self, spec: IndexSpec, parameters: list[nn.Parameter]) -> None:
        for clip in self.clips:
            gradients_under_masks(self.model, parameters, spec, clip, 0.9, [None])

    def micro_batch(self, spec: IndexSpec) -> None:
        masks = [None] * len(self.clips)
        gradients_of_clips(self.model, self.parameters, spec, self._stacked(), 0.9, masks)

    def together(self) -> None:
        latents, conditions = self._stacked()
        loss = self.model.loss(latents, conditions, 0.9, self.model.noise(0)).mean()
        torch.autograd.grad(loss, self.parameters)

    def _stacked(self) -> tuple[Tensor, Tensor]:
        latents, conditions = zip(*self.clips, strict=True)
        return torch.stack(latents), torch.stack(conditions)


def gradients(quick: bool) -> list[Row]:
    """Eight clips each (two where `quick`); one thread, as an index job has it."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return [row for case in _cases(2 if quick else 8) for row in _rows(case, 3 if quick else 9)]
    finally:
        torch.set_num_threads(threads)


def _rows(case: _Case, runs: int) -> Iterator[Row]:
    linears = FactoredLinears(case.model.network, case.parameters)
    transformer = case.name == "transformer"

    def row(what: str, ours: Callable[[], object], limit: float | None) -> Row:
        text = f"{len(case.clips)} clips of the {case.name}, {what}"
        peer = "one batched forward and backward"
        return compared("gradients", text, peer, ours, case.together, limit=limit, runs=runs)

    def factored() -> None:
        with linears.attached():
            case.one_by_one(balanced, linears.parameters)

    plain, balanced = spec_of("none"), spec_of("layers")
    each = functools.partial(case.one_by_one, parameters=case.parameters)
    yield row("as published", lambda: each(plain), 1.05 if transformer else None)
    yield row("balanced layers", lambda: each(balanced), 1.05 if transformer else None)
    if transformer:
        yield row("factored", factored, None)
    else:
        yield row("balanced layers, in a micro-batch", lambda: case.micro_batch(balanced), None)


def _cases(count: int) -> Iterator[_Case]:
    torch.manual_seed(0)
    network = SmallTransformer()
    noise = torch.randn(LATENT)

    def loss(latents: Tensor, _: Tensor, level: float, noise: Tensor) -> Tensor:
        wanted = patched(noise - latents)
        error: Tensor = network((1 - level) * latents + level * noise) - wanted
        return error.square()

    made = SimpleNamespace(network=network, loss=loss, noise=lambda _: noise)
    none = torch.zeros(1)
    clips = [(torch.randn(LATENT), none) for _ in range(count)]
    yield _Case("transformer", cast(VideoModel, made), list(network.parameters()), clips)
    embedded = EmbeddedModel.untrained(0)
    condition = embedded.condition("a ball falls")
    shape = embedded.noise(0).shape
    shown = [(torch.randn(_latent(embedded, shape)), condition) for _ in range(count)]
    yield _Case("embedded U-Net", embedded, list(embedded.network.parameters()), shown)


def _latent(model: EmbeddedModel, noise: torch.Size) -> tuple[int, ...]:
    """A latent holds the frames that are given, too."""
    return tuple(model.encode(np.zeros((model.frames, *model.size, 3), np.uint8)).shape)


def patched(latents: Tensor) -> Tensor:
    """(B, C, F, h, w) to the order of the network's output."""
    count, channels, frames, rows, columns = latents.shape
    cut = latents.reshape(count, channels, frames, rows // PATCH, PATCH, columns // PATCH, PATCH)
    return cut.permute(0, 2, 3, 5, 1, 4, 6).reshape(count, -1, channels * PATCH * PATCH)


def spec_of(balance: str, **more: Any) -> IndexSpec:
    """Settings of an index that only the named ones of matter here."""
    values = {
        "weights": "", "tracked": "all", "levels": (0.9,), "noise_seed": 0, "mask": "none",
        "flow": "dis", "projection": "default", "dim": 512, "projection_seed": 0,
    }  # fmt: skip
    return IndexSpec(**{**values, **more, "balance": balance})
