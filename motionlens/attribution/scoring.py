"""Projected gradients into signed influence scores, by blocks of a memory-mapped index.

All methods are cosines in some geometry, so that a score lies between -1 and 1 and neither a long
clip nor a steep loss outweighs another. Positive: training on the clip pushes the model toward the
query's motion. A row of zeros (nothing moves, so the masked loss has no gradient) scores 0 and
takes no part in means: it has no influence to speak of.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from motionlens.domain.errors import UsageError
from motionlens.domain.statistics import mean_ranks

METHODS = ("cosine", "centred", "whitened", "vote")
# Rows in work at a time: copies of a block stay small beside an index of millions.
BLOCK_ROWS = 16384
# Rows that the covariance is estimated from, evenly spaced; 128 a number of the usual 512.
COVARIANCE_ROWS = 65536
# Damping of the inverse covariance in mean eigenvalues: 10 ranked best or near it throughout.
RIDGE = 10.0
# Share of clips that get a query's vote: the published selection keeps 10 %.
VOTE_SHARE = 0.1

Rows = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Geometry:
    """How vectors are compared: `centre` is subtracted, then `whitener` applied, then the cosine.

    Attributes
    ----------
    centre : (D,) float32 or None
    whitener : (D, D) float32, symmetric, or None
    """

    centre: Rows | None = None
    whitener: Rows | None = None

    def directions(self, rows: Rows) -> Rows:
        """(n, D) rows in this geometry at unit length; zero rows stay zero."""
        moved = np.asarray(rows, dtype=np.float32)
        empty = ~moved.any(axis=1)
        if self.centre is not None:
            moved = moved - self.centre
        if self.whitener is not None:
            moved = moved @ self.whitener
        lengths = np.sqrt(np.einsum("nd,nd->n", moved, moved))
        # A row that equals the mean but for rounding has no direction of its own.
        least = 0.0 if self.centre is None else 1e-6 * _length(self.centre, self.whitener)
        with np.errstate(divide="ignore"):
            scale = np.where(empty | (lengths <= least), 0, 1 / lengths)
        directions: Rows = moved * scale[:, None].astype(np.float32)
        return directions

    def against(self, rows: Rows, wanted: Rows) -> NDArray[np.float32]:
        """`directions(rows) @ wanted` for (D, Q) `wanted`, without a copy of the rows.

        |x - c|^2 is taken from |x|^2, x.c and |c|^2, which one product gives with the scores; the
        few rows so near the centre that this would cancel are moved and measured themselves.
        """
        if self.whitener is not None:
            return np.asarray(self.directions(rows) @ wanted)
        squares = np.einsum("nd,nd->n", rows, rows)
        near = np.zeros(len(rows), bool)
        lengths = squares
        if self.centre is None:
            products = rows @ wanted
        else:
            both = rows @ np.column_stack([wanted, self.centre])
            products = both[:, :-1] - self.centre @ wanted
            lengths = squares - 2 * both[:, -1] + self.centre @ self.centre
            near = lengths < 0.01 * squares
        with np.errstate(divide="ignore", invalid="ignore"):
            scale = np.where((squares > 0) & ~near, 1 / np.sqrt(lengths), 0)
        found = np.asarray(products * scale[:, None], dtype=np.float32)
        if near.any():
            found[near] = self.directions(rows[near]) @ wanted
        return found


def geometry(vectors: Rows, method: str, ridge: float = RIDGE) -> Geometry:
    """The geometry of a method on an index.

    Parameters
    ----------
    vectors : (N, D) float32
    method : str
        `cosine` (MOTIVE, arXiv 2601.08828, Eq. 10) and `vote`: as they are. `centred`: without the
        mean of the index, which holds what all clips share (noise and look among it). `whitened`:
        centred, then (C + r I)^(-1/2) with C the rows' covariance and r = `ridge` times its mean
        eigenvalue: a damped inverse Fisher (as TRAK, Park et al. 2023) split between both sides.
    ridge : float
        Damping; above 0.

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
    centre = mean_row(vectors)
    if method == "centred":
        return Geometry(centre)
    covariance = covariance_of(vectors, centre)
    values, basis = np.linalg.eigh(covariance)
    damped = np.maximum(values, 0) + ridge * max(float(values.mean()), 1e-12)
    return Geometry(centre, ((basis / np.sqrt(damped)) @ basis.T).astype(np.float32))


