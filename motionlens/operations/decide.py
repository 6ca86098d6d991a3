"""`decide, undo, redo, history`: the curator's answers."""

from __future__ import annotations

import getpass
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from motionlens.domain.decision import Changes, Decision
from motionlens.domain.ranking import Query, Ranking
from motionlens.operations.clips import find_clips
from motionlens.operations.rooms import Rooms


@dataclass(frozen=True)
class DecideResult:
    """The step's id and the number of clips that it changed; `name` and `clips` for the window."""

    event: str
    changed: int
    name: str = ""
    clips: tuple[str, ...] = ()


@dataclass(frozen=True)
class HistoryRow:
    event: str
    at: str
    by: str
    clip: str
    decision: str
    note: str
    evidence: Mapping[str, Any]


def decide(
    rooms: Rooms,
    decision: str,
    clips: Sequence[str],
    *,
    by: str | None = None,
    note: str = "",
    ranking: Ranking | None = None,
    seconds: float | None = None,
    tags: Sequence[str] = (),
) -> DecideResult:
    """Record one decision about one or many clips, as one step.

    Each event carries its evidence: the ranking's queries, score and rank, the flags that stood
    over their thresholds, tags, and the seconds that the person spent, as far as they are known.
    """
    found = find_clips(rooms, clips)
    evidence = _evidence(rooms, [clip.id for clip in found], ranking, seconds, tags)
    changes = rooms.store.decide(
        [clip.id for clip in found], Decision(decision), by or login_name(), note, evidence
    )
    return _result(changes)


def undo(rooms: Rooms, *, by: str | None = None) -> DecideResult:
    """Take back the last step that stands: of `by`, or of anybody."""
    return _result(rooms.store.undo(by))


def redo(rooms: Rooms, *, by: str | None = None) -> DecideResult:
    """Bring back the step that was undone last, if nothing was decided since."""
    return _result(rooms.store.redo(by))


def history(rooms: Rooms, clip: str | None = None) -> list[HistoryRow]:
    """One row a clip and event, oldest first."""
    wanted = find_clips(rooms, [clip])[0].id if clip else None
    return [
        HistoryRow(
            e.step,
            e.at,
            e.by,
            e.clip,
            str(e.decision),
            e.note or _what(str(e.kind)),
            dict(e.evidence),
        )
        for e in rooms.store.events(wanted)
    ]


def login_name() -> str:
    """Who is at the keyboard, as far as the system knows."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "curator"


def _what(kind: str) -> str:
    return "" if kind == "decide" else kind


def _result(changes: Changes) -> DecideResult:
    return DecideResult(changes.event, changes.changed, changes.name, changes.clips)


def query_evidence(query: Query) -> dict[str, Any]:
    """A query as an event keeps it, with its part where one was meant."""
    known: dict[str, Any] = {"clip": query.clip, "polarity": str(query.polarity)}
    if query.region is not None:
        known["region"] = asdict(query.region)
    if query.span is not None:
        known["frames"] = [query.span.start, query.span.stop]
    return known


def _evidence(
    rooms: Rooms,
    clips: Sequence[str],
    ranking: Ranking | None,
    seconds: float | None,
    tags: Sequence[str],
) -> dict[str, dict[str, Any]]:
    flags = rooms.store.flags_over(clips)
    rows = {row.id: row for row in ranking.rows} if ranking else {}
    evidence: dict[str, dict[str, Any]] = {}
    for clip in clips:
        known: dict[str, Any] = {"tags": list(tags)} if tags else {}
        over = [{"name": f.name, "score": f.score} for f in flags.get(clip, ())]
        if over:
            known["flags"] = over
        if ranking and (row := rows.get(clip)):
            known |= {
                "queries": [query_evidence(query) for query in ranking.queries],
                "score": row.score,
                "rank": row.rank,
                "method": ranking.method,
                "fingerprint": ranking.fingerprint,
            }
        if seconds is not None:
            known["seconds"] = round(seconds, 2)
        evidence[clip] = known
    return evidence
