"""Gradients of each clip of a micro-batch, from one pass forward and one back.

What one clip adds to the gradient of a layer's weights follows from what went into the layer and
from the gradient of what came out of it, both of that clip alone (Goodfellow 2015, arXiv
1510.01799, for linear layers). So the batch goes through the network once, and each layer's part
is made clip by clip, when it is asked for.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.graph import GradientEdge, get_gradient_edge
from torch.nn import functional
from torch.nn.grad import conv2d_weight, conv3d_weight

_CONVOLUTIONS: dict[type, Callable[..., Tensor]] = {
    nn.Conv2d: conv2d_weight,
    nn.Conv3d: conv3d_weight,
}


class ClipsMixedError(Exception):
    """The parts of the clips in a gradient cannot be told apart: take the clips one by one."""


def tellable_apart(network: nn.Module, parameters: Sequence[nn.Parameter]) -> bool:
    """Whether each parameter belongs to a layer of its own, whose inputs can be watched."""
    watched = {id(weight) for layer in _layers(network) for weight in layer.parameters()}
    return all(id(weight) in watched for weight in parameters)


def gradients_per_clip(
    network: nn.Module, parameters: Sequence[nn.Parameter], losses: Callable[[], Tensor]
) -> list[Iterator[Tensor | None]]:
    """One stream a clip of its gradient: a part a parameter, None where the loss does not reach it.

    Parameters
    ----------
    network : nn.Module
        What `losses` calls with the batch, in the order of the clips.
    parameters : sequence of parameters
        For which :func:`tellable_apart` holds.
    losses : callable
        (B,) one loss a clip, each of that clip alone.

    Raises
    ------
    ClipsMixedError
        A layer takes more than one tensor, or sees something else than clips one after another.
        Where that cannot be seen, the parts are wrong: compare them once with a clip's alone.
    """
    places = {id(weight) for weight in parameters}
    calls: list[_Call] = []

    def watch(layer: nn.Module, given: tuple[Any, ...], named: dict[str, Any], made: Any) -> None:
        if named or len(given) != 1 or not isinstance(made, Tensor) or made.dim() == 0:
            raise ClipsMixedError
        if not made.requires_grad:
            return  # called where no gradient is wanted: it adds nothing
        # The edge, not the tensor: what writes over the output afterwards does not move it.
        calls.append(_Call(layer, given[0].detach(), get_gradient_edge(made), len(made)))

    hooks = [
        layer.register_forward_hook(watch, with_kwargs=True)
        for layer in _layers(network)
        if any(id(weight) in places for weight in layer.parameters())
    ]
    try:
        with torch.enable_grad():
            each = losses()
    finally:
        for hook in hooks:
            hook.remove()
    if not all(call.goes_by(len(each)) for call in calls):
        raise ClipsMixedError
    slopes = torch.autograd.grad(each.sum(), [call.made for call in calls], allow_unused=True)
    uses: dict[int, list[_Use]] = {}
    for call, slope in zip(calls, slopes, strict=True):
        for name, weight in call.layer.named_parameters():
            if slope is not None:
                uses.setdefault(id(weight), []).append((name, call, slope))
    small: dict[int, Tensor] = {}
    return [_parts(parameters, uses, small, n, len(each)) for n in range(len(each))]


@dataclass(frozen=True, eq=False)
class _Call:
    """One use of a layer."""

    layer: nn.Module
    given: Tensor
    made: GradientEdge
    rows: int

    def goes_by(self, clips: int) -> bool:
        """Whether its rows can be those of so many clips, one clip after another."""
        return self.given.dim() > 0 and len(self.given) % clips == 0 == self.rows % clips


def _layers(network: nn.Module) -> Iterator[nn.Module]:
    return (layer for layer in network.modules() if not any(layer.children()))


# How a weight was used, and the gradient of what came out there.
_Use = tuple[str, _Call, Tensor]


def _parts(
    parameters: Sequence[nn.Parameter],
    uses: Mapping[int, Sequence[_Use]],
    small: dict[int, Tensor],
    number: int,
    clips: int,
) -> Iterator[Tensor | None]:
    for weight in parameters:
        key, made = id(weight), uses.get(id(weight), ())
        if weight.dim() == 1 and made:
            # Small parts of all clips are made at once, and kept: the calls would cost the most.
            if key not in small:
                small[key] = _sum(_vectors(*use, clips) for use in made)
            yield small[key][number]
        else:
            yield _sum(_matrix(*use, number, clips) for use in made) if made else None


def _sum(parts: Iterable[Tensor]) -> Tensor:
    """A weight that is used more than once has the sum of its uses."""
    return functools.reduce(torch.add, parts)


def _vectors(name: str, call: _Call, slope: Tensor, clips: int) -> Tensor:
    """(B, n) the gradients of a bias, or of a norm's weight, of all clips."""
    layer, given = call.layer, call.given
    kind = type(layer)
    over_channels = kind in _CONVOLUTIONS or kind is nn.GroupNorm
    if over_channels or kind in (nn.Linear, nn.LayerNorm):
        if name == "weight":
            slope = slope * _normalised(layer, given)
        if over_channels:
            slope = slope.flatten(2).sum(2)
        return slope.reshape(clips, -1, slope.shape[-1]).sum(1)
    return torch.stack([_by_autograd(name, call, slope, n, clips) for n in range(clips)])


def _normalised(layer: nn.Module, given: Tensor) -> Tensor:
    """What a norm's weight is multiplied with."""
    if isinstance(layer, nn.GroupNorm):
        return functional.group_norm(given, layer.num_groups, eps=layer.eps)
    assert isinstance(layer, nn.LayerNorm)
    return functional.layer_norm(given, layer.normalized_shape, eps=layer.eps)


def _matrix(name: str, call: _Call, slope: Tensor, number: int, clips: int) -> Tensor:
    """The gradient of a weight of several axes, of one clip."""
    layer = call.layer
    kind = type(layer)
    given, out = _own(call.given, number, clips), _own(slope, number, clips)
    if kind is nn.Linear:
        return out.reshape(-1, out.shape[-1]).T @ given.reshape(-1, given.shape[-1])
    if kind in _CONVOLUTIONS and layer.padding_mode == "zeros":
        how = (layer.stride, layer.padding, layer.dilation, layer.groups)
        return _CONVOLUTIONS[kind](given, layer.weight.shape, out, *how)
    return _by_autograd(name, call, slope, number, clips)


def _by_autograd(name: str, call: _Call, slope: Tensor, number: int, clips: int) -> Tensor:
    """The same for any layer, which is called once more with the clip alone."""
    with torch.enable_grad():
        made = call.layer.forward(_own(call.given, number, clips))
        weight = getattr(call.layer, name)
        return torch.autograd.grad(made, [weight], _own(slope, number, clips))[0]


def _own(tensor: Tensor, number: int, clips: int) -> Tensor:
    """A clip's rows: several, where a layer sees its frames or tokens one by one."""
    rows = len(tensor) // clips
    return tensor[number * rows : (number + 1) * rows]
