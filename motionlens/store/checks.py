"""Whether the database is whole: the file, its links, and what follows from the events."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from motionlens.domain.decision import StepKind, active_steps, fold
from motionlens.domain.errors import StoreError
from motionlens.store.connection import Connection
from motionlens.store.errors import is_corrupt
from motionlens.store.events import rebuild_state, rebuild_steps
from motionlens.store.queries import QueryTables

Problem = tuple[str, str, bool]

_DAMAGED = "damaged beyond what can be mended; restore a backup"


class CheckTables(QueryTables):
    """The port's `check`."""

    def check(self, repair: bool = False) -> list[Problem]:
        """Problems: where, what, repaired. Repairing never touches an event."""
        problems: list[Problem] = []
        parts: tuple[Callable[[], list[Problem]], ...] = (
            lambda: _file(self.connection, repair),
            lambda: _links(self.connection),
            lambda: self._derived(repair),
        )
        for part in parts:
            try:
                problems += part()
            except (sqlite3.Error, StoreError) as error:
                if not _means_damage(error):
                    raise
                problems.append(("database", f"{_DAMAGED}: {error}", False))
                break
        return problems

    def _derived(self, repair: bool) -> list[Problem]:
        with self.connection.snapshot():
            events = self.events()
            steps = dict(self.connection.raw.execute("SELECT step, standing FROM steps"))
            state = dict(self.connection.raw.execute("SELECT clip, event FROM state"))
        truth = {clip: event.id for clip, event in fold(events).items()}
        standing = active_steps(events)
        wanted = {e.step: int(e.kind is StepKind.DECIDE and standing[e.step]) for e in events}
        problems = []
        for where, found, true in (("steps", steps, wanted), ("state", state, truth)):
            wrong = sum(found.get(key) != true.get(key) for key in found.keys() | true.keys())
            if wrong:
                what = f"{wrong} of {len(true)} entries do not follow from the events"
                problems.append((where, what, repair))
        if problems and repair:
            with self.connection.write("The decisions' state was not rebuilt") as raw:
                rebuild_steps(raw)
                rebuild_state(raw)
        return problems


def _means_damage(error: Exception) -> bool:
    source = error if isinstance(error, sqlite3.Error) else error.__cause__
    return isinstance(source, sqlite3.Error) and is_corrupt(source)


def _file(connection: Connection, repair: bool) -> list[Problem]:
    found = _integrity(connection)
    if found and repair and all("index" in what for what in found):
        with connection.write("The database's indexes were not rebuilt") as raw:
            raw.execute("REINDEX")
        left = _integrity(connection)
        return [("database", what, what not in left) for what in found]
    return [("database", what, False) for what in found]


def _integrity(connection: Connection) -> list[str]:
    found = connection.raw.execute("PRAGMA integrity_check(20)").fetchall()
    return [str(row[0]) for row in found if row[0] != "ok"]


def _links(connection: Connection) -> list[Problem]:
    broken = connection.raw.execute("PRAGMA foreign_key_check").fetchall()
    counts: dict[tuple[str, str], int] = {}
    for table, _, parent, _ in broken:
        counts[table, parent] = counts.get((table, parent), 0) + 1
    return [
        (table, f"{number} rows name an entry of {parent} that does not exist", False)
        for (table, parent), number in counts.items()
    ]
