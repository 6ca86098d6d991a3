"""Projected gradients into signed influence scores, by blocks of a memory-mapped index.

Positive: training on the clip pushes the model toward the query's motion. A row without a
direction (nothing moves in its clip) scores 0: it has no influence to speak of.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from motionlens.attribution.geometry import (
    BLOCK_ROWS,
    RIDGE,
    Geometry,
    Learnt,
    Rows,
    blocks,
    geometry,
    inverse,
    learnt_of_file,
    product,
    ready_blas,
)
from motionlens.domain.errors import UsageError
from motionlens.domain.statistics import mean_ranks

# Share of clips that get a query's vote: the published selection keeps 10 %.
VOTE_SHARE = 0.1
_ROWS_ONCE, _ROWS_CONVERTED = 16384, 512
_NO_ROWS = np.empty(0, np.int64)


def influence_scores(
    index: Rows, query: Rows, method: str = "cosine", ridge: float = RIDGE
) -> NDArray[np.float32]:
    """Signed influence of each indexed clip on a query.

    Parameters
    ----------
    index : (N, D) float32, or float16 for half the disk
        Projected gradients of training clips; a memory map is read by blocks.
    query : (D,) or (Q, D) float32
        One query, or several whose scores are averaged.
    method : str
        See :func:`.geometry.geometry`; `vote` counts queries instead of averaging (Eq. 18).
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
    learnt = learnt_of_file(rows, method, ridge) or geometry(rows, method, ridge)
    if method == "vote":
        return vote_scores(cosines(rows, queries, learnt), len(queries)).astype(np.float32)
    # The mean of cosines is one product with the mean direction, however many queries there are.
    wanted = _space(learnt).directions(queries).mean(axis=0)
    return along(rows, wanted[:, None], learnt)[:, 0]


def cosines(vectors: Rows, queries: Rows, learnt: Learnt | Geometry) -> NDArray[np.float32]:
    """(N, Q) cosine of each clip with each query in a geometry."""
    return along(vectors, _space(learnt).directions(queries).T, learnt)


def _space(learnt: Learnt | Geometry) -> Geometry:
    return learnt.space if isinstance(learnt, Learnt) else learnt


def along(vectors: Rows, wanted: Rows, learnt: Learnt | Geometry) -> NDArray[np.float32]:
    """(N, K) products of each row's unit direction with (D, K) `wanted`, both in a geometry.

    Parameters
    ----------
    learnt : Learnt or Geometry
        With the rows' lengths the index is read once, by one product; without, they are measured
        on the way.
    """
    space = _space(learnt)
    ready_blas()
    turned, taken = space.turned(wanted)
    found = np.empty((len(vectors), wanted.shape[1]), np.float32)
    close = []
    for start, block in blocks(vectors, *_rows_at_once(vectors, wanted, learnt)):
        part = slice(start, start + len(block))
        if isinstance(learnt, Learnt):
            scales = learnt.scales[part]
        else:
            lengths, near = space.measured(block)
            scales = inverse(lengths)
            close.append(near + start)
        if turned.shape[1] == 1:  # a product with a vector is faster than with a narrow matrix
            found[part, 0] = (block @ turned[:, 0] - taken[0]) * scales
        else:
            own = product(block, turned, found[part], vectors.dtype == np.float16)
            own -= taken
            own *= scales[:, None]
    near = learnt.near if isinstance(learnt, Learnt) else np.concatenate([_NO_ROWS, *close])
    if near.size:
        rows = np.asarray(vectors[near], dtype=np.float32)
        found[near] = space.directions(rows) @ wanted
    return found


def _rows_at_once(vectors: Rows, wanted: Rows, learnt: Learnt | Geometry) -> tuple[int, ...]:
    """Rows a block, and numbers that are converted at a time, where `blocks` would choose others.

    Threads wait for their next product by spinning, which slows down what is done by one thread in
    between where two of them share a core. So converted blocks are handled by all threads at once,
    or, for one query, wholly by one: NumPy leaves the product of so few rows to it.
    """
    converted = vectors.dtype == np.float16
    if wanted.shape[1] > 1:
        return (BLOCK_ROWS, BLOCK_ROWS * vectors.shape[1]) if converted else ()
    if not isinstance(learnt, Learnt):
        return ()
    # Rows that are met once only need not stay in the cache.
    return (_ROWS_CONVERTED,) if converted else (_ROWS_ONCE,)


def top_rows(scores: NDArray[np.floating], count: int) -> NDArray[np.int64]:
    """The rows of the `count` highest scores, highest first; of equal ones the earlier first.

    Exact, without sorting the others.
    """
    size = len(scores)
    if count >= size:
        return np.argsort(-scores, kind="stable")
    least = np.partition(scores, size - count)[size - count]
    above = np.flatnonzero(scores > least)
    chosen = np.concatenate([above, np.flatnonzero(scores == least)[: count - above.size]])
    chosen.sort()
    return chosen[np.argsort(-scores[chosen], kind="stable")]


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
    return bad_minus_good(vote_columns(per_query, bad, share), bad)


def vote_columns(
    per_query: NDArray[np.float32], bad: int, share: float = VOTE_SHARE
) -> NDArray[np.float32]:
    """(N, Q) each query's votes, with what breaks ties: the summands of :func:`vote_scores`."""
    good = per_query.shape[1] - bad
    least = 0.5 / (max(bad, 1) * max(good, 1))
    columns = np.zeros(per_query.shape, np.float32)
    for q, column in enumerate(per_query.T):
        votes = column > np.quantile(column, 1 - share)
        columns[:, q] = votes + least * (mean_ranks(column) / (len(column) + 1) - 0.5)
    return columns


def bad_minus_good(per_query: NDArray[np.generic], bad: int) -> NDArray[np.float64]:
    """(N,) mean of the first `bad` columns minus the mean of the others; none counts as 0."""
    total = np.zeros(len(per_query))
    if bad:
        total += per_query[:, :bad].mean(axis=1, dtype=np.float64)
    if per_query.shape[1] > bad:
        total -= per_query[:, bad:].mean(axis=1, dtype=np.float64)
    return total


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
