"""How strongly `whitened` is damped: chosen by queries that were held out, never by hand."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from motionlens.attribution.geometry import RIDGE, Geometry, Rows

# Candidates, in mean eigenvalues of the covariance. Weaker damping lost in every set of queries
# that was tried: it trusts directions that the index hardly knows.
RIDGES = (1.0, 3.0, 10.0, 30.0, 100.0)
# Queries of a kind below which leaving one out says too little.
LEAST_QUERIES = 3

Values = NDArray[np.float64]


def choose_ridge(bad: Rows, good: Rows, space_of: Callable[[float], Geometry]) -> float:
    """The damping under which queries that were left out are told apart best.

    Each query in turn is scored as if it were a clip, by the others: mean cosine with the bad ones
    minus mean cosine with the good ones. The ridge is the one whose held-out scores of bad queries
    lie farthest above those of good ones, in their pooled standard deviations (Cohen's d).

    Queries of one kind alone cannot choose: how far held-out ones lie above the clips was tried
    and picks badly (AUROC 0.68 where 10 gives 0.75), and so does the shrinkage of Ledoit and Wolf
    (2004), which minimises the error of the covariance and lands near 0.2.

    Parameters
    ----------
    bad, good : (Qb, D) and (Qg, D) float32
    space_of : callable
        From a ridge to the geometry.

    Returns
    -------
    float
        One of `RIDGES`; 10, near the best throughout in the embedded world, with fewer than three
        queries of either kind.
    """
    if min(len(bad), len(good)) < LEAST_QUERIES:
        return RIDGE
    apart = [_apart(space_of(ridge), bad, good) for ridge in RIDGES]
    # Equal up to rounding: the stronger damping, which trusts the covariance less.
    best = max(apart) - 1e-6
    return max(ridge for ridge, d in zip(RIDGES, apart, strict=True) if d >= best)


def _apart(space: Geometry, bad: Rows, good: Rows) -> float:
    """Cohen's d of held-out bad over held-out good queries."""
    directions = space.directions(np.concatenate([bad, good])).astype(np.float64)
    is_bad = np.arange(len(directions)) < len(bad)
    products = directions @ directions.T
    np.fill_diagonal(products, 0)  # left out: no query counts for itself
    # A query's own kind has one member fewer.
    for_bad = products[:, is_bad].sum(axis=1) / (len(bad) - is_bad)
    held_out = for_bad - products[:, ~is_bad].sum(axis=1) / (len(good) - ~is_bad)
    high, low = held_out[is_bad], held_out[~is_bad]
    spread = np.sqrt((high.var() + low.var()) / 2)
    return float((high.mean() - low.mean()) / spread) if spread > 0 else 0.0
