"""Random bits by position: any part of a stream can be made again without what lies before it.

Philox is counter-based (Salmon et al. 2011) and its raw stream is the same on every platform and
release of NumPy; distributions built on it are not, so normal numbers are made here.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from motionlens.domain.seeds import derive_seed

# 64-bit words that one counter value yields.
_WORDS_PER_COUNT = 4


def words(seed: int, name: str, block: int, size: int) -> NDArray[np.uint64]:
    """(size,) uint64 words of block number `block`, all blocks having the same `size`."""
    counts = -(-size // _WORDS_PER_COUNT)
    key = derive_seed("projection", name, seed)
    return np.random.Philox(key=key, counter=block * counts).random_raw(size)


def bits(seed: int, name: str, block: int, size: int) -> NDArray[np.uint8]:
    """(size,) uint8, each 0 or 1 with equal chance."""
    raw = words(seed, name, block, -(-size // 64))
    # Byte order is fixed, so that big-endian machines draw the same bits.
    return np.unpackbits(raw.astype("<u8").view(np.uint8), count=size, bitorder="little")


def signs(seed: int, name: str, block: int, size: int) -> NDArray[np.float32]:
    """(size,) float32, each -1 or +1 with equal chance."""
    return 1 - 2 * bits(seed, name, block, size).astype(np.float32)


def normals(seed: int, name: str, block: int, size: int) -> NDArray[np.float32]:
    """(size,) float32 standard normal numbers (Box and Muller 1958)."""
    half = -(-size // 2)
    raw = words(seed, name, block, 2 * half)
    # 53 bits in (0, 1]: never zero, so that the logarithm is finite.
    uniform = ((raw >> np.uint64(11)).astype(np.float64) + 1) * 2.0**-53
    radius = np.sqrt(-2 * np.log(uniform[:half]))
    angle = 2 * np.pi * uniform[half:]
    both = np.concatenate([radius * np.cos(angle), radius * np.sin(angle)])
    return both[:size].astype(np.float32)
