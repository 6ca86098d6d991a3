"""Clips, where they lie, what was measured about them, and the project's settings."""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from motionlens.domain.clip import Clip, ClipLine, Flag, MotionSummary, Role
from motionlens.store import rows
from motionlens.store.connection import Row
from motionlens.store.lazy import Lazily
from motionlens.store.tables import Tables, listed

_FIRST = (
    "WHERE clips.id IN (SELECT clip FROM (SELECT clip, path FROM paths JOIN clips ON "
    "clips.id = clip WHERE role = ? ORDER BY path LIMIT ?))"
)
_NOT_ADDED = "The clip was not added"
_NOT_SAVED = "The result of the analysis was not saved"


class ClipTables(Tables):
    """The port `Projects`, and a little more."""

    def add_clip(self, clip: Clip) -> bool:
        """Store a clip, or add its paths to a known one; True if it is new."""
        return self.add_clips([clip])[0]

    def add_clips(self, clips: Sequence[Clip]) -> list[bool]:
        """Store many clips in one transaction; for each whether it is new.

        A known clip keeps its role, and its caption unless that is empty. The size and time of
        its files are those found on the disk now.
        """
        with self.connection.write(_NOT_ADDED) as raw:
            return [_add(raw, clip) for clip in clips]

    def clips(self, role: Role | None = None) -> list[Clip]:
        """All clips in the order in which they were added, without frame times."""
        condition, parameters = ("", ()) if role is None else ("WHERE role = ?", (role.value,))
        return self._clips(condition, parameters)

    def clip_map(self) -> Mapping[str, Clip]:
        """Clip id -> clip, as `clips`; each is made when it is asked for."""
        found, paths = self._clip_rows("", ())
        by_id = {row[0]: row for row in found}
        return Lazily(by_id, lambda row: rows.clip_from(row, paths[row[0]]))

    def listing(self, first: int | None = None) -> list[ClipLine]:
        """What a list shows of every clip, in the order in which they were added.

        With `first`, the first so many training clips by their path: enough to show at once.
        """
        condition, order = ("", "clips.rowid") if first is None else (_FIRST, "path")
        found = self.connection.rows(
            f"SELECT clips.id, role, path, caption, start, stop, duration_s, mean_px FROM clips "  # noqa: S608
            f"JOIN paths ON paths.seen = (SELECT min(seen) FROM paths WHERE clip = clips.id) "
            f"LEFT JOIN analyses ON analyses.clip = clips.id {condition} ORDER BY {order}",
            () if first is None else (Role.TRAINING.value, first),
        )
        return [ClipLine(*row) for row in found]

    def clips_by_id(self, ids: Iterable[str]) -> list[Clip]:
        """The clips of some ids, in the order given; unknown ids are left out."""
        wanted = list(ids)
        condition = "WHERE id IN (SELECT value FROM json_each(?))"
        found = {clip.id: clip for clip in self._clips(condition, (listed(wanted),))}
        return [found[id_] for id_ in wanted if id_ in found]

    def clip(self, id_: str) -> Clip:
        """One clip, with its frame times; KeyError if there is none of this id."""
        found = self.connection.rows(f"SELECT {rows.CLIP_COLUMNS} FROM clips WHERE id = ?", (id_,))  # noqa: S608
        if not found:
            raise KeyError(id_)
        times = self.connection.value("SELECT times FROM frame_times WHERE clip = ?", (id_,))
        return rows.clip_from(found[0], self._paths(listed([id_]))[id_], times)

    def known_paths(self) -> dict[str, tuple[str, int, int]]:
        """Path -> (clip id, size in bytes, modification time in ns) as seen when added.

        A file with several clips in it is given once, with its whole-file clip where it has one.
        """
        found = self.connection.rows(
            "SELECT path, clip, size, modified_ns FROM paths JOIN clips ON clips.id = clip "
            "ORDER BY start IS NULL, seen"
        )
        return {path: (clip, size, modified) for path, clip, size, modified in found}

    def set_caption(self, clip: str, caption: str) -> None:
        with self.connection.write("The caption was not saved") as raw:
            raw.execute("UPDATE clips SET caption = ? WHERE id = ?", (caption, clip))

    def set_role(self, clip: str, role: Role) -> None:
        with self.connection.write("The clip's role was not saved") as raw:
            raw.execute("UPDATE clips SET role = ? WHERE id = ?", (role.value, clip))

    def save_analysis(
        self, clip: str, summary: MotionSummary, flags: Sequence[Flag], signature: bytes
    ) -> None:
        """Replace what was measured about a clip, its flags included."""
        values = (clip, signature, *rows.summary_values(summary))
        columns = f"clip, signature, {rows.SUMMARY_COLUMNS}"
        sql = f"INSERT OR REPLACE INTO analyses ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?)"  # noqa: S608
        with self.connection.write(_NOT_SAVED) as raw:
            raw.execute(sql, values)
            raw.execute("DELETE FROM flags WHERE clip = ?", (clip,))
            _save_flags(raw, clip, flags)

    def save_flag(self, clip: str, flag: Flag) -> None:
        """Add one flag of a clip, or replace the one of that name."""
        with self.connection.write(_NOT_SAVED) as raw:
            _save_flags(raw, clip, [flag])

    def analyses(self) -> dict[str, tuple[MotionSummary, bytes]]:
        found = self.connection.rows(
            f"SELECT clip, signature, {rows.SUMMARY_COLUMNS} FROM analyses"  # noqa: S608
        )
        return {
            clip: (rows.summary_from(*values), bytes(signature))
            for clip, signature, *values in found
        }

    def summaries(self, ids: Iterable[str] | None = None) -> Mapping[str, MotionSummary]:
        """Clip id -> what was measured about it; each is made when it is asked for."""
        some = "" if ids is None else "WHERE clip IN (SELECT value FROM json_each(?))"
        found = self.connection.rows(
            f"SELECT clip, {rows.SUMMARY_COLUMNS} FROM analyses {some}",  # noqa: S608
            () if ids is None else (listed(ids),),
        )
        return Lazily({clip: row for clip, *row in found}, lambda row: rows.summary_from(*row))

    def flags_over(self, ids: Iterable[str] | None = None) -> dict[str, tuple[Flag, ...]]:
        """Clip id -> its flags over their thresholds, strongest first; of all clips, or of some."""
        some = "" if ids is None else "AND clip IN (SELECT value FROM json_each(?))"
        found = self.connection.rows(
            f"SELECT clip, name, score, reason, over FROM flags WHERE over {some} "  # noqa: S608
            "ORDER BY score DESC",
            () if ids is None else (listed(ids),),
        )
        result: dict[str, list[Flag]] = defaultdict(list)
        for clip, *values in found:
            result[clip].append(rows.flag_from(*values))
        return {clip: tuple(flags) for clip, flags in result.items()}

    def flags(self) -> dict[str, list[Flag]]:
        """Clip id -> its flags, those under threshold included."""
        result: dict[str, list[Flag]] = defaultdict(list)
        found = self.connection.rows("SELECT clip, name, score, reason, over FROM flags")
        for clip, *values in found:
            result[clip].append(rows.flag_from(*values))
        return dict(result)

    def setting(self, name: str) -> Any:
        """A JSON value kept with the project, or None."""
        text = self.connection.value("SELECT value FROM settings WHERE name = ?", (name,))
        return None if text is None else json.loads(text)

    def save_setting(self, name: str, value: Any) -> None:
        with self.connection.write(f"The setting {name} was not saved") as raw:
            text = rows.to_json(value)
            raw.execute("INSERT OR REPLACE INTO settings VALUES (?, ?)", (name, text))

    def _clips(self, condition: str, parameters: tuple[Any, ...]) -> list[Clip]:
        found, paths = self._clip_rows(condition, parameters)
        return [rows.clip_from(row, paths[row[0]]) for row in found]

    def _clip_rows(
        self, condition: str, parameters: tuple[Any, ...]
    ) -> tuple[list[Row], dict[str, list[str]]]:
        sql = f"SELECT {rows.CLIP_COLUMNS} FROM clips {condition} ORDER BY rowid"  # noqa: S608
        with self.connection.snapshot():
            found = self.connection.rows(sql, parameters)
            return found, self._paths(listed(row[0] for row in found) if condition else None)

    def _paths(self, ids: str | None) -> dict[str, list[str]]:
        wanted = "" if ids is None else "WHERE clip IN (SELECT value FROM json_each(?))"
        sql = f"SELECT clip, path FROM paths {wanted} ORDER BY seen"  # noqa: S608
        return _grouped(self.connection.rows(sql, () if ids is None else (ids,)))


