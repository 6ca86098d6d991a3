"""Index rows, what else is known about their clips, and their scores for queries."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from motionlens.domain.clip import Clip
from motionlens.domain.errors import UsageError
from motionlens.domain.ports import (
    CandidateScores,
    CandidateStatistics,
    GradientIndex,
    GradientRow,
    Progress,
    Scorer,
    Token,
)
from motionlens.domain.ranking import STANDS_OUT, Method, Part
from motionlens.domain.statistics import benjamini_hochberg
from motionlens.operations.indexed import TrainingRows, training_rows
from motionlens.operations.queries import QueryMaker
from motionlens.operations.rooms import Rooms

# So many gradients of mask-shuffled queries make the chance level, however many queries there are.
NULL_ROWS = 32


@dataclass(frozen=True, eq=False)
class Joined:
    """Index rows of the project's training clips, in index order, with what else is known."""

    rows: TrainingRows
    statistics: CandidateStatistics

    @property
    def ids(self) -> tuple[str, ...]:
        return self.rows.ids

    @property
    def vectors(self) -> NDArray[np.float32]:
        return self.rows.vectors

    @property
    def left_out(self) -> int:
        return self.rows.left_out


@dataclass(frozen=True, eq=False)
class Asked:
    """Queries that have a direction, the `bad` bad ones first, and those that have none.

    `rows` (Q, D) are their gradients, `draws` (Q, L, D) the same under each draw of noise.
    """

    clips: tuple[Clip, ...]
    bad: int
    rows: NDArray[np.float32]
    draws: NDArray[np.float32]
    still: tuple[Clip, ...]


def join(rooms: Rooms, index: GradientIndex, clips: Sequence[Clip]) -> Joined:
    rows = training_rows(index, clips)
    training = {clip.id: clip for clip in clips}
    return Joined(rows, _statistics(rooms, index, rows, [training[i] for i in rows.ids]))


def _statistics(
    rooms: Rooms, index: GradientIndex, rows: TrainingRows, clips: Sequence[Clip]
) -> CandidateStatistics:
    analyses, flags = rooms.store.analyses(), rooms.store.flags()
    decisions = rooms.store.decisions()
    names = sorted({flag.name for found in flags.values() for flag in found})
    scores = np.zeros((len(clips), len(names)))
    static = np.zeros(len(clips), dtype=bool)
    for row, clip in enumerate(clips):
        for flag in flags.get(clip.id, ()):
            scores[row, names.index(flag.name)] = flag.score
            static[row] |= flag.name == "static" and flag.over
    return CandidateStatistics(
        mean_px=np.array([_mean_px(analyses.get(clip.id)) for clip in clips]),
        losses=np.asarray(index.losses()[rows.places].mean(axis=1), dtype=np.float64),
        classes=[_class_of(clip.caption) for clip in clips],
        static=static | rows.still(),
        flags=scores,
        decisions=[
            str(decisions[clip.id].decision) if clip.id in decisions else "" for clip in clips
        ],
    )


def _mean_px(analysis: Any) -> float:
    return float(analysis[0].mean_px) if analysis else float("nan")


def _class_of(caption: str) -> str:
    # Captions of the world begin with their class ("bounce: ..."); free text has none.
    head, colon, _ = caption.partition(":")
    return head.strip().lower() if colon and " " not in head.strip() else ""


def ask(
    maker: QueryMaker,
    bad: Sequence[Clip],
    good: Sequence[Clip],
    part_of: Callable[[Clip], Part],
    progress: Progress,
    token: Token,
) -> Asked:
    """The queries' gradients, those without motion put aside."""
    clips = [*bad, *good]
    made = maker.rows(clips, [part_of(clip) for clip in clips], progress, token)
    moving = [i for i, row in enumerate(made) if row.vector.any()]
    if not moving:
        raise no_direction(clips)
    return Asked(
        clips=tuple(clips[i] for i in moving),
        bad=sum(i < len(bad) for i in moving),
        rows=np.stack([made[i].vector for i in moving]),
        draws=np.stack([_draws(made[i]) for i in moving]),
        still=tuple(clip for i, clip in enumerate(clips) if i not in moving),
    )


