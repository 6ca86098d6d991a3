"""SQLite's error codes, sorted into what a user can do something about; the rest is a bug."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from motionlens.domain.errors import StoreError

# Primary result codes (the low byte of the extended ones).
_FULL = sqlite3.SQLITE_FULL
_LOCKED = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
_READ_ONLY = (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_CANTOPEN)
_CORRUPT = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT)


def primary_code(error: sqlite3.Error) -> int:
    """The primary result code of an error; 0 where SQLite gave none."""
    return int(getattr(error, "sqlite_errorcode", 0) or 0) & 0xFF


def is_corrupt(error: sqlite3.Error) -> bool:
    """Whether the file itself is damaged, or no database."""
    return primary_code(error) in _CORRUPT


def is_unwritable(error: sqlite3.Error) -> bool:
    """Whether the file or its folder refuses to be opened for writing."""
    return primary_code(error) in _READ_ONLY


def is_lack_of_room(error: BaseException | None) -> bool:
    """Whether the disk is full or a folder refuses new files, and nothing is damaged."""
    if isinstance(error, sqlite3.Error):
        return primary_code(error) in (_FULL, *_READ_ONLY)
    return isinstance(error, OSError)


def store_error(error: sqlite3.Error, path: Path, what: str) -> StoreError | None:
    """The error in words, or None where it is a bug of ours."""
    code = primary_code(error)
    if code == _FULL:
        return StoreError(
            what,
            f"the disk that holds {path} is full",
            "Free some space and do it again; what was saved before is safe",
        )
    if code in _LOCKED:
        return StoreError(
            what,
            "another program kept the project locked for 10 seconds",
            "Wait until it has finished and do it again; nothing was lost",
        )
    if code in _READ_ONLY:
        return StoreError(
            what,
            f"{path} cannot be written",
            "Check the permissions of the project folder, or copy it to a place of your own",
        )
    if code in _CORRUPT:
        return damaged(path, what, str(error))
    if code == sqlite3.SQLITE_IOERR:
        return StoreError(
            what,
            f"the disk gave an error at {path} ({error})",
            "Check the disk and its free space, then do it again",
        )
    return None


def damaged(path: Path, what: str, detail: str) -> StoreError:
    """The database is corrupt."""
    project = path.parent
    return StoreError(
        what,
        f"{path} is damaged or no database ({detail})",
        f"Run: motionlens check {project} --repair, or: motionlens restore {project} BACKUP",
    )


def read_only(path: Path, what: str) -> StoreError:
    """A write was asked of a store that is open for reading only."""
    return StoreError(
        what,
        f"{path.parent} is open for reading only",
        "Copy the project to a place that you can write to, and open the copy",
    )


def newer(path: Path, found: int, known: int) -> StoreError:
    """The database was made by a newer version of the program."""
    return StoreError(
        f"{path} cannot be opened",
        f"it was made by a newer MotionLens (schema {found}; this version knows {known})",
        "Update MotionLens; the project was not touched",
    )


@contextmanager
def told(path: Path, what: str) -> Iterator[None]:
    """Turn SQLite's expected errors into :class:`StoreError`; let bugs through as they are."""
    try:
        yield
    except sqlite3.Error as error:
        expected = store_error(error, path, what)
        if expected is None:
            raise
        raise expected from error
