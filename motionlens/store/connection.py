"""The one SQLite connection of a project: how it is opened, read and written.

`with` on a raw sqlite3 connection opens no transaction, so it is never used here: every write goes
through :meth:`Connection.write`, the one block of the program that begins and commits.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from motionlens.store import errors

APPLICATION_ID = 0x4D4C6E73  # "MLns"
BUSY_SECONDS = 10.0

Row = tuple[Any, ...]


class Connection:
    """A connection with SQLite's errors told in words.

    It may be used from another thread than the one that opened it, by one thread at a time.

    Parameters
    ----------
    path : Path
        The database file as the user knows it.
    raw : sqlite3.Connection
        In autocommit mode (`isolation_level=None`).
    read_only : bool
        Writes are refused in words.
    scratch : Path or None
        A folder that holds a private copy and goes away on closing.
    """

    def __init__(
        self, path: Path, raw: sqlite3.Connection, read_only: bool, scratch: Path | None = None
    ) -> None:
        self.path = path
        self.raw = raw
        self.read_only = read_only
        self._scratch = scratch

    @contextmanager
    def write(self, what: str) -> Iterator[sqlite3.Connection]:
        """The write block: all of it is on the disk when it ends, or nothing of it.

        Parameters
        ----------
        what : str
            What was not done if it fails, in the user's words.

        Raises
        ------
        StoreError
            The database is full, locked, read-only or damaged; nothing was changed.
        """
        if self.read_only:
            raise errors.read_only(self.path, what)
        with errors.told(self.path, what):
            self.raw.execute("BEGIN IMMEDIATE")
            try:
                yield self.raw
                self.raw.execute("COMMIT")
            except BaseException:
                # A full disk may have rolled back already.
                if self.raw.in_transaction:
                    self.raw.execute("ROLLBACK")
                raise

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """All reads inside see the same state, whatever others write meanwhile; may be nested."""
        if self._inside():
            yield
            return
        with errors.told(self.path, "The project cannot be read"):
            self.raw.execute("BEGIN")
            try:
                yield
            finally:
                if self._inside():
                    self.raw.execute("ROLLBACK")

    def _inside(self) -> bool:
        return self.raw.in_transaction

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        """All rows of a query."""
        with errors.told(self.path, "The project cannot be read"):
            return self.raw.execute(sql, parameters).fetchall()

    def value(self, sql: str, parameters: Sequence[Any] = ()) -> Any:
        """The first value of the first row, or None."""
        found = self.rows(sql, parameters)
        return found[0][0] if found else None

    def close(self) -> None:
        """Close; closing again is harmless."""
        self.raw.close()
        if self._scratch is not None:
            shutil.rmtree(self._scratch, ignore_errors=True)


def connect(path: Path, read_only: bool = False) -> Connection:
    """Open a database file that exists.

    A file or folder that cannot be written is opened for reading only. A read-only folder where
    SQLite cannot keep its shared-memory file is read as immutable, or, where the last writer was
    killed and left a journal that must be replayed, from a private copy.
    """
    with errors.told(path, f"{path} cannot be opened"):
        if not read_only and _writable(path):
            try:
                return Connection(path, _open_for_writing(path), read_only=False)
            except sqlite3.Error as error:
                if not errors.is_unwritable(error):
                    raise
        return _connect_read_only(path)


def connect_copy(path: Path) -> Connection:
    """A writable private copy, which the user meets as a read-only project."""
    scratch = Path(tempfile.mkdtemp(prefix="motionlens-"))
    try:
        for suffix in ("", "-wal"):
            part = path.with_name(path.name + suffix)
            if part.exists():
                shutil.copyfile(part, scratch / part.name)
        raw = _open_for_writing(scratch / path.name)
    except BaseException:
        shutil.rmtree(scratch, ignore_errors=True)
        raise
    return Connection(path, raw, read_only=True, scratch=scratch)


def create_file(path: Path) -> Connection:
    """A new, empty database in WAL mode; the file must not exist."""
    with errors.told(path, f"{path} cannot be made"):
        raw = _sqlite(path, "rwc")
        _prepare(raw, new=True)
        return Connection(path, raw, read_only=False)


def _connect_read_only(path: Path) -> Connection:
    raw = _sqlite(path, "ro")
    try:
        _prepare(raw, writing=False)
        raw.execute("SELECT count(*) FROM sqlite_master").fetchall()
        return Connection(path, raw, read_only=True)
    except sqlite3.Error as error:
        raw.close()
        if not errors.is_unwritable(error):
            raise
    journal = path.with_name(path.name + "-wal")
    if journal.exists() and journal.stat().st_size > 0:
        return connect_copy(path)
    raw = _sqlite(path, "ro", immutable=True)
    try:
        _prepare(raw, writing=False)
    except sqlite3.Error:
        raw.close()
        raise
    return Connection(path, raw, read_only=True)


def _open_for_writing(path: Path) -> sqlite3.Connection:
    raw = _sqlite(path, "rw")
    try:
        _prepare(raw)
    except sqlite3.Error:
        raw.close()
        raise
    return raw


def _writable(path: Path) -> bool:
    return os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)


def _sqlite(path: Path, mode: str, immutable: bool = False) -> sqlite3.Connection:
    uri = f"{path.absolute().as_uri()}?mode={mode}" + ("&immutable=1" if immutable else "")
    return sqlite3.connect(
        uri, uri=True, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )


def _prepare(raw: sqlite3.Connection, writing: bool = True, new: bool = False) -> None:
    raw.execute("PRAGMA foreign_keys = ON")
    # A project from elsewhere must not run functions from its own views and triggers.
    raw.execute("PRAGMA trusted_schema = OFF")
    if not writing:
        return
    # A file that is opened by mistake is refused later, and must be left as it is.
    ours = new or raw.execute("PRAGMA application_id").fetchone()[0] == APPLICATION_ID
    if ours and raw.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        raw.execute("PRAGMA journal_mode = WAL")
    # Said to be saved means synced: NORMAL may lose the last decisions on a power cut.
    raw.execute("PRAGMA synchronous = FULL")