def _grouped(found: list[Row]) -> dict[str, list[str]]:
    result: dict[str, list[str]] = defaultdict(list)
    for key, value in found:
        result[key].append(value)
    return result


def _add(raw: sqlite3.Connection, clip: Clip) -> bool:
    marks = ", ".join("?" * 15)
    inserted = raw.execute(
        f"INSERT OR IGNORE INTO clips ({rows.CLIP_COLUMNS}) VALUES ({marks})",  # noqa: S608
        rows.clip_values(clip),
    )
    new = inserted.rowcount == 1
    if new:
        times = rows.blob(clip.info.frame_times_s)
        raw.execute("INSERT INTO frame_times VALUES (?, ?)", (clip.id, times))
    elif clip.caption:
        raw.execute(
            "UPDATE clips SET caption = ? WHERE id = ? AND caption = ''", (clip.caption, clip.id)
        )
    for path in clip.paths:
        _add_path(raw, clip, path)
    return new


def _add_path(raw: sqlite3.Connection, clip: Clip, path: str) -> None:
    size, modified = _stamp(path)
    # A file that was replaced in place no longer shows the clip that it showed before, which
    # keeps its last path all the same, so that it can be named and linked again.
    raw.execute(
        "DELETE FROM paths WHERE path = ? "
        "AND (SELECT content_hash FROM clips WHERE id = paths.clip) <> ? AND EXISTS "
        "(SELECT 1 FROM paths other WHERE other.clip = paths.clip AND other.path <> paths.path)",
        (path, clip.content_hash),
    )
    raw.execute(
        "INSERT INTO paths (path, clip, size, modified_ns) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (path, clip) DO UPDATE SET size = excluded.size, "
        "modified_ns = excluded.modified_ns",
        (path, clip.id, size, modified),
    )


def _stamp(path: str) -> tuple[int, int]:
    try:
        status = Path(path).stat()
    except OSError:
        return 0, 0
    return status.st_size, status.st_mtime_ns


def _save_flags(raw: sqlite3.Connection, clip: str, flags: Iterable[Flag]) -> None:
    raw.executemany(
        "INSERT OR REPLACE INTO flags VALUES (?, ?, ?, ?, ?)",
        [(clip, flag.name, flag.score, flag.reason, int(flag.over)) for flag in flags],
    )
