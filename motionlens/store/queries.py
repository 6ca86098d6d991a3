"""Questions to the store that change nothing: decisions, answers, disputes, names of clips."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from motionlens.domain.clip import Role
from motionlens.domain.decision import Decision, Event
from motionlens.domain.errors import UsageError
from motionlens.store import rows
from motionlens.store.tables import Tables, listed

SHORTEST_PREFIX = 6

_ANSWERS = """
SELECT clip, curator, decision FROM (
    SELECT events.clip, events.curator, events.decision, row_number() OVER (
        PARTITION BY events.clip, events.curator
        ORDER BY events.at DESC, events.step DESC, events.id DESC
    ) AS place
    FROM events JOIN steps ON steps.step = events.step
    WHERE events.kind = 'decide' AND steps.standing
) WHERE place = 1 AND decision <> 'clear'
"""


class QueryTables(Tables):
    """The reading half of the port `LabelStore`, and look-ups."""

    def events(self, clip: str | None = None) -> list[Event]:
        """All events in order, or those of one clip."""
        condition, parameters = ("", ()) if clip is None else ("WHERE clip = ?", (clip,))
        columns = rows.EVENT_COLUMNS
        sql = f"SELECT {columns} FROM events {condition} ORDER BY at, step, id"  # noqa: S608
        found = self.connection.rows(sql, parameters)
        return [rows.event_from(row) for row in found]

    def decisions(self, ids: Iterable[str] | None = None) -> dict[str, Event]:
        """Clip id -> the event that stands; of all clips, or of some."""
        some = "" if ids is None else "WHERE state.clip IN (SELECT value FROM json_each(?))"
        columns = ", ".join(f"events.{name}" for name in rows.EVENT_COLUMNS.split(", "))
        found = self.connection.rows(
            f"SELECT {columns} FROM state JOIN events ON events.id = state.event {some}",  # noqa: S608
            () if ids is None else (listed(ids),),
        )
        return {row[5]: rows.event_from(row) for row in found}

    def decided(self) -> dict[str, str]:
        """Clip id -> the decision that stands, of clips that have one."""
        return dict(self.connection.rows("SELECT clip, decision FROM state"))

    def latest_answers(self) -> dict[str, dict[str, str]]:
        """Clip id -> curator -> that curator's latest answer that stands (`unsure` is one)."""
        result: dict[str, dict[str, str]] = defaultdict(dict)
        for clip, curator, decision in self.connection.rows(_ANSWERS):
            result[clip][curator] = decision
        return dict(result)

    def disputed(self) -> set[str]:
        """Clips whose curators' latest answers differ."""
        found = self.connection.rows(
            f"SELECT clip FROM ({_ANSWERS}) GROUP BY clip HAVING count(DISTINCT decision) > 1"  # noqa: S608
        )
        return {row[0] for row in found}

    def query_ids(
        self, role: Role | None = None, decision: Decision | None = None, flag: str | None = None
    ) -> list[str]:
        """Ids of the clips that pass all conditions given, in the order in which they were added.

        Parameters
        ----------
        decision : Decision or None
            `Decision.CLEAR` asks for clips without a decision; None for any.
        flag : str or None
            The name of a flag that is over its threshold.
        """
        conditions: list[str] = []
        parameters: list[Any] = []
        if role is not None:
            conditions.append("role = ?")
            parameters.append(role.value)
        if decision is Decision.CLEAR:
            conditions.append("id NOT IN (SELECT clip FROM state)")
        elif decision is not None:
            conditions.append("id IN (SELECT clip FROM state WHERE decision = ?)")
            parameters.append(decision.value)
        if flag is not None:
            conditions.append("id IN (SELECT clip FROM flags WHERE name = ? AND over)")
            parameters.append(flag)
        where = "WHERE " + " AND ".join(conditions) if conditions else ""
        found = self.connection.rows(f"SELECT id FROM clips {where} ORDER BY rowid", parameters)  # noqa: S608
        return [row[0] for row in found]

    def counts(self) -> dict[str, int]:
        """Training clips by decision (`none` for undecided), for a progress line."""
        found = self.connection.rows(
            "SELECT coalesce(decision, 'none'), count(*) FROM clips "
            "LEFT JOIN state ON state.clip = clips.id WHERE role = 'training' GROUP BY 1"
        )
        return dict(found)

    def resolve(self, text: str) -> str:
        """The clip that a person means: an id, a unique prefix of 6 or more digits, or a path.

        Raises
        ------
        UsageError
            No clip, or more than one, answers to it.
        """
        by_path = self._at_path(text)
        if by_path:
            return _only_one(text, by_path, "has several clips in it")
        prefix = text.strip().lower()
        if not prefix or any(letter not in "0123456789abcdef" for letter in prefix):
            raise _unknown(text, "it is neither a clip id nor the path of a clip of this project")
        if len(prefix) < SHORTEST_PREFIX:
            raise _unknown(text, f"a clip id needs at least {SHORTEST_PREFIX} characters")
        found = self.connection.rows(
            "SELECT id FROM clips WHERE id >= ? AND id < ? LIMIT 9", (prefix, prefix + "g")
        )
        if not found:
            raise _unknown(text, "no clip of this project begins like that")
        return _only_one(text, [row[0] for row in found], "begins several clip ids")

    def _at_path(self, text: str) -> list[str]:
        path = Path(text).expanduser()
        names = (text, os.path.abspath(path), os.path.realpath(path))
        found = self.connection.rows(
            "SELECT clip, start IS NULL FROM paths JOIN clips ON clips.id = clip "
            "WHERE path IN (?, ?, ?) ORDER BY seen DESC",
            names,
        )
        whole = [clip for clip, is_whole in found if is_whole]
        # After a file was replaced in place, its path means the newest content.
        return whole[:1] or list(dict.fromkeys(clip for clip, _ in found))


def _only_one(text: str, ids: list[str], why: str) -> str:
    if len(ids) > 1:
        shown = ", ".join(ids[:3])
        raise UsageError(f"{text!r} is not one clip", f"it {why}: {shown}", "Give more of the id")
    return ids[0]


def _unknown(text: str, why: str) -> UsageError:
    return UsageError(
        f"The clip {text!r} is unknown", why, "List the clips with: motionlens clips PROJECT"
    )
