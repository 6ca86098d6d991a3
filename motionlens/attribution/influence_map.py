"""The influence map: which places and frames of a clip its score comes from.

A score is linear in the projected gradient P g of the clip's masked loss, and that loss is a sum
over places: score = a . P g + b, with P g = P grad sum_p W~(p) l(p). With v = P^T a the share of a
place p is therefore

    c(p) = W~(p) * d l(p; theta + e v) / de  at e = 0,

one directional derivative of the unreduced loss (for balanced gradients v is scaled layer by layer
as the clip's own gradient was). Nothing is estimated: the shares add up to the
score but for rounding.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from motionlens.attribution.forward_mode import derivative_along
from motionlens.attribution.gradients import gradients_under_masks
from motionlens.attribution.projection import back_project
from motionlens.domain.fingerprint import IndexSpec
from motionlens.domain.ports import PlaceShares
from motionlens.models.video_model import VideoModel

Values = NDArray[np.float64]
Readings = tuple[Values, Values, Values]


def shares_on_grid(
    model: VideoModel,
    parameters: Sequence[nn.Parameter],
    spec: IndexSpec,
    clip: tuple[Tensor, Tensor],
    mask: Tensor | None,
    direction: NDArray[np.floating],
    norms: NDArray[np.floating],
    *,
    forward: bool = True,
) -> Values:
    """Shares of the places of the loss's grid in `direction` . row.

    Parameters
    ----------
    clip : tuple of Tensor
        Latent and condition, as for :func:`.gradients.gradients_under_masks`.
    mask : (F_gen, h, w) Tensor or None
    direction : (D,)
        What the clip's row is multiplied by.
    norms : (L,)
        Lengths of the clip's projected gradients: its row is the mean of P g / norm over levels. A
        level without a gradient adds nothing. Balanced gradients have a factor for each layer in
        its place, which takes a gradient of the clip to know.
    forward : bool
        False uses two evaluations in place of forward mode.

    Returns
    -------
    (F_gen, h, w) float64; its sum is `direction` . row.
    """
    latent, condition = clip
    shapes = [weight.shape for weight in parameters]
    along = [
        torch.from_numpy(part)
        for part in back_project(direction, shapes, spec.projection_seed, spec.projection)
    ]
    total: Tensor | None = None
    for level, norm in zip(spec.levels, norms, strict=True):

        def evaluate(level: float = level) -> Tensor:
            noise = model.noise(spec.noise_seed)
            return model.loss(latent[None], condition[None], level, noise)[0]

        factors = _factors(model, parameters, spec, clip, level, mask, float(norm))
        derivative = derivative_along(
            model.network,
            parameters,
            (part * factor for part, factor in zip(along, factors, strict=True)),
            evaluate,
            forward=forward,
        ).double()
        weighted = derivative / (len(norms) * derivative.numel())
        if mask is not None:
            weighted = weighted * mask.to(weighted.device, torch.float64)
        total = weighted if total is None else total + weighted
    if total is None:
        raise ValueError("an index has one level or more")
    return np.asarray(total.cpu().numpy(), dtype=np.float64)


def _factors(
    model: VideoModel,
    parameters: Sequence[nn.Parameter],
    spec: IndexSpec,
    clip: tuple[Tensor, Tensor],
    level: float,
    mask: Tensor | None,
    norm: float,
) -> Sequence[float]:
    """What each parameter's part of the gradient was multiplied by for the row of this clip."""
    if norm <= 0:
        return [0.0] * len(parameters)
    if spec.balance == "none":
        return [1.0 / norm] * len(parameters)
    return gradients_under_masks(model, parameters, spec, clip, level, [mask])[0].factors


def weights_on_grid(mask: Tensor | None, shape: tuple[int, ...]) -> Values:
    """How a mask weighs the places of the grid, (F_gen, h, w), adding up to 1 (or 0 if empty)."""
    weights = np.ones(shape) if mask is None else mask.double().cpu().numpy()
    total = float(weights.sum())
    return np.asarray(weights / total if total > 0 else np.zeros(shape), dtype=np.float64)


def readings(model: VideoModel, shape: tuple[int, int, int]) -> Readings:
    """How a model reads masks of (F, H, W): (cells, pixels) of time, rows and columns.

    Asked of it by masks that are 1 in one frame, one row or one column. Each row adds up to 1.
    """
    times, rows, columns = (_readings(model, shape, axis) for axis in range(3))
    return times, rows, columns


def onto_frames(read: Readings, shares: Values, weights: Values) -> PlaceShares:
    """Shares of the grid brought back to a clip's frames, none lost.

    A cell's share is spread over the pixels and frames that the model reads it from, in proportion
    to how it reads them: the transpose of its own way from mask to grid.
    """
    times, rows, columns = read

    def spread(values: Values) -> NDArray[np.float32]:
        in_space = rows.T @ values @ columns
        return np.asarray(np.tensordot(times.T, in_space, 1), dtype=np.float32)

    return PlaceShares(spread(shares), spread(weights))


def _readings(model: VideoModel, shape: tuple[int, int, int], axis: int) -> Values:
    read = []
    for place in range(shape[axis]):
        probe = np.zeros([shape[a] if a == axis else 1 for a in range(3)], np.float32)
        probe[tuple(place if a == axis else 0 for a in range(3))] = 1
        grid = model.mask_to_latent(probe).double().cpu().numpy()
        read.append(grid.mean(axis=tuple(a for a in range(3) if a != axis)))
    found = np.stack(read, axis=1)
    # A cell that is read from nowhere (padding) would lose its share: it goes to all alike.
    found[found.sum(axis=1) <= 0] = 1
    spread: Values = found / found.sum(axis=1, keepdims=True)
    return spread
