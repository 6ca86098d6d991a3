"""Statistics of trials and rankings, in numpy alone (scipy costs seven window starts)."""

from __future__ import annotations

from collections.abc import Sequence
from math import comb, sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray

# 97.5 % point of the standard normal distribution, for 95 % intervals.
Z95 = 1.959963984540054


def wilson_interval(wins: int, decided: int, z: float = Z95) -> tuple[float, float]:
    """95 % interval of a share (Wilson 1927); (0, 1) where nothing was decided."""
    if decided == 0:
        return 0.0, 1.0
    share = wins / decided
    centre = share + z * z / (2 * decided)
    half = z * sqrt(share * (1 - share) / decided + z * z / (4 * decided * decided))
    scale = 1 + z * z / decided
    # At the ends the interval touches 0 or 1 exactly; rounding must not keep it from that.
    lo = 0.0 if wins == 0 else (centre - half) / scale
    hi = 1.0 if wins == decided else (centre + half) / scale
    return lo, hi


def binomial_p_value(wins: int, decided: int) -> float:
    """Exact two-sided p of `wins` among `decided` at 1/2; 1 where nothing was decided."""
    if decided == 0:
        return 1.0
    observed = comb(decided, wins)
    total = sum(c for k in range(decided + 1) if (c := comb(decided, k)) <= observed)
    # Whole numbers until here, so that large counts neither overflow nor round.
    return min(1.0, total / (1 << decided))


def benjamini_hochberg(p_values: ArrayLike) -> NDArray[np.float64]:
    """q-values of p-values (Benjamini and Hochberg 1995), in the order given."""
    p = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(p)
    scaled = p[order] * p.size / np.arange(1, p.size + 1)
    q = np.empty_like(p)
    q[order] = np.minimum(1.0, np.minimum.accumulate(scaled[::-1])[::-1])
    return q


def mean_ranks(values: ArrayLike) -> NDArray[np.float64]:
    """Ranks from 1 (smallest) to N; ties get the mean of their ranks."""
    x = np.asarray(values, dtype=np.float64)
    _, inverse, counts = np.unique(x, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    result: NDArray[np.float64] = (last - (counts - 1) / 2)[inverse]
    return result


def auroc(scores: ArrayLike, positive: ArrayLike) -> float:
    """Chance that a positive scores above a negative, ties half; NaN if one-sided."""
    labels = np.asarray(positive, dtype=bool)
    n_pos, n_neg = int(labels.sum()), int((~labels).sum())
    if n_pos == 0 or n_neg == 0:
        return float("nan")
    ranks = mean_ranks(scores)
    return float((ranks[labels].sum() - n_pos * (n_pos + 1) / 2) / (n_pos * n_neg))


def spearman(a: ArrayLike, b: ArrayLike) -> float:
    """Rank correlation, -1 to 1; NaN where one side is constant."""
    x, y = mean_ranks(a), mean_ranks(b)
    x, y = x - x.mean(), y - y.mean()
    norm = float(np.linalg.norm(x) * np.linalg.norm(y))
    return float(x @ y / norm) if norm else float("nan")


def precision_at(scores: ArrayLike, positive: ArrayLike, k: int) -> float:
    """Share of positives among the k highest scores (ties in the order given)."""
    order = np.argsort(-np.asarray(scores, dtype=np.float64), kind="stable")[:k]
    return float(np.asarray(positive, dtype=bool)[order].mean())


def bootstrap_mean(
    values: Sequence[float] | NDArray[np.float64], rng: np.random.Generator, draws: int = 2000
) -> tuple[float, float]:
    """95 % percentile interval of a mean."""
    x = np.asarray(values, dtype=np.float64)
    picks = rng.integers(0, x.size, size=(draws, x.size))
    lo, hi = np.percentile(x[picks].mean(axis=1), [2.5, 97.5])
    return float(lo), float(hi)
