"""How far a rank would move with other queries and other noise: a bootstrap."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from motionlens.domain.seeds import generator

REPEATS = 200
# Ranks of all clips are sorted once a repeat: fewer repeats where there are very many clips.
LEAST_REPEATS = 40
_SORTED_RANKS = 8_000_000
# The middle 90 % of the repeats.
LOW, HIGH = 5, 95

Values = NDArray[np.float64]


def rank_intervals(
    columns: NDArray[np.float32],
    queries: int,
    bad: int,
    finish: Callable[[Values], Values] = lambda scores: scores,
    seed: int = 0,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """5th and 95th percentile of each clip's rank (Efron 1979, over queries and draws).

    A repeat draws as many bad queries as there are with replacement, and as many good ones; within
    each, as many of its draws of noise. One query with one draw has no spread to show.

    Parameters
    ----------
    columns : (N, Q * L) float32
        Score of each clip with each query (the bad ones first) under each of its L draws.
    queries, bad : int
        Q, and how many of them are bad.
    finish : callable
        From scores of influence, (N,), to those that are ranked.

    Returns
    -------
    low, high : (N,) int
        1 is the most harmful.
    """
    clips, draws = len(columns), columns.shape[1] // queries
    repeats = max(LEAST_REPEATS, min(REPEATS, _SORTED_RANKS // max(clips, 1)))
    rng = generator("rank intervals", seed, queries, bad)
    ranks = np.empty((repeats, clips), np.int32)
    places = np.arange(1, clips + 1, dtype=np.int32)
    for repeat in range(repeats):
        weights = _weights(rng, queries, bad, draws).astype(np.float32)
        scores = finish((columns @ weights).astype(np.float64))
        ranks[repeat, np.argsort(-scores, kind="stable")] = places
    low, high = np.percentile(ranks, (LOW, HIGH), axis=0)
    return np.floor(low).astype(np.int64), np.ceil(high).astype(np.int64)


def _weights(rng: np.random.Generator, queries: int, bad: int, draws: int) -> Values:
    """(Q * L,) how much each column counts in one repeat; bad ones add up to 1, good to -1."""
    weights = np.zeros((queries, draws))
    for first, stop, sign in ((0, bad, 1.0), (bad, queries, -1.0)):
        count = stop - first
        if not count:
            continue
        chosen = np.repeat(rng.integers(first, stop, count), draws)
        np.add.at(weights, (chosen, rng.integers(0, draws, chosen.size)), sign / chosen.size)
    return weights.ravel()
