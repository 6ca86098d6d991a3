"""`rank` and `neighbours`: training clips by their influence on the queries' motion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from motionlens.domain.clip import Clip, Region, Role, Span
from motionlens.domain.errors import UsageError
from motionlens.domain.ports import CandidateScores, CandidateStatistics, Progress, Scorer, Token
from motionlens.domain.ranking import (
    Method,
    Neighbours,
    Polarity,
    Query,
    RankedClip,
    Ranking,
    ScoredClip,
)
from motionlens.domain.statistics import benjamini_hochberg
from motionlens.operations.clips import ClipFinder
from motionlens.operations.queries import QueryMaker, open_fresh
from motionlens.operations.rooms import NO_PROGRESS, NO_TOKEN, Rooms

# So many gradients of mask-shuffled queries make the chance level, however many queries there are.
NULL_ROWS = 32
# A ranking that is kept for the window holds at most so many candidates.
KEPT_ROWS = 5000


@dataclass(frozen=True)
class _Joined:
    """Index rows of the project's training clips, in index order."""

    ids: tuple[str, ...]
    vectors: NDArray[np.float32]
    statistics: CandidateStatistics
    left_out: int


def rank(
    rooms: Rooms,
    *,
    bad: Sequence[str] = (),
    good: Sequence[str] = (),
    region: Region | None = None,
    span: Span | None = None,
    method: str = "centred",
    fingerprint: str | None = None,
    device: str = "auto",
    chance: bool = True,
    progress: Progress = NO_PROGRESS,
    token: Token = NO_TOKEN,
) -> Ranking:
    """Candidates, most harmful first: score = mean over bad minus mean over good queries.

    Parameters
    ----------
    bad, good : sequences of clip names
        One of both suffices; ten bad ones or more are worth asking with.
    region, span
        Where and when in the queries the motion is meant.
    chance : bool
        Whether to compute p and q values, which cost as much again as the queries. There are none
        for an index without masks, since masks are what is moved.

    Raises
    ------
    UsageError
        No query; `combined` without an analysis.
    IndexMissing, IndexStale
    """
    clips = rooms.store.clips()
    finder = ClipFinder(clips)
    bad_clips, good_clips = finder.find_all(bad), finder.find_all(good)
    if not bad_clips and not good_clips:
        raise UsageError("There is no query", "--bad and --good are both empty", "Name a clip")
    progress("Loading the model", 0, 1)
    opened = open_fresh(rooms, fingerprint, device, clips)
    joined = _join(rooms, opened.index, clips)
    if method == "combined" and bool(np.isnan(joined.statistics.mean_px).all()):
        raise UsageError(
            "The method combined needs flow statistics",
            "no clip of the index has been analysed",
            "Run: motionlens analyse PROJECT",
        )
    maker = QueryMaker(rooms, opened)
    queries = [*bad_clips, *good_clips]
    rows = maker.rows(queries, region, span, progress, token)
    scorer = rooms.scorer
    scored = _score(scorer, joined, rows, len(bad_clips), method)
    p = q = None
    if chance and opened.note["mask"] != "none":
        copies = max(1, NULL_ROWS // len(queries))
        null = maker.null_rows(queries, copies, progress, token)
        null_method = "centred" if method in ("combined", "learned") else method
        against = _score(scorer, joined, rows, len(bad_clips), null_method).scores
        p = scorer.p_values(
            against, _null_scores(scorer, joined, null, len(bad_clips), null_method)
        )
        q = benjamini_hochberg(p)
    ranking = Ranking(
        method=method,
        fingerprint=opened.index.spec.fingerprint,
        rows=_ranked(joined.ids, scored, [clip.id for clip in queries], p, q),
        queries=tuple(
            Query(clip.id, Polarity.BAD if i < len(bad_clips) else Polarity.GOOD, region, span)
            for i, clip in enumerate(queries)
        ),
        left_out=joined.left_out,
    )
    if not rooms.store.read_only:
        rooms.store.save_setting("ranking", ranking_to_json(ranking))
    progress("Ranking", 1, 1)
    return ranking


def neighbours(
    rooms: Rooms,
    *,
    query: str,
    region: Region | None = None,
    span: Span | None = None,
    top: int = 10,
    method: str = "centred",
    fingerprint: str | None = None,
    device: str = "auto",
    progress: Progress = NO_PROGRESS,
    token: Token = NO_TOKEN,
) -> Neighbours:
    """The `top` highest and lowest scores of one query, whatever their sign."""
    if top < 1:
        raise UsageError("No neighbours were asked for", f"--top is {top}", "Give 1 or more")
    clips = rooms.store.clips()
    clip = ClipFinder(clips).find(query)
    progress("Loading the model", 0, 1)
    opened = open_fresh(rooms, fingerprint, device, clips)
    joined = _join(rooms, opened.index, clips)
    rows = QueryMaker(rooms, opened).rows([clip], region, span, progress, token)
    scores = _score(rooms.scorer, joined, rows, 1, method).scores
    order = np.argsort(-scores, kind="stable")
    ranked = [ScoredClip(joined.ids[i], float(scores[i])) for i in order]
    return Neighbours(
        tuple(ranked[:top]),
        tuple(reversed(ranked[-top:])),
        opened.index.spec.fingerprint,
        joined.left_out,
    )


def last_ranking(rooms: Rooms) -> Ranking | None:
    """The ranking that `rank` made last, as kept with the project."""
    kept = rooms.store.setting("ranking")
    return ranking_from_json(kept) if kept else None


def ranking_to_json(ranking: Ranking) -> dict[str, Any]:
    """Plain JSON of a ranking, at most its first 5,000 rows."""
    document = asdict(ranking)
    document["rows"] = document["rows"][:KEPT_ROWS]
    return document


def ranking_from_json(document: dict[str, Any]) -> Ranking:
    """The ranking in a document made by :func:`ranking_to_json`."""
    queries = tuple(
        Query(
            q["clip"],
            Polarity(q["polarity"]),
            Region(**q["region"]) if q["region"] else None,
            Span(**q["span"]) if q["span"] else None,
        )
        for q in document["queries"]
    )
    rows = tuple(RankedClip(**row) for row in document["rows"])
    return Ranking(document["method"], document["fingerprint"], rows, queries, document["left_out"])


def _join(rooms: Rooms, index: Any, clips: Sequence[Clip]) -> _Joined:
    training = {clip.id: clip for clip in clips if clip.role is Role.TRAINING}
    places = [i for i, clip in enumerate(index.ids) if clip in training]
    ids = tuple(index.ids[i] for i in places)
    if not ids:
        raise UsageError(
            "There is nothing to rank",
            "the index holds none of the project's training clips",
            "Run: motionlens index PROJECT --model embedded",
        )
    # Indexing by a list copies; where the index holds nothing else, its rows stay on the disk.
    vectors = index.vectors()
    return _Joined(
        ids,
        vectors if len(places) == len(vectors) else vectors[places],
        _statistics(rooms, index, places, [training[i] for i in ids]),
        len(training) - len(ids),
    )


def _statistics(
    rooms: Rooms, index: Any, places: list[int], clips: Sequence[Clip]
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
    norms = index.norms()[places]
    return CandidateStatistics(
        mean_px=np.array([_mean_px(analyses.get(clip.id)) for clip in clips]),
        losses=np.asarray(index.losses()[places][:, -1], dtype=np.float64),
        classes=[_class_of(clip.caption) for clip in clips],
        static=static | (np.asarray(norms).sum(axis=1) == 0),
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


def _score(
    scorer: Scorer, joined: _Joined, rows: NDArray[np.float32], bad: int, method: str
) -> CandidateScores:
    return scorer.candidates(joined.vectors, rows[:bad], rows[bad:], method, joined.statistics)


def _null_scores(
    scorer: Scorer, joined: _Joined, null: NDArray[np.float32], bad: int, method: str
) -> NDArray[np.float64]:
    """Scores of all clips under each copy of the queries, (copies, Q, D), together."""
    if method == Method.VOTE:
        # Votes are counted within a set of queries, so each copy is scored by itself.
        return np.concatenate([_score(scorer, joined, copy, bad, method).scores for copy in null])
    # One pass over the index for all copies: what the method learns from it is learnt once.
    copies, queries, dim = null.shape
    rows = null.reshape(copies * queries, dim)
    cosines = _score(scorer, joined, rows, len(rows), method).per_query
    by_copy = cosines.reshape(len(joined.ids), copies, queries).astype(np.float64)
    scores = np.zeros((len(joined.ids), copies))
    if bad:
        scores += by_copy[:, :, :bad].mean(axis=2)
    if bad < queries:
        scores -= by_copy[:, :, bad:].mean(axis=2)
    return scores.ravel()


def _ranked(
    ids: Sequence[str],
    scored: CandidateScores,
    queries: Sequence[str],
    p: NDArray[np.float64] | None,
    q: NDArray[np.float64] | None,
) -> tuple[RankedClip, ...]:
    order = np.argsort(-scored.scores, kind="stable")
    return tuple(
        RankedClip(
            id=ids[i],
            score=float(scored.scores[i]),
            rank=place + 1,
            p_value=None if p is None else float(p[i]),
            q_value=None if q is None else float(q[i]),
            per_query={
                clip: float(x) for clip, x in zip(queries, scored.per_query[i], strict=True)
            },
            parts={name: float(values[i]) for name, values in scored.parts.items()},
        )
        for place, i in enumerate(order)
    )
