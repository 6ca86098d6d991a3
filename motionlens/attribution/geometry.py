"""How projected gradients are compared: centred, whitened, or as they are.

All methods are cosines in some geometry, so that a score lies between -1 and 1 and neither a long
clip nor a steep loss outweighs another. A row of zeros (nothing moves, so the masked loss has no
gradient) has no direction and takes no part in means.

Only the query is moved and turned: (W (x - c)) . w = x . (W w) - c . (W w), so that a score costs
one product a row and no copy of it, once the rows' lengths are known.
"""

from __future__ import annotations

import functools
import mmap
import os
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from motionlens.domain.errors import UsageError
from motionlens.domain.ports import Kept

METHODS = ("cosine", "centred", "whitened", "vote")
# Rows in work at a time: 2 MB at 512 numbers stay in the cache between products and lengths.
BLOCK_ROWS = 1024
# Half-precision numbers converted at a time: what torch does on one thread. Beyond it, it waits for
# a second one, which on a machine that is busy takes a hundred times as long as the work.
_CONVERTED = 32768
# Rows that the covariance is estimated from, evenly spaced; 128 a number of the usual 512.
COVARIANCE_ROWS = 65536
# Damping of the inverse covariance in mean eigenvalues: 10 ranked best or near it throughout.
RIDGE = 10.0
# A row this near the centre, in parts of its own length, is measured by itself: the two products
# that stand for it would cancel.
_NEAR = 0.1

Rows = NDArray[np.float32]
Values = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Geometry:
    """`centre` is subtracted, then `whitener` applied, then the cosine taken.

    Attributes
    ----------
    centre : (D,) float32 or None
    whitener : (D, D) float32, symmetric, or None
    """

    centre: Rows | None = None
    whitener: Rows | None = None

    def moved(self, rows: Rows) -> Rows:
        """(n, D) rows in this geometry, at their length."""
        found = np.asarray(rows, dtype=np.float32)
        if self.centre is not None:
            found = found - self.centre
        return found if self.whitener is None else found @ self.whitener

    def directions(self, rows: Rows) -> Rows:
        """(n, D) rows in this geometry at unit length; rows without a direction are zero."""
        directions: Rows = self.moved(rows) * inverse(self.lengths(rows))[:, None]
        return directions

    def lengths(self, rows: Rows) -> Rows:
        """(n,) float32 lengths in this geometry; 0 where a row has no direction."""
        moved = self.moved(rows)
        lengths = np.sqrt(np.vecdot(moved, moved))
        # A row that equals the mean but for rounding has no direction of its own.
        least = 0.0 if self.centre is None else 1e-6 * self._centre_length
        lengths[(lengths <= least) | ~np.asarray(rows).any(axis=1)] = 0
        return np.asarray(lengths, dtype=np.float32)

    def measured(self, rows: Rows) -> tuple[Rows, NDArray[np.int64]]:
        """(n,) lengths of a block, and which rows are too near the centre for products.

        |x - c|^2 is taken from |x|^2, x . c and |c|^2: no copy of the rows is made.
        """
        squares = np.vecdot(rows, rows).astype(np.float32)
        if self.centre is None:
            return np.sqrt(squares), np.empty(0, np.int64)
        plain: Rows = squares - 2 * (rows @ self.centre) + self.centre @ self.centre
        near = np.flatnonzero((plain < _NEAR**2 * squares) & (squares > 0))
        lengths = np.sqrt(np.maximum(plain, 0)) if self.whitener is None else self.lengths(rows)
        lengths[squares == 0] = 0
        if near.size:
            lengths[near] = self.lengths(rows[near])
        return lengths, near

    def turned(self, wanted: Rows) -> tuple[Rows, Rows]:
        """(D, Q) directions in this geometry as what plain rows are multiplied by, and (Q,) what
        is taken from the products."""
        turned: Rows = wanted if self.whitener is None else self.whitener @ wanted
        taken: Rows = np.zeros(wanted.shape[1], np.float32)
        if self.centre is not None:
            taken = (self.centre @ turned).astype(np.float32)
        return turned, taken

    def as_product(self, fixed: Rows, moving: Rows) -> tuple[Rows, float]:
        """The score of `moving` with `fixed` as direction . `moving` + offset.

        Parameters
        ----------
        fixed, moving : (D,) float32

        Returns
        -------
        direction : (D,) float32
            W w / |W (moving - c)| with w the unit direction of `fixed`: what an influence map's
            derivative is taken along. Zero where either has no direction.
        offset : float
            What the centre takes away, -direction . c.
        """
        turned, taken = self.turned(self.directions(fixed[None]).T)
        scale = inverse(self.lengths(moving[None]))[0]
        return (turned[:, 0] * scale).astype(np.float32), -float(taken[0] * scale)

    @functools.cached_property
    def _centre_length(self) -> float:
        if self.centre is None:
            return 0.0
        moved = self.centre if self.whitener is None else self.centre @ self.whitener
        return float(np.linalg.norm(moved))


