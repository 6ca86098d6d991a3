"""Derivatives along one direction of the weights: one pass, and no gradient is ever held."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterable, Sequence

import torch
from torch import Tensor, nn
from torch.autograd import forward_ad
from torch.func import functional_call
from torch.nn.attention import SDPBackend, sdpa_kernel

# Length of the step of the two-sided difference, as a share of the weights' own length. The
# difference of two float32 losses loses digits below it, and curvature shows above it.
STEP = 3e-4
# Size of a usual weight of a network.
USUAL = 0.02


def derivative_along(
    network: nn.Module,
    parameters: Sequence[nn.Parameter],
    direction: Iterable[Tensor],
    evaluate: Callable[[], Tensor],
    *,
    forward: bool = True,
) -> Tensor:
    """d evaluate(theta + e v) / de at e = 0, for each number that `evaluate` returns.

    Forward-mode differentiation with dual numbers (Griewank and Walther 2008, chapter 3): exact,
    and about as dear as a forward and a backward pass. Where a kernel has no forward mode, the
    difference of two evaluations on either side of theta stands in for it.

    Parameters
    ----------
    network : nn.Module
        What `evaluate` calls.
    parameters : sequence of parameters
        Those of `network` that move; the others stay.
    direction : iterable of Tensor
        v, one part shaped like each parameter, on any device.
    evaluate : callable
        The unreduced loss, from `network` as it finds it.
    forward : bool
        False takes the difference of two evaluations at once.

    Returns
    -------
    Tensor
        Of the shape that `evaluate` returns.
    """
    tangents = [
        part.to(weight.device, weight.dtype)
        for part, weight in zip(direction, parameters, strict=True)
    ]
    called = _Called(network, evaluate)
    names = _names(network, parameters)
    with torch.no_grad():
        if forward:
            try:
                return _by_dual_numbers(called, names, parameters, tangents)
            except NotImplementedError:
                pass  # said by a kernel without forward mode; the difference needs none
        return _by_difference(called, names, parameters, tangents)


class _Called(nn.Module):
    """`evaluate` as a module, so that torch can put other weights in the network's place."""

    def __init__(self, network: nn.Module, evaluate: Callable[[], Tensor]) -> None:
        super().__init__()
        self.network = network
        self._evaluate = evaluate

    def forward(self) -> Tensor:
        return self._evaluate()


def _by_dual_numbers(
    called: _Called,
    names: Sequence[str],
    parameters: Sequence[Tensor],
    tangents: Sequence[Tensor],
) -> Tensor:
    # Only the plain attention kernel has a forward mode.
    with forward_ad.dual_level(), sdpa_kernel(SDPBackend.MATH), warnings.catch_warnings():
        # Torch compiles some of its own derivatives this way when forward mode is used first.
        warnings.filterwarnings("ignore", r".torch\.jit\.", DeprecationWarning)
        duals = {
            name: forward_ad.make_dual(weight.detach(), tangent)  # type: ignore[no-untyped-call]
            for name, weight, tangent in zip(names, parameters, tangents, strict=True)
        }
        value = functional_call(called, duals, ())
        _, derivative = forward_ad.unpack_dual(value)  # type: ignore[no-untyped-call]
    return torch.zeros_like(value) if derivative is None else derivative


def _by_difference(
    called: _Called,
    names: Sequence[str],
    parameters: Sequence[Tensor],
    tangents: Sequence[Tensor],
) -> Tensor:
    length = _length(tangents)
    if length == 0:
        return torch.zeros_like(functional_call(called, {}, ()))
    step = STEP * _length_of_weights(parameters) / length

    def at(distance: float) -> Tensor:
        moved = {
            # Float32 at least: a step this small would vanish in half precision.
            name: weight.detach() + distance * tangent
            for name, weight, tangent in zip(names, parameters, tangents, strict=True)
        }
        value: Tensor = functional_call(called, moved, ())
        return value.double()

    return (at(step) - at(-step)) / (2 * step)


def _names(network: nn.Module, parameters: Sequence[nn.Parameter]) -> list[str]:
    """The parameters' names inside `_Called`."""
    known = {id(weight): f"network.{name}" for name, weight in network.named_parameters()}
    return [known[id(weight)] for weight in parameters]


def _length_of_weights(parameters: Sequence[Tensor]) -> float:
    """As `_length`; a part that is all zeros (a probe, half of a fresh adapter) counts as usual."""
    return math.sqrt(sum(_length([p]) ** 2 or USUAL**2 * p.numel() for p in parameters))


def _length(parts: Sequence[Tensor]) -> float:
    return float(torch.sqrt(sum((part.double().square().sum() for part in parts), torch.zeros(()))))
