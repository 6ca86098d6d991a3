"""The schema, as named steps that are recorded in the database.

sqlite-utils is imported only where a step is pending: it costs a third of a second, and opening a
project that is up to date needs nothing of it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from motionlens.store.connection import APPLICATION_ID, Connection

if TYPE_CHECKING:
    from sqlite_utils import Database

_DECISIONS = "('exclude', 'keep', 'unsure', 'clear')"

# Curators' answers are the one thing that cannot be made again: CHECKs and triggers keep the
# event list append-only and readable, whoever writes to it.
_EVENTS = f"""
CREATE TABLE events (
    id TEXT PRIMARY KEY,
    step TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('decide', 'undo', 'redo')),
    at TEXT NOT NULL CHECK (at GLOB '????-??-??T??:??:??.??????+00:00'),
    curator TEXT NOT NULL,
    clip TEXT NOT NULL,
    decision TEXT NOT NULL CHECK (decision IN {_DECISIONS}),
    note TEXT NOT NULL DEFAULT '',
    target TEXT NOT NULL DEFAULT '',
    evidence TEXT NOT NULL DEFAULT '{{}}'
)
"""

_STEPS = """
CREATE TABLE steps (
    step TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    at TEXT NOT NULL,
    curator TEXT NOT NULL,
    decision TEXT NOT NULL,
    target TEXT NOT NULL,
    clips INTEGER NOT NULL,
    standing INTEGER NOT NULL
) WITHOUT ROWID
"""

_STATE = """
CREATE TABLE state (
    clip TEXT PRIMARY KEY,
    event TEXT NOT NULL REFERENCES events(id),
    decision TEXT NOT NULL
) WITHOUT ROWID
"""


def clips_and_measures(db: Database) -> None:
    """Clips, their paths, flow curves and flags; settings of the project."""
    number, text, real, blob = int, str, float, bytes
    db.table("clips").create(
        {
            "id": text, "content_hash": text, "role": text, "caption": text,
            "width": number, "height": number, "fps": real, "frames": number,
            "variable_frame_rate": number, "rotation": number, "codec": text,
            "duration_s": real, "damage": text, "start": number, "stop": number,
        },
        pk="id",
        not_null={"content_hash", "role", "caption", "width", "height", "fps", "frames"},
    )  # fmt: skip
    db.table("clips").create_index(["role"])
    db.table("clips").create_index(["content_hash"])
    of_clip = [("clip", "clips", "id")]
    db.table("frame_times").create({"clip": text, "times": blob}, pk="clip", foreign_keys=of_clip)
    db.table("paths").create(
        {"seen": number, "path": text, "clip": text, "size": number, "modified_ns": number},
        pk="seen",
        foreign_keys=of_clip,
    )
    db.table("paths").create_index(["path", "clip"], unique=True)
    db.table("paths").create_index(["clip"])
    db.table("analyses").create(
        {"clip": text, "curve": blob, "mean_px": real, "camera_share": real, "signature": blob},
        pk="clip",
        foreign_keys=of_clip,
    )
    db.table("flags").create(
        {"clip": text, "name": text, "score": real, "reason": text, "over": number},
        pk=("clip", "name"),
        foreign_keys=of_clip,
    )
    db.table("flags").create_index(["name", "over", "clip"])
    db.table("settings").create({"name": text, "value": text}, pk="name")


def decisions_as_events(db: Database) -> None:
    """Events (the truth), and steps and state (what follows from them, kept for speed)."""
    db.execute(_EVENTS)
    db.execute(_STEPS)
    db.execute(_STATE)
    db.table("events").create_index(["step"])
    db.table("events").create_index(["clip"])
    db.table("steps").create_index(["at", "step"])
    db.table("steps").create_index(["curator", "at", "step"])
    db.table("steps").create_index(["target"])
    db.table("state").create_index(["decision", "clip"])
    for change in ("UPDATE", "DELETE"):
        db.execute(
            f"CREATE TRIGGER events_refuse_{change.lower()} BEFORE {change} ON events "
            "BEGIN SELECT RAISE(ABORT, 'events are only ever added'); END"
        )


def blind_trials(db: Database) -> None:
    """Trials, their pairs, and every vote that was cast."""
    db.table("trials").create({"trial": str, "base": str, "tuned": str, "at": str}, pk="trial")
    db.table("pairs").create(
        {
            "trial": str, "number": int, "left": str, "right": str, "tuned_left": int,
            "prompt": str,
        },
        pk=("trial", "number"),
        foreign_keys=[("trial", "trials", "trial")],
    )  # fmt: skip
    db.table("votes").create(
        {"cast": int, "trial": str, "pair": int, "vote": str, "curator": str, "at": str},
        pk="cast",
        foreign_keys=[("trial", "trials", "trial")],
    )
    db.table("votes").create_index(["trial", "pair", "curator"])


def marked_frames(db: Database) -> None:
    """Cuts and repeated frames of each analysed clip; those analysed before have none named."""
    for column in ("cuts", "repeats"):
        db.table("analyses").add_column(column, str, not_null_default="[]")


MIGRATIONS: tuple[Callable[[Database], None], ...] = (
    clips_and_measures,
    decisions_as_events,
    blind_trials,
    marked_frames,
)
SCHEMA = len(MIGRATIONS)


def schema_of(connection: Connection) -> int:
    """How many steps the database has had (0: none)."""
    return int(connection.value("PRAGMA user_version"))


def migrate(connection: Connection) -> None:
    """Apply what is pending, all of it in one transaction, and record each step by its name."""
    from sqlite_utils import Database, Migrations

    steps = Migrations("motionlens")
    for step in MIGRATIONS:
        steps()(step)
    with connection.write(f"{connection.path} was not brought up to date") as raw:
        # Inside the open transaction sqlite-utils makes savepoints and commits nothing itself.
        steps.apply(Database(raw, execute_plugins=False))
        raw.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        raw.execute(f"PRAGMA user_version = {SCHEMA}")
