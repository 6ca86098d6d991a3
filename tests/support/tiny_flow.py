"""A tiny flow network and a tiny tracker of our own, as a package would bring them."""

from __future__ import annotations

from pathlib import Path

import safetensors.torch
import torch
from torch import Tensor, nn
from torch.nn import functional

from motionlens.models.device import resolve_device
from motionlens.models.motion_nets import NetFlow, NetTracks, load_weights, required, signed

REACH = 4


class TinyFlow(nn.Module):
    """Features, their correlation within 4 px, and the place of its peak: real flow, if small."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Conv2d(3, 8, 3, padding=1, padding_mode="replicate")
        self.sharpness = nn.Parameter(torch.tensor(1.0))

    def forward(self, first: Tensor, second: Tensor) -> list[Tensor]:
        if first.shape[2] % 8 or first.shape[3] % 8:
            raise ValueError("sides must divide by 8")
        if first.abs().max() > 1.001:
            raise ValueError("pictures must lie between -1 and 1")
        a, b = self.features(first), self.features(second)
        padded = functional.pad(b, (REACH,) * 4, mode="replicate")
        height, width = a.shape[2:]
        steps = [(y, x) for y in range(-REACH, REACH + 1) for x in range(-REACH, REACH + 1)]
        costs = []
        for y, x in steps:
            moved = padded[:, :, REACH + y : REACH + y + height, REACH + x : REACH + x + width]
            gap = ((a - moved) ** 2).sum(1, keepdim=True)
            costs.append(functional.avg_pool2d(gap, 7, 1, 3, count_include_pad=False))
        weight = torch.softmax(-self.sharpness * torch.cat(costs, 1), 1)
        places = torch.tensor([(x, y) for y, x in steps], dtype=a.dtype)
        flow = torch.einsum("bnhw,nc->bchw", weight, places)
        return [torch.zeros_like(flow), flow]


class TinyTracks(nn.Module):
    """Points that move by what the mean brightness of each frame says, one px a level."""

    def __init__(self) -> None:
        super().__init__()
        self.step = nn.Parameter(torch.tensor(1.0))

    def forward(self, video: Tensor, queries: Tensor) -> tuple[Tensor, Tensor]:
        light = video.mean(dim=(2, 3, 4))
        moved = self.step * (light - light[:, :1])
        places = queries[:, None, :, 1:] + torch.stack([moved, 0 * moved], -1)[:, :, None]
        return places, (places[..., 0] < video.shape[-1]).float()


def weights_of_flow(path: Path) -> Path:
    """Weights that see: random features, so that each place looks its own way."""
    generator = torch.Generator().manual_seed(0)
    state = {
        "features.weight": torch.randn(8, 3, 3, 3, generator=generator),
        "features.bias": torch.zeros(8),
        "sharpness": torch.tensor(400.0),
    }
    safetensors.torch.save_file(state, str(path))
    return path


def weights_of_tracks(path: Path) -> Path:
    safetensors.torch.save_file({"step": torch.tensor(1.0)}, str(path))
    return path


def tiny(weights: Path | None, device: str) -> NetFlow:
    """What stands behind the entry point."""
    network = TinyFlow()
    load_weights(network, required("tiny", weights))
    place = resolve_device(device)
    return NetFlow("tiny", network.to(place).eval(), place, 8, 32, signed)


def tiny_tracks(weights: Path | None, device: str) -> NetTracks:
    network = TinyTracks()
    load_weights(network, required("tiny", weights))
    place = resolve_device(device)
    return NetTracks("tiny", network.to(place).eval(), place, chunk=4)


def not_a_backend(weights: Path | None, device: str) -> object:
    return object()


def raises(weights: Path | None, device: str) -> object:
    raise ZeroDivisionError("a stranger's mistake")


class _Shapeless(nn.Module):
    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        return first[..., :1, :1]


def shapeless(weights: Path | None, device: str) -> NetFlow:
    return NetFlow("shapeless", _Shapeless(), resolve_device(device))
