"""Whether the database is whole: the file, its links, and what follows from the events."""

from __future__ import annotations

import sqlite3

from motionlens.domain.decision import StepKind, active_steps, fold
from motionlens.store.connection import Connection
from motionlens.store.errors import is_corrupt
from motionlens.store.events import rebuild_state, rebuild_steps
from motionlens.store.queries import QueryTables

Problem = tuple[str, str, bool]


class CheckTables(QueryTables):
    """The port's `check`."""

    def check(self, repair: bool = False) -> list[Problem]:
        """Problems: where, what, repaired. Repairing never touches an event."""
        try:
            problems = _file(self.connection, repair)
            return problems + _links(self.connection) + self._derived(repair)
        except sqlite3.DatabaseError as error:
            if not is_corrupt(error):
                raise
            return [("database", f"damaged: {error}; restore a backup", False)]

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
