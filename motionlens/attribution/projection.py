"""Gradients projected to a few hundred numbers, read once and never held a second time."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from motionlens.attribution.fastfood import Fastfood
from motionlens.attribution.sketches import (
    Block,
    DenseSigns,
    Sketch,
    SparseSketch,
    StridedSketch,
    on_host,
)
from motionlens.domain.errors import UsageError

KINDS: dict[str, type[Any]] = {
    "default": StridedSketch,
    "fastfood": Fastfood,
    "sjlt": SparseSketch,
    "rademacher": DenseSigns,
    # What linear layers give, already small (see factored.py), goes the way of all else.
    "factored": StridedSketch,
}


def project_gradient(
    parts: Iterable[Any], dim: int = 512, seed: int = 0, kind: str = "default"
) -> NDArray[np.float32]:
    """Project a gradient to `dim` numbers that keep inner products.

    Parameters
    ----------
    parts : iterable of arrays or tensors
        One per parameter, any shapes and float types, on any device; together, flattened in
        order, they are the gradient. Where the stream is cut into parts changes nothing.
    dim : int
        Numbers kept. Cosines scatter by about 1 / sqrt(dim): 0.044 for 512.
    seed : int
        Another seed, another projection; only vectors of the same seed, kind and dim compare.
    kind : str
        `default` (strided sign sketch, about 1.3 reads of the gradient), `fastfood` (as published,
        arXiv 2601.08828 Eq. 8; holds a copy), `sjlt` (one random bucket an entry), `rademacher`
        (dense, thousands of reads), or `factored` (as `default`; an index makes the parts of linear
        layers small before they come here).

    Returns
    -------
    ndarray
        (dim,) float32, linear in the input, the same on every device to 1e-4 relative.

    Raises
    ------
    UsageError
        For an unknown kind or a `dim` below 1.
    """
    sketch = make_sketch(dim, seed, kind)
    stream = _Stream(sketch)
    for part in parts:
        stream.take(part)
    return stream.result()


def back_project(
    vector: NDArray[np.floating],
    shapes: Iterable[Sequence[int]],
    seed: int = 0,
    kind: str = "default",
) -> Iterator[NDArray[np.float32]]:
    """P^T `vector`, the transpose of :func:`project_gradient`, cut into parts like parameters.

    <project_gradient(g), u> = <g, back_project(u)>: the direction in the space of weights along
    which a projected inner product is a derivative. Streamed; only one part is held at a time
    (`fastfood` holds the whole).

    Parameters
    ----------
    vector : (D,) float
    shapes : iterable of shapes
        One per parameter, all of them, in the order of the projection.

    Yields
    ------
    ndarray
        float32, one of each shape.
    """
    wanted = [tuple(shape) for shape in shapes]
    sketch = make_sketch(len(vector), seed, kind)
    blocks = -(-sum(math.prod(shape) for shape in wanted) // sketch.block)
    stream = sketch.spread(np.asarray(vector, dtype=np.float64), blocks)
    rest = np.empty(0, np.float32)
    for shape in wanted:
        part = np.empty(math.prod(shape), np.float32)
        filled = 0
        while filled < part.size:
            if not rest.size:
                rest = next(stream)
            taken = min(rest.size, part.size - filled)
            part[filled : filled + taken] = rest[:taken]
            rest, filled = rest[taken:], filled + taken
        yield part.reshape(shape)


def make_sketch(dim: int, seed: int, kind: str) -> Sketch:
    """A fresh sketch of a kind of `KINDS`."""
    if kind not in KINDS:
        raise UsageError(
            f"There is no projection named {kind!r}", "", f"Use one of {', '.join(KINDS)}"
        )
    if dim < 1:
        raise UsageError(f"A projection to {dim} numbers is empty", "", "Use 512 or more")
    sketch: Sketch = KINDS[kind](dim, seed)
    return sketch


class _Stream:
    """Cuts what comes into the sketch's blocks; whole blocks are passed on without a copy."""

    def __init__(self, sketch: Sketch) -> None:
        self._sketch = sketch
        self._carry: Block = np.empty(sketch.block, np.float32)
        self._filled = 0
        self._blocks = 0

    def take(self, part: Any) -> None:
        flat = _flat(part)
        self._carry = _beside(self._carry, flat)
        size, block = len(flat), self._sketch.block
        start = 0
        if self._filled:
            start = min(size, block - self._filled)
            self._carry[self._filled : self._filled + start] = flat[:start]  # type: ignore[assignment]
            self._filled += start
            if self._filled == block:
                self._pass(self._carry.reshape(1, block))
                self._filled = 0
        whole = (size - start) // block
        if whole:
            self._pass(flat[start : start + whole * block].reshape(whole, block))
        rest = start + whole * block
        if rest < size:
            self._carry[: size - rest] = flat[rest:]  # type: ignore[assignment]
            self._filled = size - rest

    def result(self) -> NDArray[np.float32]:
        if self._filled:
            self._carry[self._filled :] = 0
            self._pass(self._carry.reshape(1, self._sketch.block))
        return self._sketch.result().astype(np.float32)

    def _pass(self, blocks: Block) -> None:
        self._sketch.absorb(self._blocks, blocks)
        self._blocks += len(blocks)


def _flat(part: Any) -> Block:
    """One dimension, float32; a NumPy array where the data is on the host."""
    if isinstance(part, Tensor):
        tensor = part.detach().reshape(-1).to(torch.float32)
        return tensor.numpy() if tensor.device.type == "cpu" else tensor
    return np.ascontiguousarray(part, dtype=np.float32).reshape(-1)


def _beside(carry: Block, flat: Block) -> Block:
    """The carried block, moved to where the new part is."""
    if isinstance(flat, Tensor):
        held = carry if isinstance(carry, Tensor) else torch.from_numpy(carry)
        return held.to(flat.device)
    return on_host(carry) if isinstance(carry, Tensor) else carry
