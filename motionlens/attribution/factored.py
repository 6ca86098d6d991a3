"""Gradients of linear layers as small products: the full matrix is never formed.

The gradient of a linear layer's weight is G^T X, with X its inputs and G the gradients of its
outputs, both of thousands of columns. For random signs P_in, P_out of `RANK` rows its two-sided
projection is

    P_out (G^T X) P_in^T = (G P_out^T)^T (X P_in^T),

which costs what a low-rank adapter costs. It is had as the gradient of such an adapter (Choe et al.
2024, arXiv 2405.13954, section 3): a path X P_in^T Z^T P_out beside the layer whose middle Z, the
*probe*, is zero. A zero probe changes no output, has exactly that gradient, and needs none of the
weight's. As it is a parameter, forward mode and shared layers work as they do with weights.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from motionlens.attribution.random_words import signs

# Rows and columns of a probe. More keep more: Spearman's correlation with unprojected cosines is
# measured by `bench --suite attribution`.
RANK = 32
NAME = "motion_probe"


class FactoredLinears:
    """Probes in the place of the weights of a network's linear layers.

    Parameters
    ----------
    network : nn.Module
    parameters : sequence of parameters
        The tracked ones. The weight of a linear layer larger than its probe is exchanged for it;
        all others (biases, convolutions, norms) stay.
    seed : int
    """

    def __init__(
        self, network: nn.Module, parameters: Sequence[nn.Parameter], seed: int = 0
    ) -> None:
        places = {id(weight): n for n, weight in enumerate(parameters)}
        self.parameters = list(parameters)
        self._weights: list[Tensor] = []
        self._layers: list[tuple[nn.Linear, nn.Parameter, Tensor, Tensor]] = []
        for layer in network.modules():
            if not isinstance(layer, nn.Linear) or id(layer.weight) not in places:
                continue
            weight, place = layer.weight, places[id(layer.weight)]
            kept = [min(RANK, size) for size in weight.shape]
            if kept[0] * kept[1] >= weight.numel():
                continue
            out, into = (
                _signs(seed, f"probe {end} {place}", few, many).to(weight.device, weight.dtype)
                for end, few, many in zip(("out", "in"), kept, weight.shape, strict=True)
            )
            probe = nn.Parameter(weight.new_zeros(kept))
            self.parameters[place] = probe
            self._weights.append(weight)
            self._layers.append((layer, probe, out, into))

    @contextlib.contextmanager
    def attached(self) -> Iterator[None]:
        """The network with its probes; afterwards it is as it was."""
        wanted = [weight.requires_grad for weight in self._weights]
        hooks = []
        try:
            for layer, probe, out, into in self._layers:
                layer.register_parameter(NAME, probe)
                hooks.append(layer.register_forward_hook(_beside(out, into)))
            for weight in self._weights:
                weight.requires_grad_(False)
            yield
        finally:
            for hook in hooks:
                hook.remove()
            for layer, *_ in self._layers:
                delattr(layer, NAME)
            for weight, want in zip(self._weights, wanted, strict=True):
                weight.requires_grad_(want)


def _beside(out: Tensor, into: Tensor) -> Any:
    def hook(layer: nn.Linear, given: tuple[Tensor, ...], output: Tensor) -> Tensor:
        # Looked up by name: forward mode puts another tensor in the parameter's place.
        probe: Tensor = getattr(layer, NAME)
        beside: Tensor = ((given[0] @ into.T) @ probe.T) @ out
        return output + beside

    return hook


def _signs(seed: int, name: str, rows: int, columns: int) -> Tensor:
    """(rows, columns) random signs over the root of `rows`: keeps lengths on average."""
    drawn = signs(seed, name, 0, rows * columns).reshape(rows, columns)
    return torch.from_numpy(drawn / np.float32(math.sqrt(rows)))
