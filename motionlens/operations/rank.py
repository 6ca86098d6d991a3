"""`rank` and `neighbours`: training clips by their influence on the queries' motion."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from motionlens.domain.clip import Clip, Region, Span
from motionlens.domain.errors import UsageError
from motionlens.domain.ports import (
    CandidateScores,
    Progress,
    Token,
)
from motionlens.domain.ranking import (
    STANDS_OUT,
    Neighbours,
    Part,
    Polarity,
    Query,
    RankedClip,
    Ranking,
    ScoredClip,
)
from motionlens.domain.statistics import benjamini_hochberg
from motionlens.operations.candidates import (
    Asked,
    Chance,
    Joined,
    ask,
    chance_of,
    join,
    no_direction,
    score,
)
from motionlens.operations.clips import ClipFinder
from motionlens.operations.queries import QueryMaker, open_fresh
from motionlens.operations.rooms import NO_PROGRESS, NO_TOKEN, Rooms
from motionlens.operations.trust import few_queries, still_queries

# A ranking that is kept for the window holds at most so many candidates.
KEPT_ROWS = 5000


def rank(
    rooms: Rooms,
    *,
    bad: Sequence[str] = (),
    good: Sequence[str] = (),
    region: Region | None = None,
    span: Span | None = None,
    parts: Mapping[str, Part] | None = None,
    method: str = "centred",
    fingerprint: str | None = None,
    device: str = "auto",
    chance: bool = True,
    keep: bool = True,
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
    parts : mapping, optional
        Clip id -> its own part, of the queries whose part is another.
    chance : bool
        Whether to compute p and q values, which cost as much again as the queries. There are none
        for an index without masks, since masks are what is moved.
    keep : bool
        Whether the project remembers it as its ranking, which Review's queue follows.

    Raises
    ------
    UsageError
        No query, or none in which anything moves; `combined` without an analysis.
    IndexMissing, IndexStale
    """
    clips = rooms.store.clips()
    finder = ClipFinder(clips)
    bad_clips, good_clips = finder.find_all(bad), finder.find_all(good)
    if not bad_clips and not good_clips:
        raise UsageError("There is no query", "--bad and --good are both empty", "Name a clip")
    progress("Loading the model", 0, 1)
    opened = open_fresh(rooms, fingerprint, device, clips)
    joined = join(rooms, opened.index, clips)
    _check_analysed(method, joined)
    maker = QueryMaker(rooms, opened)

    def part_of(clip: Clip) -> Part:
        return (parts or {}).get(clip.id, Part(region, span))

    asked = ask(maker, bad_clips, good_clips, part_of, progress, token)
    scorer, kept = rooms.scorer, joined.rows.kept
    bad_rows, good_rows = asked.rows[: asked.bad], asked.rows[asked.bad :]
    ridge = scorer.ridge(joined.vectors, bad_rows, good_rows, method, kept)
    damping = {} if ridge is None else {"ridge": ridge}
    scored = score(scorer, joined, asked.rows, asked.bad, method, **damping)
    found = None
    if chance and opened.note["mask"] != "none":
        found = chance_of(scorer, joined, asked, method, damping, maker, progress, token)
    q = None if found is None else benjamini_hochberg(found.p)
    progress("Interval of each rank", 0, 1)
    token.check()
    interval = scorer.rank_intervals(
        joined.vectors, asked.draws, asked.bad, method, joined.statistics, kept, **damping
    )
    ranking = Ranking(
        method=method,
        fingerprint=opened.index.spec.fingerprint,
        rows=_ranked(joined, scored, [clip.id for clip in asked.clips], found, q, interval),
        queries=_queries(asked, part_of),
        left_out=joined.left_out,
        ridge=ridge,
        standing_out=None if q is None else int(np.count_nonzero(q <= STANDS_OUT)),
        warnings=_warnings(asked),
        band=None if found is None else found.band,
    )
    if keep and not rooms.store.read_only:
        rooms.store.save_setting("ranking", ranking_to_json(ranking))
    progress("Ranking", 1, 1)
    return ranking


def _warnings(asked: Asked) -> tuple[str, ...]:
    told = (few_queries(asked.bad), still_queries(asked.still))
    return tuple(text for text in told if text)


def _queries(asked: Asked, part_of: Callable[[Clip], Part]) -> tuple[Query, ...]:
    return tuple(
        Query(
            clip.id,
            Polarity.BAD if i < asked.bad else Polarity.GOOD,
            part_of(clip).region,
            part_of(clip).span,
        )
        for i, clip in enumerate(asked.clips)
    )


def _check_analysed(method: str, joined: Joined) -> None:
    if method == "combined" and bool(np.isnan(joined.statistics.mean_px).all()):
        raise UsageError(
            "The method combined needs flow statistics",
            "no clip of the index has been analysed",
            "Run: motionlens analyse PROJECT",
        )


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
    joined = join(rooms, opened.index, clips)
    token.check()
    rows = QueryMaker(rooms, opened).row(clip, region, span).vector[None]
    if not rows.any():
        raise no_direction([clip])
    scores = score(rooms.scorer, joined, rows, 1, method).scores
    return Neighbours(
        _highest(joined.ids, scores, top),
        # The last of equal ones first, as in the reverse of the whole list.
        _highest(joined.ids[::-1], -scores[::-1], top, sign=-1),
        opened.index.spec.fingerprint,
        joined.left_out,
    )


def _highest(
    ids: Sequence[str], scores: NDArray[np.float64], count: int, sign: int = 1
) -> tuple[ScoredClip, ...]:
    """The `count` highest, without sorting or naming the others; `sign` undoes a negation."""
    count = min(count, len(scores))
    least = np.partition(scores, len(scores) - count)[len(scores) - count]
    among = np.flatnonzero(scores >= least)
    order = among[np.argsort(-scores[among], kind="stable")][:count]
    return tuple(ScoredClip(ids[i], sign * float(scores[i])) for i in order)


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
    known = {"ridge", "standing_out"} & document.keys()
    return Ranking(
        document["method"],
        document["fingerprint"],
        rows,
        queries,
        document["left_out"],
        warnings=tuple(document.get("warnings", ())),
        band=tuple(document["band"]) if document.get("band") else None,
        **{name: document[name] for name in known},
    )


def _ranked(
    joined: Joined,
    scored: CandidateScores,
    queries: Sequence[str],
    chance: Chance | None,
    q: NDArray[np.float64] | None,
    interval: tuple[NDArray[np.int64], NDArray[np.int64]] | None,
) -> tuple[RankedClip, ...]:
    still = joined.rows.still()
    low, high = (None, None) if interval is None else interval
    return tuple(
        RankedClip(
            id=joined.ids[i],
            score=float(scored.scores[i]),
            rank=place + 1,
            p_value=None if chance is None else float(chance.p[i]),
            q_value=None if q is None else float(q[i]),
            per_query={
                clip: float(x) for clip, x in zip(queries, scored.per_query[i], strict=True)
            },
            parts={name: float(values[i]) for name, values in scored.parts.items()},
            rank_low=None if low is None else int(low[i]),
            rank_high=None if high is None else int(high[i]),
            no_motion=bool(still[i]),
        )
        for place, i in enumerate(np.argsort(-scored.scores, kind="stable"))
    )