@dataclass(frozen=True, eq=False)
class Learnt:
    """What a method takes from all rows of an index.

    Attributes
    ----------
    scales : (N,) float32
        1 / length of each row in `space`; 0 where it has no direction.
    near : (M,) int64
        Rows too near the centre for products.
    """

    space: Geometry
    scales: Rows
    near: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))


def geometry(
    vectors: Rows, method: str, ridge: float = RIDGE, kept: Kept | None = None
) -> Geometry:
    """The geometry of a method on an index.

    Parameters
    ----------
    vectors : (N, D) float32 or float16
    method : str
        `cosine` (MOTIVE, arXiv 2601.08828, Eq. 10) and `vote`: as they are. `centred`: without the
        mean of the index, which holds what all clips share (noise and look among it). `whitened`:
        centred, then (C + r I)^(-1/2) with C the rows' covariance and r = `ridge` times its mean
        eigenvalue: a damped inverse Fisher (as TRAK, Park et al. 2023) split between both sides.
    ridge : float
        Damping; above 0.
    kept : Kept, optional
        Where mean and covariance are kept beside the index.

    Raises
    ------
    UsageError
        An unknown method.
    """
    if method not in METHODS:
        raise UsageError(
            f"Scores by {method!r} cannot be made from gradients alone",
            "",
            f"Use one of {', '.join(METHODS)}",
        )
    if method in ("cosine", "vote"):
        return Geometry()
    centre = _kept(kept, "mean", lambda: {"centre": mean_row(vectors)})["centre"]
    if method == "centred":
        return Geometry(centre)
    found = _kept(kept, "covariance", lambda: _spectrum(vectors, centre))
    values, basis = found["values"], found["basis"]
    damped = np.maximum(values, 0) + ridge * max(float(values.mean()), 1e-12)
    return Geometry(centre, ((basis / np.sqrt(damped)) @ basis.T).astype(np.float32))


def learn(vectors: Rows, method: str, ridge: float = RIDGE, kept: Kept | None = None) -> Learnt:
    """The geometry of a method, and every row's length in it.

    With `kept`, both are read back by the next query: it then costs one product a row.
    """
    space = geometry(vectors, method, ridge, kept)

    def lengths() -> dict[str, NDArray[np.generic]]:
        scales, near = np.empty(len(vectors), np.float32), []
        for start, block in blocks(vectors):
            measured, close = space.measured(block)
            scales[start : start + len(block)] = inverse(measured)
            near.append(close + start)
        return {"scales": scales, "near": np.concatenate([np.empty(0, np.int64), *near])}

    name = {"vote": "cosine", "whitened": f"whitened-{ridge:g}"}.get(method, method)
    found = _kept(kept, f"lengths-{name}", lengths)
    return Learnt(space, found["scales"], found["near"])


def learnt_of_file(vectors: Rows, method: str, ridge: float = RIDGE) -> Learnt | None:
    """:func:`learn` for a whole file that is mapped for reading, remembered while it is unchanged.

    None for arrays in memory, which may change unseen, and for parts of a map.
    """
    base: object = vectors.base
    if not isinstance(vectors, np.memmap) or not isinstance(base, mmap.mmap):
        return None
    if vectors.flags.writeable or vectors.filename is None:
        return None
    try:
        file = os.stat(vectors.filename)
    except OSError:
        return None
    state = (file.st_ino, file.st_size, file.st_mtime_ns)
    name = (str(vectors.filename), vectors.offset, vectors.shape, vectors.dtype.str)
    found = _remembered((name, state, method, ridge))
    if not found:
        found.append(learn(vectors, method, ridge))
    return found[0]


@functools.lru_cache(maxsize=4)
def _remembered(of: Hashable) -> list[Learnt]:
    return []


