"""Fastfood (Le, Sarlos and Smola 2013) as MOTIVE uses it (arXiv 2601.08828, Eq. 8), reduced.

P = sqrt(d / D') R H G Pi H B with orthonormal Hadamard matrices H of size d (a power of two), B
random signs, Pi a permutation, G normal numbers on the diagonal and R the first D' rows. Row j < D'
of the second H depends on a position modulo D' alone (D' a power of two), so that transform is a
sum into D' buckets and one small Hadamard matrix.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from motionlens.attribution.random_words import normals, signs, words
from motionlens.attribution.sketches import Block, on_host


class Fastfood:
    """Holds a whole copy of the gradient, since H mixes all of it: an option, not the default."""

    block = 65536

    def __init__(self, dim: int, seed: int) -> None:
        self.dim, self.seed = dim, seed
        self._blocks: list[NDArray[np.float32]] = []

    def absorb(self, first: int, blocks: Block) -> None:
        for n, block in enumerate(on_host(blocks)):
            self._blocks.append(block * signs(self.seed, "fastfood B", first + n, self.block))

    def result(self) -> NDArray[np.float64]:
        buckets = power_of_two(self.dim)
        total = max(len(self._blocks) * self.block, buckets)
        mixed = np.zeros(power_of_two(total), np.float32)
        for n, block in enumerate(self._blocks):
            mixed[n * self.block : (n + 1) * self.block] = block
        mixed = hadamard(mixed) / np.float32(np.sqrt(mixed.size))
        sums = np.zeros(buckets)
        for start in range(0, mixed.size, self.block):
            number, stop = start // self.block, min(start + self.block, mixed.size)
            places = permuted(np.arange(start, stop, dtype=np.uint64), mixed.size, self.seed)
            part = (
                mixed[places] * normals(self.seed, "fastfood G", number, self.block)[: stop - start]
            )
            sums += part.reshape(-1, buckets).sum(axis=0, dtype=np.float64)
        return np.asarray(hadamard(sums)[: self.dim] / np.sqrt(self.dim), dtype=np.float64)

    def spread(self, vector: NDArray[np.float64], blocks: int) -> Iterator[NDArray[np.float32]]:
        """P^T `vector` for a gradient of exactly so many blocks: the factors in reverse."""
        buckets = power_of_two(self.dim)
        padded = np.zeros(buckets)
        padded[: self.dim] = vector
        small = (hadamard(padded) / np.sqrt(self.dim)).astype(np.float32)
        mixed = np.zeros(power_of_two(max(blocks * self.block, buckets)), np.float32)
        for start in range(0, mixed.size, self.block):
            number, stop = start // self.block, min(start + self.block, mixed.size)
            places = permuted(np.arange(start, stop, dtype=np.uint64), mixed.size, self.seed)
            normal = normals(self.seed, "fastfood G", number, self.block)[: stop - start]
            mixed[places] = normal * np.resize(small, stop - start)
        mixed = hadamard(mixed) / np.float32(np.sqrt(mixed.size))
        for n in range(blocks):
            block = mixed[n * self.block : (n + 1) * self.block]
            yield block * signs(self.seed, "fastfood B", n, self.block)


def power_of_two(size: int) -> int:
    """The smallest power of two that is at least `size`."""
    return 1 << max(0, size - 1).bit_length()


def hadamard(x: NDArray[np.floating]) -> NDArray[np.floating]:
    """Unscaled Walsh-Hadamard transform of a vector whose length is a power of two."""
    done = 1
    while done < x.size:
        # Steps of up to 64 as small matrix products: a tenth of the passes of butterflies.
        step = min(64, x.size // done)
        matrix = _matrix(step).astype(x.dtype)
        x = np.matmul(matrix, x.reshape(-1, step, done)).reshape(-1)
        done *= step
    return x


def permuted(places: NDArray[np.uint64], size: int, seed: int) -> NDArray[np.int64]:
    """Where a random permutation of `size` = 2^m puts `places`, without a table.

    Rounds of multiplication by an odd number, addition, and a shifted xor, each a bijection of m
    bits.
    """
    mask = np.uint64(size - 1)
    shift = np.uint64(max(1, (size.bit_length() - 1) // 2))
    keys = words(seed, "fastfood Pi", 0, 8)
    for factor, offset in keys.reshape(4, 2):
        places = (places * (factor | np.uint64(1)) + offset) & mask
        places = places ^ (places >> shift)
    return places.astype(np.int64)


def _matrix(size: int) -> NDArray[np.float64]:
    matrix = np.ones((1, 1))
    while len(matrix) < size:
        matrix = np.block([[matrix, matrix], [matrix, -matrix]])
    return matrix
