"""The kinds of projection: each takes the stream of a gradient in blocks of one size.

A kind sees whole blocks only (the last one padded with zeros), so how the stream came in pieces
cannot change a bit of the result. All are linear with E|Px|^2 = |x|^2, and their cosines scatter
by about 1 / sqrt(dim) around the true ones (Johnson and Lindenstrauss 1984).
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from motionlens.attribution.random_words import signs, words

Block = NDArray[np.float32] | Tensor

# Blocks of the strided sketch whose column signs and shifts are drawn together.
GROUP = 16


class Sketch(Protocol):
    """One kind: `block` entries at a time, in order."""

    block: int

    def absorb(self, first: int, blocks: Block) -> None:
        """Take `blocks`, (n, block) float32, numbered from `first`."""
        ...

    def result(self) -> NDArray[np.float64]:
        """(dim,) what has been absorbed, projected."""
        ...

    def spread(self, vector: NDArray[np.float64], blocks: int) -> Iterator[NDArray[np.float32]]:
        """The transpose, P^T `vector`: its first `blocks` blocks in order, (block,) each.

        Made from the seed alone, whatever was absorbed.
        """
        ...


@functools.lru_cache(maxsize=64)
def width_for(dim: int) -> int:
    """The largest prime up to `dim` (1 for 1).

    Buckets are positions modulo this width. A prime shares no factor with a layer's width, so the
    entries of one input channel, which are large or small together, never share a bucket.
    """
    for width in range(dim, 1, -1):
        if all(width % n for n in range(2, int(width**0.5) + 1)):
            return width
    return 1


@functools.lru_cache(maxsize=4)
def sign_table(seed: int, rows: int, width: int) -> NDArray[np.float32]:
    """(2 * rows, width) random signs, the second half repeating the first.

    Block i uses rows i mod `rows` and on, so two blocks meet the same sign pairs only every
    `rows` blocks; with fresh signs per block and column on top, entries of different blocks are
    always independent.
    """
    table = signs(seed, "strided table", 0, rows * width).reshape(rows, width)
    both = np.concatenate([table, table])
    both.setflags(write=False)
    return both


@functools.lru_cache(maxsize=32)
def _columns(seed: int, dim: int, group: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """(GROUP, width) bucket and sign of each column of a group of blocks."""
    width = width_for(dim)
    shift = (words(seed, "strided shift", group, GROUP) % np.uint64(dim)).astype(np.int64)
    buckets = (np.arange(width) + shift[:, None]) % dim
    column_signs = signs(seed, "strided column", group, GROUP * width).reshape(GROUP, width)
    return buckets, column_signs


class StridedSketch:
    """Sign sketch with a stride as bucket: the default, at little more than one read.

    A block is 256 rows of `width_for(dim)` entries. An entry is multiplied by its random sign and
    summed down its column; each block's sums get a random sign a column and are added to the
    result rolled by a random shift. Only a table of one block's signs is kept, small enough for
    the second-level cache; the other random numbers are regenerated from the block's number.
    """

    def __init__(self, dim: int, seed: int) -> None:
        self.dim, self.seed = dim, seed
        self.width = width_for(dim)
        self.rows = max(16, 131072 // self.width)
        self.block = self.rows * self.width
        self._sum = np.zeros(dim)
        # Column sums of the group that is being read.
        self._sums = np.zeros((GROUP, self.width), np.float32)
        self._read = 0

    def absorb(self, first: int, blocks: Block) -> None:
        """Blocks on the host are NumPy arrays; on another device, tensors that stay there."""
        sums = self._on_device(first, blocks) if isinstance(blocks, Tensor) else None
        table = sign_table(self.seed, self.rows, self.width)
        for n in range(len(blocks)):
            place = (first + n) % GROUP
            if sums is not None:
                self._sums[place] = sums[n]
            else:
                shift = (first + n) % self.rows
                # einsum fuses multiplication and sum: no temporary as large as the block.
                np.einsum(
                    "rc,rc->c",
                    blocks[n].reshape(self.rows, self.width),
                    table[shift : shift + self.rows],
                    out=self._sums[place],
                )
            self._read = first + n + 1
            if place == GROUP - 1:
                self._add_group(GROUP)

    def result(self) -> NDArray[np.float64]:
        if self._read % GROUP:
            self._add_group(self._read % GROUP)
        return self._sum

    def _add_group(self, count: int) -> None:
        """Add the last `count` blocks' sums to the result."""
        buckets, column_signs = _columns(self.seed, self.dim, (self._read - 1) // GROUP)
        signed = self._sums[:count] * column_signs[:count]
        self._sum += np.bincount(buckets[:count].ravel(), signed.ravel(), minlength=self.dim)

    def _on_device(self, first: int, blocks: Tensor) -> NDArray[np.float32]:
        """Column sums of blocks that lie on a device, (n, width)."""
        table = torch.tensor(sign_table(self.seed, self.rows, self.width), device=blocks.device)
        sums = []
        for n, block in enumerate(blocks):
            shift = (first + n) % self.rows
            product = block.reshape(self.rows, self.width) * table[shift : shift + self.rows]
            sums.append(product.sum(0))
        return on_host(torch.stack(sums))

    def spread(self, vector: NDArray[np.float64], blocks: int) -> Iterator[NDArray[np.float32]]:
        table = sign_table(self.seed, self.rows, self.width)
        for number in range(blocks):
            buckets, column_signs = _columns(self.seed, self.dim, number // GROUP)
            place, shift = number % GROUP, number % self.rows
            row = (vector[buckets[place]] * column_signs[place]).astype(np.float32)
            entries: NDArray[np.float32] = (table[shift : shift + self.rows] * row).reshape(-1)
            yield entries


class SparseSketch:
    """SJLT with one entry a column (Kane and Nelson 2014): a truly random bucket and sign each."""

    block = 65536

    def __init__(self, dim: int, seed: int) -> None:
        self.dim, self.seed = dim, seed
        self._sum = np.zeros(dim)

    def absorb(self, first: int, blocks: Block) -> None:
        for n, block in enumerate(on_host(blocks)):
            bucket, sign = self._drawn(first + n)
            self._sum += np.bincount(bucket, sign * block, minlength=self.dim)

    def result(self) -> NDArray[np.float64]:
        return self._sum

    def spread(self, vector: NDArray[np.float64], blocks: int) -> Iterator[NDArray[np.float32]]:
        for number in range(blocks):
            bucket, sign = self._drawn(number)
            yield (sign * vector[bucket]).astype(np.float32)

    def _drawn(self, number: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """(block,) bucket and sign of each entry of a block."""
        raw = words(self.seed, "sjlt", number, self.block)
        # The low bit is the sign, the 32 high bits the bucket (bias below dim / 2^32).
        bucket = ((raw >> np.uint64(32)) * np.uint64(self.dim)) >> np.uint64(32)
        return bucket.astype(np.int64), 1 - 2 * (raw & np.uint64(1)).astype(np.float64)


class DenseSigns:
    """Every entry of the matrix a random sign / sqrt(dim), made again block by block.

    Costs thousands of reads: the reference that others are measured against, for small models.
    """

    block = 2048

    def __init__(self, dim: int, seed: int) -> None:
        self.dim, self.seed = dim, seed
        self._sum = np.zeros(dim)

    def absorb(self, first: int, blocks: Block) -> None:
        for n, block in enumerate(on_host(blocks)):
            self._sum += self._matrix(first + n) @ block

    def result(self) -> NDArray[np.float64]:
        return np.asarray(self._sum / np.sqrt(self.dim))

    def spread(self, vector: NDArray[np.float64], blocks: int) -> Iterator[NDArray[np.float32]]:
        scaled = (vector / np.sqrt(self.dim)).astype(np.float32)
        for number in range(blocks):
            yield scaled @ self._matrix(number)

    def _matrix(self, number: int) -> NDArray[np.float32]:
        drawn = signs(self.seed, "rademacher", number, self.dim * self.block)
        return drawn.reshape(self.dim, self.block)


def on_host(blocks: Any) -> NDArray[np.float32]:
    """The same numbers as a NumPy array."""
    if isinstance(blocks, Tensor):
        return np.asarray(blocks.detach().cpu().numpy(), dtype=np.float32)
    return np.asarray(blocks, dtype=np.float32)
