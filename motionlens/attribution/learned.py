"""A small ranker that learns from the curator's own decisions, with NumPy alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from motionlens.attribution.geometry import Rows, blocks, covariance_of, mean_row
from motionlens.domain.errors import UsageError
from motionlens.domain.seeds import generator
from motionlens.domain.statistics import auroc

LEAST_DECISIONS = 20
LEAST_OF_EACH = 5
COMPONENTS = 16
FOLDS = 5
# Penalty on standardised weights: a few dozen decisions must not fit thirty numbers exactly.
RIDGE = 5.0
_STEPS = 25

Values = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class LearnedScores:
    """What the ranker says.

    Attributes
    ----------
    scores : (N,) float64
        Log odds of "exclude".
    auroc : float
        On decisions that were left out of the fit, five folds; 0.5 is chance.
    """

    scores: Values
    auroc: float


def learned_scores(
    vectors: Rows, features: Values, decisions: Sequence[str], seed: int = 0
) -> LearnedScores:
    """Rank all clips by a logistic regression on the decided ones.

    Parameters
    ----------
    vectors : (N, D) float32
        Projected gradients; their first 16 principal components are used. Components are found
        on all clips without regard to decisions.
    features : (N, K) float64
        Scores and flags; NaN counts as the mean.
    decisions : sequence of str
        "exclude", "keep", or anything else where nobody decided.

    Raises
    ------
    UsageError
        Fewer than 20 decisions, or fewer than five of either kind.
    """
    labels = np.array([{"exclude": 1.0, "keep": 0.0}.get(d, np.nan) for d in decisions])
    decided = ~np.isnan(labels)
    _require_enough(labels[decided])
    table = np.concatenate([components(vectors, COMPONENTS), features], axis=1)
    x, y = table[decided], labels[decided]
    held_out = np.empty(len(y))
    fold = _folds(y, seed)
    for part in range(FOLDS):
        held_out[fold == part] = _fit_and_score(x[fold != part], y[fold != part], x[fold == part])
    return LearnedScores(_fit_and_score(x, y, table), auroc(held_out, y == 1))


def components(vectors: Rows, count: int) -> Values:
    """(N, at most `count`) coordinates on the first principal components of the rows."""
    centre = mean_row(vectors)
    _, basis = np.linalg.eigh(covariance_of(vectors, centre))
    first = basis[:, ::-1][:, :count]
    # eigh leaves signs open; fixed here, so that two machines print the same weights.
    first = first * np.sign(first[np.abs(first).argmax(axis=0), np.arange(first.shape[1])])
    projected = np.empty((len(vectors), first.shape[1]))
    for start, block in blocks(vectors):
        projected[start : start + len(block)] = (block - centre).astype(np.float64) @ first
    return projected


def _require_enough(labels: Values) -> None:
    exclude = int(labels.sum())
    keep = len(labels) - exclude
    if len(labels) >= LEAST_DECISIONS and min(exclude, keep) >= LEAST_OF_EACH:
        return
    raise UsageError(
        "There are too few decisions to learn from",
        f"{exclude} clips are excluded and {keep} kept; {LEAST_DECISIONS} decisions with at least"
        f" {LEAST_OF_EACH} of each kind are needed",
        "Decide about more clips, or rank by another method",
    )


def _folds(labels: Values, seed: int) -> NDArray[np.int64]:
    """Fold of each decision, both kinds spread evenly."""
    rng = generator("learned folds", seed)
    fold = np.empty(len(labels), np.int64)
    for kind in (0, 1):
        members = np.flatnonzero(labels == kind)
        fold[rng.permutation(members)] = np.arange(len(members)) % FOLDS
    return fold


def _fit_and_score(x: Values, y: Values, new: Values) -> Values:
    """Log odds of `new` by a ridge logistic regression on standardised columns."""
    known = np.isfinite(x)
    centre = np.where(known, x, 0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    filled = np.where(known, x, centre)
    spread = filled.std(axis=0)
    spread[spread < 1e-12] = np.inf  # a constant column says nothing

    def design(rows: Values) -> Values:
        scaled = (np.where(np.isfinite(rows), rows, centre) - centre) / spread
        return np.concatenate([scaled, np.ones((len(rows), 1))], axis=1)

    weights = _newton(design(x), y)
    scores: Values = design(new) @ weights
    return scores


def _newton(x: Values, y: Values) -> Values:
    """Minimum of the penalised logistic loss; the last column, the constant, is not penalised."""
    penalty = np.full(x.shape[1], RIDGE)
    penalty[-1] = 1e-6
    weights = np.zeros(x.shape[1])
    for _ in range(_STEPS):
        chance = 1 / (1 + np.exp(-np.clip(x @ weights, -30, 30)))
        slope = x.T @ (chance - y) + penalty * weights
        curve = (x * (chance * (1 - chance))[:, None]).T @ x + np.diag(penalty)
        step = np.linalg.solve(curve, slope)
        weights -= step
        if np.abs(step).max() < 1e-9:
            break
    return weights
