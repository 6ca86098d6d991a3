"""Decisions: events are only ever added; steps and state follow from them in the same transaction.

The meaning of events is :func:`motionlens.domain.decision.fold`. The tables `steps` (which steps
stand) and `state` (which event decides a clip) hold its result, so that no list has to read all
events; `check` compares them with the fold.
"""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from motionlens.domain.decision import Changes, Decision, Event, StepKind
from motionlens.domain.errors import StoreError, UsageError
from motionlens.store import rows
from motionlens.store.tables import Tables, listed

_NEWEST = """
SELECT clip, id, decision FROM (
    SELECT events.clip, events.id, events.decision, row_number() OVER (
        PARTITION BY events.clip ORDER BY events.at DESC, events.step DESC, events.id DESC
    ) AS place
    FROM events JOIN steps ON steps.step = events.step
    WHERE events.kind = 'decide' AND steps.standing {condition}
) WHERE place = 1 AND decision <> 'clear'
"""

_LAST_STEP = """
SELECT step FROM steps WHERE kind = 'decide' AND standing {mine}
ORDER BY at DESC, step DESC LIMIT 1
"""

# The newest step that either ends the chain (a decision that stands) or can be brought back.
_LAST_UNDONE = """
SELECT steps.kind, steps.target FROM steps LEFT JOIN steps undone ON undone.step = steps.target
WHERE ((steps.kind = 'decide' AND steps.standing)
    OR (steps.kind = 'undo' AND undone.standing = 0)) {mine}
ORDER BY steps.at DESC, steps.step DESC LIMIT 1
"""


class EventTables(Tables):
    """The writing half of the port `LabelStore`."""

    def decide(
        self,
        clips: Sequence[str],
        decision: Decision,
        by: str,
        note: str = "",
        evidence: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> Changes:
        """One step for all clips, in one transaction; evidence is given by clip id.

        Every clip gets an event, also where its decision stays the same: a second curator's
        answer, or a new note, is news.

        Raises
        ------
        UsageError
            A clip is not in the project, or none is given.
        StoreError
            The disk is full, the project locked or read-only; nothing was saved.
        """
        chosen = list(dict.fromkeys(clips))
        if not chosen:
            raise UsageError("No clip was given", "a decision needs one", "Name a clip")
        known = evidence or {}
        with self.connection.write("The decision was not saved") as raw:
            _require_known(raw, chosen)
            step, at = new_id(), _next_time(raw)
            events = [
                Event(new_id(), step, StepKind.DECIDE, at, by, clip, decision, note,
                      evidence=known.get(clip, {}))
                for clip in chosen
            ]  # fmt: skip
            _append(raw, events, standing=True)
            raw.execute(f"DELETE FROM state WHERE {_IN_LIST}", (listed(chosen),))  # noqa: S608
            if decision is not Decision.CLEAR:
                raw.executemany(
                    "INSERT INTO state VALUES (?, ?, ?)",
                    [(event.clip, event.id, decision.value) for event in events],
                )
        return Changes(step, step_name(decision.value, len(chosen)), tuple(chosen))

    def undo(self, by: str | None = None) -> Changes:
        """Take back the last step that stands, of one curator or of anybody.

        Without a name the undo is recorded under the name of the step's own curator, so that
        this curator's redo finds it.

        Raises
        ------
        StoreError
            There is nothing to undo.
        """
        with self.connection.write("Nothing was undone") as raw:
            target = _last_step(raw, by)
            if target is None:
                raise _nothing("undo", "decision", by)
            return _turn(raw, target, StepKind.UNDO, by)

    def redo(self, by: str | None = None) -> Changes:
        """Bring back the step that was undone last; a new decision ends the chain.

        Raises
        ------
        StoreError
            There is nothing to redo.
        """
        with self.connection.write("Nothing was brought back") as raw:
            target = _last_undone(raw, by)
            if target is None:
                raise _nothing("redo", "undone decision", by)
            return _turn(raw, target, StepKind.REDO, by)

    def undo_name(self, by: str | None = None) -> str:
        """The name of what `undo` would take back ("exclude of 37 clips"), or empty."""
        with self.connection.snapshot():
            return self._name(_last_step(self.connection.raw, by))

    def redo_name(self, by: str | None = None) -> str:
        """The name of what `redo` would bring back, or empty."""
        with self.connection.snapshot():
            return self._name(_last_undone(self.connection.raw, by))

    def _name(self, step: str | None) -> str:
        if step is None:
            return ""
        found = self.connection.rows("SELECT decision, clips FROM steps WHERE step = ?", (step,))
        return step_name(*found[0])


_IN_LIST = "clip IN (SELECT value FROM json_each(?))"


def new_id() -> str:
    """An id that is unique everywhere (32 hex digits)."""
    return uuid.uuid4().hex


def step_name(decision: str, clips: int) -> str:
    """What a step did, for people: "exclude of 37 clips"."""
    return f"{decision} of {clips} clip{'' if clips == 1 else 's'}"


def insert_events(raw: sqlite3.Connection, events: Iterable[Event]) -> None:
    """Add events as they are; those whose id is known are left alone."""
    marks = ", ".join("?" * 10)
    raw.executemany(
        f"INSERT OR IGNORE INTO events ({rows.EVENT_COLUMNS}) VALUES ({marks})",  # noqa: S608
        [rows.event_values(event) for event in events],
    )


def rebuild_steps(raw: sqlite3.Connection) -> None:
    """Make `steps` again from the events."""
    raw.execute("DELETE FROM steps")
    raw.execute(
        "INSERT INTO steps SELECT step, min(kind), min(at), min(curator), min(decision), "
        "min(target), count(*), min(kind) = 'decide' FROM events GROUP BY step"
    )
    raw.execute(
        "UPDATE steps SET standing = turned.standing FROM ("
        "SELECT target, kind = 'redo' AS standing, row_number() OVER ("
        "PARTITION BY target ORDER BY at DESC, step DESC) AS place "
        "FROM steps WHERE kind <> 'decide') AS turned "
        "WHERE turned.target = steps.step AND turned.place = 1 AND steps.kind = 'decide'"
    )


def rebuild_state(raw: sqlite3.Connection, clips: Sequence[str] | None = None) -> None:
    """Make `state` again from events and steps, for some clips or for all."""
    if clips is None:
        raw.execute("DELETE FROM state")
        raw.execute("INSERT INTO state " + _NEWEST.format(condition=""))
    else:
        some = (listed(clips),)
        raw.execute(f"DELETE FROM state WHERE {_IN_LIST}", some)  # noqa: S608
        raw.execute("INSERT INTO state " + _NEWEST.format(condition=f"AND events.{_IN_LIST}"), some)


def _append(raw: sqlite3.Connection, events: Sequence[Event], standing: bool) -> None:
    insert_events(raw, events)
    first = events[0]
    raw.execute(
        "INSERT INTO steps VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (first.step, first.kind.value, first.at, first.by, min(e.decision.value for e in events),
         first.target, len(events), int(standing)),
    )  # fmt: skip


