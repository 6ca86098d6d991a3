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


@functools.lru_cache(maxsize=4)
def _table_on(seed: int, rows: int, width: int, device: torch.device) -> Tensor:
    return torch.tensor(sign_table(seed, rows, width), device=device)


# A group of blocks has two million entries: these cover those of two billion weights, in 0.1 GB.
@functools.lru_cache(maxsize=1024)
def _columns_on(seed: int, dim: int, group: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """(GROUP, dim) for each bucket the column that falls into it, and that column's sign; 0 where
    none does."""
    buckets, column_signs = _columns(seed, dim, group)
    columns = np.zeros((GROUP, dim), np.int64)
    there = np.zeros((GROUP, dim), np.float32)
    width = buckets.shape[1]
    np.put_along_axis(columns, buckets, np.broadcast_to(np.arange(width), buckets.shape), axis=1)
    np.put_along_axis(there, buckets, column_signs, axis=1)
    return torch.tensor(columns, device=device), torch.tensor(there, device=device)


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
        # Column sums of the group that is being read, zero where a block is not on the host.
        self._sums = np.zeros((GROUP, self.width), np.float32)
        self._group = 0

    def absorb(self, first: int, blocks: Block) -> None:
        """Blocks on the host are NumPy arrays; on another device, tensors that stay there."""
        if isinstance(blocks, Tensor):
            self._sum += on_host(self._on_device(first, blocks))
            return
        table = sign_table(self.seed, self.rows, self.width)
        for number, block in enumerate(blocks, first):
            group, place = divmod(number, GROUP)
            if group != self._group:
                self._add_group()
                self._group = group
            shift = number % self.rows
            # einsum fuses multiplication and sum: no temporary as large as the block.
            np.einsum(
                "rc,rc->c",
                block.reshape(self.rows, self.width),
                table[shift : shift + self.rows],
                out=self._sums[place],
            )

    def result(self) -> NDArray[np.float64]:
        self._add_group()
        return self._sum

    def _add_group(self) -> None:
        buckets, column_signs = _columns(self.seed, self.dim, self._group)
        signed = self._sums * column_signs
        self._sum += np.bincount(buckets.ravel(), signed.ravel(), minlength=self.dim)
        self._sums[:] = 0

    def _on_device(self, first: int, blocks: Tensor) -> Tensor:
        """(dim,) float32, what blocks that lie on a device add; a few kernels for 256 of them."""
        table = _table_on(self.seed, self.rows, self.width, blocks.device)
        total = torch.zeros(self.dim, device=blocks.device)
        start = 0
        while start < len(blocks):
            shift = (first + start) % self.rows
            some = blocks[start : start + self.rows - shift]
            count, width = len(some), self.width
            # Overlapping rows of one table: block i of these has the signs of rows shift + i on.
            row_signs = table.as_strided(
                (count, self.rows, width), (width, width, 1), shift * width
            )
            sums = (some.reshape(count, self.rows, width) * row_signs).sum(1)
            total += self._placed(first + start, sums)
            start += count
        return total

    def _placed(self, first: int, sums: Tensor) -> Tensor:
        """(dim,) column sums of consecutive blocks, signed, rolled and added: by gathering, since
        the order in which a device scatters changes bits from run to run."""
        groups = range(first // GROUP, (first + len(sums) - 1) // GROUP + 1)
        drawn = [_columns_on(self.seed, self.dim, group, sums.device) for group in groups]
        part = slice(first % GROUP, first % GROUP + len(sums))
        columns, signs_there = (torch.cat(parts)[part] for parts in zip(*drawn, strict=True))
        return (sums.gather(1, columns) * signs_there).sum(0)

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