def _draws(row: GradientRow) -> NDArray[np.float32]:
    return row.vector[None] if row.draws is None else row.draws


def no_direction(clips: Sequence[Clip]) -> UsageError:
    """Queries in which nothing moves, and nothing else to ask with."""
    named = clips[0].name if len(clips) == 1 else "these queries"
    return UsageError(
        f"There is no motion in {named}",
        "its motion mask is empty, so it has no direction to compare clips with",
        "Ask with a clip in which something moves",
    )


def score(
    scorer: Scorer,
    joined: Joined,
    rows: NDArray[np.float32],
    bad: int,
    method: str,
    **damping: float,
) -> CandidateScores:
    return scorer.candidates(
        joined.vectors,
        rows[:bad],
        rows[bad:],
        method,
        joined.statistics,
        joined.rows.kept,
        **damping,
    )


@dataclass(frozen=True, eq=False)
class Chance:
    """What moved masks reach.

    Attributes
    ----------
    p : (N,) float64
        One-sided p-value of each clip as a proponent.
    band : (low, high) or None
        See :class:`motionlens.domain.ranking.Ranking`.
    """

    p: NDArray[np.float64]
    band: tuple[float, float] | None


def chance_of(
    scorer: Scorer,
    joined: Joined,
    asked: Asked,
    method: str,
    damping: dict[str, float],
    maker: QueryMaker,
    progress: Progress,
    token: Token,
) -> Chance:
    """Chance level: the same queries under masks that were moved."""
    copies = max(1, NULL_ROWS // len(asked.clips))
    null = maker.null_rows(asked.clips, copies, progress, token)
    ranks = method in (Method.COMBINED, Method.LEARNED)
    if ranks:
        method, damping = "centred", {}
    scores = score(scorer, joined, asked.rows, asked.bad, method, **damping).scores
    by_chance = null_scores(scorer, joined, null, asked.bad, method, **damping)
    p = scorer.p_values(scores, by_chance)
    if ranks:
        return Chance(p, None)
    # The same test at the other end: opponents stand out where chance is seldom as low.
    p_low = scorer.p_values(-scores, -by_chance)
    return Chance(p, (-_edge(-scores, -by_chance, p_low), _edge(scores, by_chance, p)))


def _edge(
    scores: NDArray[np.float64], by_chance: NDArray[np.float64], p: NDArray[np.float64]
) -> float:
    """The lowest score that stands out; above all where none does."""
    out = scores[benjamini_hochberg(p) <= STANDS_OUT]
    most = max(scores.max(), by_chance.max())
    return float(out.min() if len(out) else np.nextafter(most, np.inf))


def null_scores(
    scorer: Scorer,
    joined: Joined,
    null: NDArray[np.float32],
    bad: int,
    method: str,
    **damping: float,
) -> NDArray[np.float64]:
    """Scores of all clips under each copy of the queries, (copies, Q, D), together."""
    if method == Method.VOTE:
        # Votes are counted within a set of queries, so each copy is scored by itself.
        return np.concatenate(
            [score(scorer, joined, copy, bad, method, **damping).scores for copy in null]
        )
    # One pass over the index for all copies: what the method learns from it is learnt once.
    copies, queries, dim = null.shape
    rows = null.reshape(copies * queries, dim)
    cosines = score(scorer, joined, rows, len(rows), method, **damping).per_query
    by_copy = cosines.reshape(len(joined.ids), copies, queries).astype(np.float64)
    scores = np.zeros((len(joined.ids), copies))
    if bad:
        scores += by_copy[:, :, :bad].mean(axis=2)
    if bad < queries:
        scores -= by_copy[:, :, bad:].mean(axis=2)
    return scores.ravel()