def influence_scores(
    index: Rows, query: Rows, method: str = "cosine", ridge: float = RIDGE
) -> NDArray[np.float32]:
    """Signed influence of each indexed clip on a query.

    Parameters
    ----------
    index : (N, D) float32
        Projected gradients of training clips; a memory map is read by blocks.
    query : (D,) or (Q, D) float32
        One query, or several whose scores are averaged.
    method : str
        See :func:`geometry`; `vote` counts queries instead of averaging (Eq. 18).
    ridge : float
        Damping of `whitened`, in mean eigenvalues.

    Returns
    -------
    (N,) float32; positive: training on the clip pushes the model toward the query's motion.

    Raises
    ------
    UsageError
        Sizes that do not fit, no query, or an unknown method.
    """
    rows, queries = fitting(index, query)
    space = geometry(rows, method, ridge)
    if method == "vote":
        return vote_scores(cosines(rows, queries, space), len(queries)).astype(np.float32)
    wanted = space.directions(queries).mean(axis=0)
    scores = np.empty(len(rows), np.float32)
    for start, block in blocks(rows):
        scores[start : start + len(block)] = space.against(block, wanted[:, None])[:, 0]
    return scores


def cosines(vectors: Rows, queries: Rows, space: Geometry) -> NDArray[np.float32]:
    """(N, Q) cosine of each clip with each query in a geometry."""
    wanted = space.directions(queries).T
    found = np.empty((len(vectors), wanted.shape[1]), np.float32)
    for start, block in blocks(vectors):
        found[start : start + len(block)] = space.against(block, wanted)
    return found


def vote_scores(
    per_query: NDArray[np.float32], bad: int, share: float = VOTE_SHARE
) -> NDArray[np.float64]:
    """Votes of bad queries minus votes of good ones (MOTIVE, Eq. 18), each as a mean.

    A query votes for clips above its own threshold, the (1 - `share`) quantile of its cosines.
    Ties are broken by mean rank, which moves a score by less than half a vote.

    Parameters
    ----------
    per_query : (N, Q) float32
        Bad queries first, `bad` of them.
    """
    votes = np.zeros(per_query.shape, bool)
    ranks = np.zeros(per_query.shape)
    for q, column in enumerate(per_query.T):
        votes[:, q] = column > np.quantile(column, 1 - share)
        ranks[:, q] = mean_ranks(column) / (len(column) + 1) - 0.5
    good = per_query.shape[1] - bad
    least = 1 / (max(bad, 1) * max(good, 1))
    tie_break = 0.5 * least * bad_minus_good(ranks, bad)
    return np.asarray(bad_minus_good(votes, bad) + tie_break, dtype=np.float64)


def bad_minus_good(per_query: NDArray[np.generic], bad: int) -> NDArray[np.float64]:
    """(N,) mean of the first `bad` columns minus the mean of the others; none counts as 0."""
    total = np.zeros(len(per_query))
    if bad:
        total += per_query[:, :bad].mean(axis=1, dtype=np.float64)
    if per_query.shape[1] > bad:
        total -= per_query[:, bad:].mean(axis=1, dtype=np.float64)
    return total


def mean_row(vectors: Rows) -> Rows:
    """(D,) mean of all rows that are not zero."""
    total, count = np.zeros(vectors.shape[1]), 0
    for _, block in blocks(vectors):
        # Zero rows add nothing to the sum; a product sums faster than a sum over rows.
        moving = np.einsum("nd,nd->n", block, block) > 0
        total += moving.astype(np.float32) @ block
        count += int(np.count_nonzero(moving))
    return (total / max(count, 1)).astype(np.float32)


def covariance_of(vectors: Rows, centre: Rows) -> NDArray[np.float64]:
    """(D, D) covariance of the rows that are not zero, from at most `COVARIANCE_ROWS` of them."""
    step = -(-len(vectors) // COVARIANCE_ROWS) if len(vectors) else 1
    total, count = np.zeros((vectors.shape[1],) * 2), 0
    for _, block in blocks(vectors[::step]):
        moved = block[block.any(axis=1)] - centre
        total += moved.T @ moved
        count += len(moved)
    covariance: NDArray[np.float64] = total / max(count, 1)
    return covariance


def blocks(vectors: Rows) -> Iterator[tuple[int, Rows]]:
    """First row number and rows, `BLOCK_ROWS` at a time."""
    for start in range(0, len(vectors), BLOCK_ROWS):
        yield start, np.asarray(vectors[start : start + BLOCK_ROWS])


def fitting(index: Rows, query: Rows) -> tuple[Rows, Rows]:
    """Rows (N, D) and queries (Q, D), or :class:`UsageError` where they do not fit."""
    queries = np.atleast_2d(np.asarray(query, dtype=np.float32))
    if index.ndim != 2 or queries.ndim != 2 or queries.shape[1] != index.shape[1]:
        raise UsageError(
            "Index and query do not fit",
            f"their shapes are {index.shape} and {np.shape(query)}",
            "Give (N, D) and (D,) or (Q, D), made with one projection",
        )
    if not len(queries):
        raise UsageError("There is no query", "the list of queries is empty", "Give one or more")
    return index, queries


def _length(centre: Rows, whitener: Rows | None) -> float:
    return float(np.linalg.norm(centre if whitener is None else centre @ whitener))