def mean_row(vectors: Rows) -> Rows:
    """(D,) mean of all rows that are not zero."""
    total, count = np.zeros(vectors.shape[1]), 0
    for _, block in blocks(vectors):
        # A product sums faster than a sum over rows; rows of zeros add nothing to it.
        total += np.ones(len(block), np.float32) @ block
        # Only a row that begins with zero can be one of zeros.
        doubtful = block[block[:, 0] == 0]
        count += len(block) - int(np.count_nonzero(~doubtful.any(axis=1)))
    return (total / max(count, 1)).astype(np.float32)


def covariance_of(vectors: Rows, centre: Rows) -> Values:
    """(D, D) covariance of the rows that are not zero, from at most `COVARIANCE_ROWS` of them."""
    step = -(-len(vectors) // COVARIANCE_ROWS) if len(vectors) else 1
    total, count = np.zeros((vectors.shape[1],) * 2), 0
    for _, block in blocks(vectors[::step]):
        moved = block[block.any(axis=1)] - centre
        total += moved.T @ moved
        count += len(moved)
    covariance: Values = total / max(count, 1)
    return covariance


def blocks(vectors: Rows, size: int = 0, piece: int = _CONVERTED) -> Iterator[tuple[int, Rows]]:
    """First row number and float32 rows, `size` at a time (`BLOCK_ROWS` for 0).

    A block of converted rows is overwritten by the next; `piece` numbers are converted at a time.
    """
    plain = np.asarray(vectors)  # a memory map makes its own kind of array of every slice
    size = size or BLOCK_ROWS
    # One buffer for all blocks: fresh memory for each costs as much as the conversion.
    buffer = np.empty((min(size, len(plain)), *plain.shape[1:]), np.float32)
    for start in range(0, len(plain), size):
        block = plain[start : start + size]
        yield (
            start,
            block if block.dtype == np.float32 else _single(block, buffer[: len(block)], piece),
        )


def _single(rows: NDArray[np.floating], found: Rows, piece: int) -> Rows:
    """Rows as float32, in `found`. By torch, which converts half precision many times faster."""
    if rows.dtype != np.float16:
        found[:] = rows
        return found
    import torch

    some = min(len(rows), max(1, piece // max(1, rows.shape[-1])))
    half = np.empty((some, *rows.shape[1:]), np.float16)
    for start in range(0, len(rows), some):
        # A copy, since torch warns of arrays that cannot be written, as a map for reading cannot.
        own = half[: len(rows[start : start + some])]
        own[:] = rows[start : start + some]
        torch.from_numpy(found[start : start + some]).copy_(torch.from_numpy(own))
    return found


def product(block: Rows, turned: Rows, out: Rows, converted: bool) -> Rows:
    """`block` @ `turned` into `out`; where blocks are converted, by torch, as the conversion is.

    NumPy's threads wait for the next product by spinning, which took twice the time from the
    conversions in between where two of them share a core (206 ms against 86 by torch for 100,000
    rows and 50 queries; 110 and 80 where they do not).
    """
    if not converted:
        return np.matmul(block, turned, out=out)
    import torch

    torch.mm(torch.from_numpy(block), torch.from_numpy(turned), out=torch.from_numpy(out))
    return out


@functools.cache
def ready_blas() -> None:
    """One wide product, after which NumPy's products with a few dozen columns run faster.

    Where OpenBLAS 0.3.31 has only ever seen narrow ones, a (1024, 512) block times 50 columns runs
    at a third of its speed (10 against 30 GFLOP/s on an AVX2 core); this takes half a millisecond.
    """
    np.ones((16, 512), np.float32) @ np.ones((512, 2048), np.float32)


def inverse(lengths: Rows) -> Rows:
    """1 / length, 0 for 0; float32."""
    with np.errstate(divide="ignore"):
        return np.where(lengths > 0, 1 / lengths, 0).astype(np.float32)


def _spectrum(vectors: Rows, centre: Rows) -> dict[str, NDArray[np.generic]]:
    values, basis = np.linalg.eigh(covariance_of(vectors, centre))
    return {"values": values, "basis": basis}


def _kept(
    kept: Kept | None, name: str, make: Callable[[], Mapping[str, NDArray[Any]]]
) -> Mapping[str, NDArray[Any]]:
    """What is kept under a name, made and kept where there is none yet."""
    found = None if kept is None else kept.load(name)
    if found is None:
        found = make()
        if kept is not None:
            kept.save(name, found)
    return found