def _turn(raw: sqlite3.Connection, target: str, kind: StepKind, by: str | None) -> Changes:
    """Undo or redo a step: mark it, work out what holds now, and record that as events."""
    found = raw.execute(
        "SELECT clip, decision, curator FROM events WHERE step = ? ORDER BY rowid", (target,)
    ).fetchall()
    clips = [row[0] for row in found]
    raw.execute("UPDATE steps SET standing = ? WHERE step = ?", (kind is StepKind.REDO, target))
    rebuild_state(raw, clips)
    sql = f"SELECT clip, decision FROM state WHERE {_IN_LIST}"  # noqa: S608
    holds = dict(raw.execute(sql, (listed(clips),)).fetchall())
    step, at = new_id(), _next_time(raw)
    curator = by if by is not None else found[0][2]
    events = [
        Event(new_id(), step, kind, at, curator, clip,
              Decision(holds.get(clip, Decision.CLEAR.value)), target=target)
        for clip in clips
    ]  # fmt: skip
    _append(raw, events, standing=False)
    return Changes(step, f"{kind.value} {step_name(found[0][1], len(clips))}", tuple(clips))


def _last_step(raw: sqlite3.Connection, by: str | None) -> str | None:
    row = raw.execute(_LAST_STEP.format(mine=_mine(by)), _only(by)).fetchone()
    return None if row is None else row[0]


def _last_undone(raw: sqlite3.Connection, by: str | None) -> str | None:
    row = raw.execute(_LAST_UNDONE.format(mine=_mine(by)), _only(by)).fetchone()
    return row[1] if row is not None and row[0] == StepKind.UNDO.value else None


def _mine(by: str | None) -> str:
    return "" if by is None else "AND steps.curator = ?"


def _only(by: str | None) -> tuple[str, ...]:
    return () if by is None else (by,)


def _nothing(verb: str, what: str, by: str | None) -> StoreError:
    whose = "" if by is None else f" of {by}"
    return StoreError(
        f"There is nothing to {verb}",
        f"no {what}{whose} is left in this project",
        "See what was decided with: motionlens history PROJECT",
    )


def _require_known(raw: sqlite3.Connection, clips: Sequence[str]) -> None:
    missing = raw.execute(
        "SELECT value FROM json_each(?) WHERE value NOT IN (SELECT id FROM clips)",
        (listed(clips),),
    ).fetchall()
    if missing:
        raise UsageError(
            f"The clip {missing[0][0]} is not in this project",
            f"{len(missing)} of the {len(clips)} clips given are unknown",
            "List the clips with: motionlens clips PROJECT",
        )


def _next_time(raw: sqlite3.Connection) -> str:
    """Now, or just after the newest event where the clock went backwards: order is commit order."""
    now = datetime.now(UTC)
    last = raw.execute("SELECT max(at) FROM steps").fetchone()[0]
    if last is not None:
        now = max(now, datetime.fromisoformat(last) + timedelta(microseconds=1))
    return now.isoformat(timespec="microseconds")
