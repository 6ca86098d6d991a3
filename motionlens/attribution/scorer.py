"""The port `Scorer`: projected gradients, and for some methods more, into candidate scores."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from motionlens.attribution.combined import combined_scores
from motionlens.attribution.damping import choose_ridge
from motionlens.attribution.geometry import RIDGE, Geometry, Learnt, Rows, geometry, learn
from motionlens.attribution.intervals import rank_intervals
from motionlens.attribution.learned import learned_scores
from motionlens.attribution.scoring import (
    bad_minus_good,
    cosines,
    fitting,
    vote_columns,
    vote_scores,
)
from motionlens.domain.errors import UsageError
from motionlens.domain.ports import CandidateScores, CandidateStatistics, Kept
from motionlens.domain.ranking import Method


class GradientScorer:
    """Scores all clips of an index for a set of bad and good queries."""

    def candidates(
        self,
        vectors: Rows,
        bad: Rows,
        good: Rows,
        method: str,
        statistics: CandidateStatistics | None = None,
        kept: Kept | None = None,
        ridge: float = RIDGE,
    ) -> CandidateScores:
        """Score = mean over bad queries minus mean over good ones.

        Parameters
        ----------
        vectors : (N, D) float32
        bad, good : (Qb, D) and (Qg, D) float32
            Either may be empty, not both.
        method : str
            A value of :class:`motionlens.domain.ranking.Method`.
        statistics : CandidateStatistics, optional
            Needed by `combined` and `learned`.
        kept : Kept, optional
            Where the method's geometry and the rows' lengths are kept.
        ridge : float
            Damping of the whitened geometry; see :meth:`ridge`.

        Returns
        -------
        CandidateScores
            `per_query` are cosines in the method's geometry (`combined`, `learned`: whitened).

        Raises
        ------
        UsageError
            Unknown method, no query, statistics missing, or too few decisions to learn from.
        """
        if method not in list(Method):
            raise UsageError(
                f"There is no method named {method!r}", "", f"Use one of {', '.join(Method)}"
            )
        queries = np.concatenate([q.reshape(-1, vectors.shape[1]) for q in (bad, good)])
        rows, queries = fitting(vectors, queries)
        count = len(bad.reshape(-1, vectors.shape[1]))
        richer = method in (Method.COMBINED, Method.LEARNED)
        per_query = cosines(rows, queries, _learnt(rows, _geometry_of(method), kept, ridge))
        scores = bad_minus_good(per_query, count)
        if not richer:
            final = vote_scores(per_query, count) if method == Method.VOTE else scores
            return CandidateScores(final, per_query, {"influence": scores})
        if statistics is None:
            raise UsageError(
                f"The method {method} needs flow statistics",
                "none were given",
                "Analyse the clips first, or use another method",
            )
        combined, parts = combined_scores(scores, statistics)
        found = CandidateScores(combined, per_query, parts)
        return found if method == Method.COMBINED else _learned(rows, found, statistics)

    def ridge(
        self, vectors: Rows, bad: Rows, good: Rows, method: str, kept: Kept | None = None
    ) -> float | None:
        """Damping by held-out queries, :func:`.damping.choose_ridge`; None where a method has
        none."""
        if _geometry_of(method) != Method.WHITENED:
            return None
        return choose_ridge(
            bad, good, lambda ridge: geometry(vectors, str(Method.WHITENED), ridge, kept)
        )

    def rank_intervals(
        self,
        vectors: Rows,
        draws: NDArray[np.float32],
        bad: int,
        method: str,
        statistics: CandidateStatistics | None = None,
        kept: Kept | None = None,
        ridge: float = RIDGE,
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]] | None:
        """5th and 95th percentile of each rank; see :func:`.intervals.rank_intervals`.

        Parameters
        ----------
        draws : (Q, L, D) float32
            Each query's unit gradient under each of its L draws of noise, bad queries first.
            `vote` counts whole queries, so it has the mean of their draws only.

        Returns
        -------
        low, high : (N,) int, or None for `learned`, whose ranks hang on decisions as well.
        """
        if method == Method.LEARNED:
            return None
        queries, _, dim = draws.shape
        vote = method == Method.VOTE
        asked = draws.mean(axis=1) if vote else draws.reshape(-1, dim)
        columns = cosines(vectors, asked, _learnt(vectors, _geometry_of(method), kept, ridge))
        if vote:
            columns = vote_columns(columns, bad)
        if method != Method.COMBINED or statistics is None:
            return rank_intervals(columns, queries, bad)
        given = statistics
        return rank_intervals(columns, queries, bad, lambda x: combined_scores(x, given)[0])

    def as_product(
        self, vectors: Rows, fixed: Rows, moving: Rows, method: str, kept: Kept | None = None
    ) -> tuple[Rows, float]:
        """The score of `moving` with `fixed`; see :meth:`.geometry.Geometry.as_product`."""
        return geometry(vectors, method, kept=kept).as_product(fixed, moving)

    def p_values(
        self, scores: NDArray[np.float64], null: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """One-sided empirical p-values.

        Parameters
        ----------
        scores : (N,)
        null : (K,)
            Scores under queries whose masks do not belong to them, of all clips together.

        Returns
        -------
        (N,) float64, (1 + null scores at least as high) / (1 + K): never 0 (Phipson, Smyth 2010).
        """
        ordered = np.sort(np.asarray(null, dtype=np.float64).ravel())
        above = ordered.size - np.searchsorted(ordered, scores, side="left")
        return np.asarray((1 + above) / (1 + ordered.size), dtype=np.float64)


def _geometry_of(method: str) -> str:
    richer = method in (Method.COMBINED, Method.LEARNED)
    return str(Method.WHITENED) if richer else method


def _learnt(rows: Rows, method: str, kept: Kept | None, ridge: float) -> Learnt | Geometry:
    # Without a place to keep lengths, measuring them on the way saves a read of the index.
    if kept is None:
        return geometry(rows, method, ridge)
    return learn(rows, method, ridge, kept)


def _learned(
    rows: Rows, found: CandidateScores, statistics: CandidateStatistics
) -> CandidateScores:
    columns = [found.scores, *found.parts.values()]
    features = np.concatenate([np.stack(columns, axis=1), statistics.flags], axis=1)
    learned = learned_scores(rows, features, statistics.decisions)
    parts = {
        **found.parts,
        "combined": found.scores,
        # One value for all: how far the ranker can be trusted, on decisions it had not seen.
        "learned_auroc": np.full(len(rows), learned.auroc),
    }
    return replace(found, scores=learned.scores, parts=parts)
