"""Seeded randomness: every random choice is named, so that it can be made again."""

from __future__ import annotations

import hashlib

import numpy as np


def derive_seed(*names: object) -> int:
    """A 63-bit seed from any printable names; the same names give the same seed everywhere."""
    text = "\x1f".join(str(name) for name in names)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "little") >> 1


def generator(*names: object) -> np.random.Generator:
    """A numpy generator seeded by names (PCG64, the same stream on every platform)."""
    return np.random.Generator(np.random.PCG64(derive_seed(*names)))
