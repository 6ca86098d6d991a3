"""Backups: made while the project is in use, verified, rotated, and restored."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from motionlens.domain.errors import StoreError
from motionlens.store import errors
from motionlens.store.connection import APPLICATION_ID, BUSY_SECONDS, Connection, connect

KEPT = 10
_STAMP = "%Y%m%dT%H%M%S%fZ"


def make_backup(connection: Connection, folder: Path, reason: str = "") -> Path:
    """Copy the database as it is now into `folder`, verify the copy, and rotate.

    Parameters
    ----------
    reason : str
        A word in the file name; backups of each reason are counted apart, so that daily ones
        never push out the one made before a migration.

    Raises
    ------
    StoreError
        The folder cannot be written, the disk is full, or the copy does not hold.
    """
    what = "The backup was not made"
    stamp = datetime.now(UTC).strftime(_STAMP)
    target = folder / f"project-{stamp}{f'-{reason}' if reason else ''}.db"
    temporary = target.with_suffix(".partial")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with errors.told(connection.path, what):
            _copy(connection.raw, temporary)
            _verify(temporary)
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        temporary.replace(target)
    except OSError as error:
        raise StoreError(what, str(error), "Check the project's backups folder") from error
    finally:
        if folder.is_dir():
            temporary.unlink(missing_ok=True)
    _rotate(folder, reason)
    return target


def backups(folder: Path) -> list[Path]:
    """All backups, newest first."""
    return sorted(folder.glob("project-*.db"), reverse=True) if folder.is_dir() else []


def is_due(folder: Path, every: timedelta = timedelta(days=1)) -> bool:
    """Whether the newest backup is older than `every`."""
    newest = backups(folder)
    if not newest:
        return True
    stamp = newest[0].stem.split("-")[1]
    made = datetime.strptime(stamp, _STAMP).replace(tzinfo=UTC)
    return datetime.now(UTC) - made > every


def restore_store(database: Path, backup: Path) -> Path:
    """Put a backup in the place of a project's database; returns where the old one is kept.

    The old database is backed up first, or, where it is damaged, moved aside. Other programs
    that have the project open see the restored one.

    Raises
    ------
    StoreError
        The backup is missing or damaged (nothing is changed), or the project stayed locked.
    """
    what = f"{backup} was not restored"
    if not backup.is_file():
        raise StoreError(what, "there is no such file", f"Look in {database.parent / 'backups'}")
    with errors.told(backup, what):
        _verify(backup)
    try:
        live = connect(database)
    except StoreError:
        return _replace_damaged(database, backup)
    with closing(live):
        if live.read_only:
            raise errors.read_only(database, what)
        try:
            kept = make_backup(live, database.parent / "backups", "before-restore")
        except StoreError:
            kept = None
        if kept is not None:
            with errors.told(database, what), closing(sqlite3.connect(backup)) as source:
                source.backup(live.raw, progress=_deadline(database, what), sleep=0.05)
            return kept
    return _replace_damaged(database, backup)


def _replace_damaged(database: Path, backup: Path) -> Path:
    aside = database.with_name(f"project-damaged-{datetime.now(UTC).strftime(_STAMP)}.db")
    fresh = database.with_name(".project.db.restored")
    fresh.unlink(missing_ok=True)
    told = errors.told(backup, f"{backup} was not restored")
    with told, closing(sqlite3.connect(backup)) as source:
        _copy(source, fresh)
    for suffix in ("-wal", "-shm"):
        part = database.with_name(database.name + suffix)
        if part.exists():
            part.replace(aside.with_name(aside.name + suffix))
    if database.exists():
        database.replace(aside)
    fresh.replace(database)
    return aside


def _copy(source: sqlite3.Connection, target: Path) -> None:
    with closing(sqlite3.connect(target, isolation_level=None)) as copy:
        source.backup(copy)
        # One self-contained file, which can be read from a read-only place.
        copy.execute("PRAGMA journal_mode = DELETE")


def _verify(path: Path) -> None:
    uri = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
    with closing(sqlite3.connect(uri, uri=True)) as copy:
        if copy.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
            raise errors.damaged(path, "The backup does not hold", "no MotionLens project")
        found = copy.execute("PRAGMA integrity_check(1)").fetchone()[0]
        if found != "ok":
            raise errors.damaged(path, "The backup does not hold", str(found))


def _rotate(folder: Path, reason: str) -> None:
    same = [path for path in backups(folder) if _reason(path) == reason]
    for path in same[KEPT:]:
        path.unlink(missing_ok=True)


def _reason(path: Path) -> str:
    return "-".join(path.stem.split("-")[2:])


def _deadline(database: Path, what: str) -> Callable[[int, int, int], None]:
    """sqlite3's backup waits for a lock without end; this ends it as every other wait."""
    end = time.monotonic() + BUSY_SECONDS

    def progress(status: int, remaining: int, total: int) -> None:
        if remaining and time.monotonic() > end:
            raise StoreError(
                what,
                f"another program kept {database.parent} locked for {BUSY_SECONDS:.0f} seconds",
                "Close the other program and do it again",
            )

    return progress
