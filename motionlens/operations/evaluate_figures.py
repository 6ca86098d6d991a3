"""Figures of `evaluate` with their intervals: detection, datamodelling score, win rates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from motionlens.domain.evaluation import Interval
from motionlens.domain.seeds import generator
from motionlens.domain.statistics import (
    auroc,
    bootstrap_mean,
    mean_ranks,
    precision_at,
    spearman,
    wilson_interval,
)

DRAWS = 1000
# Errors of two continuations that differ by less, in px of the 32-px world, are a tie.
TIE_PX = 0.25

Values = NDArray[np.float64]
Truth = NDArray[np.bool_]


def clip_draws(false: Truth, seed: int, draws: int = DRAWS) -> list[NDArray[np.int64]]:
    """Bootstrap draws of clips, false and true ones each among themselves (Efron 1979)."""
    rng = generator("evaluate clips", seed)
    wrong, right = np.flatnonzero(false), np.flatnonzero(~false)
    return [
        np.concatenate([rng.choice(wrong, len(wrong)), rng.choice(right, len(right))])
        for _ in range(draws)
    ]


def detection(
    scores: Values, false: Truth, k: int, draws: Sequence[NDArray[np.int64]]
) -> tuple[float, tuple[float, float], float, tuple[float, float]]:
    """AUROC and precision among the first `k`, each with its interval."""
    found = np.array(
        [(auroc(scores[d], false[d]), precision_at(scores[d], false[d], k)) for d in draws]
    )
    (low, p_low), (high, p_high) = np.percentile(found, [2.5, 97.5], axis=0)
    return (
        auroc(scores, false),
        (float(low), float(high)),
        precision_at(scores, false, k),
        (float(p_low), float(p_high)),
    )


def difference(a: Values, b: Values, false: Truth, draws: Sequence[NDArray[np.int64]]) -> Interval:
    """AUROC of `a` minus that of `b` on the same clips, paired draw by draw."""
    found = [auroc(a[d], false[d]) - auroc(b[d], false[d]) for d in draws]
    low, high = np.percentile(found, [2.5, 97.5])
    return Interval(auroc(a, false) - auroc(b, false), (float(low), float(high)))


def datamodelling(
    per_query: Values, members: NDArray[np.bool_], losses: Values, seed: int
) -> Interval:
    """Linear datamodelling score (Park et al. 2023, TRAK, Eq. 11): how the summed scores of a
    subset foretell each query's loss after training on it.

    Parameters
    ----------
    per_query : (N, Q)
        Score of each clip for each query; positive: the clip teaches the query.
    members : (S, N) bool
        The subsets.
    losses : (S, Q)
        Queries' losses after training on each, mean over seeds.

    Returns
    -------
    Interval
        Mean over queries of Spearman's rho of prediction and minus loss; bootstrap over subsets.
        None with fewer than three subsets.
    """
    if len(members) < 3:
        return Interval(None, None)
    predicted = members.astype(np.float64) @ per_query
    rng = generator("evaluate subsets", seed)
    value = _mean_rho(predicted, -losses)
    found = []
    for _ in range(DRAWS // 4):
        drawn = rng.integers(0, len(members), len(members))
        if len(np.unique(drawn)) > 2:
            found.append(_mean_rho(predicted[drawn], -losses[drawn]))
    low, high = np.nanpercentile(found, [2.5, 97.5])
    return Interval(value, (float(low), float(high)))


def ceiling(losses: NDArray[np.float64]) -> float | None:
    """What a perfect prediction of the mean over seeds could reach, from (seeds, S, Q) losses.

    The mean agreement r of two seeds is the reliability of one; that of the mean of n is
    n r / (1 + (n - 1) r) (Spearman 1910, Brown 1910), and its root bounds any correlation with it.
    """
    seeds = len(losses)
    if seeds < 2 or losses.shape[1] < 3:
        return None
    pairs = [(a, b) for a in range(seeds) for b in range(a)]
    r = float(np.mean([_mean_rho(losses[a], losses[b]) for a, b in pairs]))
    if not r > 0:
        return 0.0
    return float(np.sqrt(seeds * r / (1 + (seeds - 1) * r)))


def win_rate(first: Values, second: Values, seed: int) -> Interval:
    """Share of decided pairs in which the first arm's error is lower by more than the tie.

    Its interval is the wider of a bootstrap over starts and Wilson's.

    Parameters
    ----------
    first, second : (seeds, starts)
        Errors in px; seeds of one start are drawn together.
    """
    gain = second - first
    wins, losses = (gain > TIE_PX).sum(axis=0), (gain < -TIE_PX).sum(axis=0)
    decided = int(wins.sum() + losses.sum())
    if decided == 0:
        return Interval(None, None)
    rng = generator("evaluate starts", seed)
    picks = rng.integers(0, len(wins), (DRAWS, len(wins)))
    w, lost = wins[picks].sum(axis=1), losses[picks].sum(axis=1)
    known = w + lost > 0
    low, high = np.percentile(w[known] / (w + lost)[known], [2.5, 97.5])
    # Where few pairs were decided a bootstrap is too sure of itself: the wider of the two.
    least, most = wilson_interval(int(wins.sum()), decided)
    ends = (min(float(low), least), max(float(high), most))
    return Interval(float(wins.sum() / decided), ends)


def mean_error(errors: Values, seed: int) -> tuple[float, tuple[float, float]]:
    """Mean of (seeds, starts) errors, and its interval by bootstrap over starts."""
    by_start = errors.mean(axis=0)
    return float(by_start.mean()), bootstrap_mean(by_start, generator("evaluate errors", seed))


def best_of(figures: Mapping[str, float], names: Sequence[str]) -> str:
    """The name with the highest figure among those that have one; empty where none has."""
    known = [name for name in names if name in figures and not np.isnan(figures[name])]
    return max(known, key=lambda name: figures[name], default="")


def _mean_rho(a: Values, b: Values) -> float:
    """Mean over columns of Spearman's rho; constant columns are left out."""
    x = np.stack([mean_ranks(column) for column in a.T])
    y = np.stack([mean_ranks(column) for column in b.T])
    x, y = x - x.mean(axis=1, keepdims=True), y - y.mean(axis=1, keepdims=True)
    length = np.linalg.norm(x, axis=1) * np.linalg.norm(y, axis=1)
    known = length > 0
    if not known.any():
        return float(spearman(a[:, 0], b[:, 0]))
    return float(np.mean((x * y).sum(axis=1)[known] / length[known]))
