"""Opening and making a project's database."""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Self

from motionlens.domain.clip import Clip, Role
from motionlens.domain.decision import Event
from motionlens.domain.errors import ProjectError, StoreError
from motionlens.store import backup, errors, migrations
from motionlens.store.checks import CheckTables
from motionlens.store.clips import ClipTables
from motionlens.store.connection import (
    APPLICATION_ID,
    Connection,
    connect,
    connect_copy,
    create_file,
)
from motionlens.store.merge import Merged, MergeTables
from motionlens.store.trials import TrialTables

logger = logging.getLogger(__name__)


class SqliteStore(ClipTables, MergeTables, TrialTables, CheckTables):
    """A project's database: the port `Store`.

    It belongs to one lane: any thread may use it, one at a time.

    Attributes
    ----------
    schema : int
        The number of migrations it has had.
    read_only : bool
        Writes are refused in words.
    """

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.schema = migrations.schema_of(connection)
        self.read_only = connection.read_only

    @property
    def path(self) -> Path:
        """The database file."""
        return self.connection.path

    @property
    def backups_folder(self) -> Path:
        return self.path.parent / "backups"

    def backup(self) -> Path:
        """Make a verified backup now, also while others write; the file."""
        return backup.make_backup(self.connection, self.backups_folder)

    def daily_backup(self) -> Path | None:
        """Make a backup if the newest one is older than a day.

        A full disk, or a folder that cannot be written, is only warned of: it must not keep
        anybody from opening the project.
        """
        if self.read_only or not backup.is_due(self.backups_folder):
            return None
        try:
            return backup.make_backup(self.connection, self.backups_folder, "daily")
        except StoreError as error:
            if not errors.is_lack_of_room(error.__cause__):
                raise
            logger.warning("%s", error.sentence())
            return None

    def merge(self, other: str | Path) -> Merged:
        """Add the events of another project (its folder or database); (new events, conflicts)."""
        with open_store(other, read_only=True) as theirs, theirs.snapshot():
            events, state = theirs.events(), theirs.decisions()
        return self.merge_events(events, state)

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[None]:
        """All reads inside see one state: an export must not mix two."""
        with self.connection.snapshot():
            yield

    def training_state(self) -> tuple[list[Clip], dict[str, Event], set[str]]:
        """Training clips, decisions and disputed clips, of one and the same moment."""
        with self.connection.snapshot():
            return self.clips(Role.TRAINING), self.decisions(), self.disputed()

    def close(self) -> None:
        """Close the connection; closing again is harmless."""
        self.connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def create_store(path: str | Path) -> SqliteStore:
    """Make a project's database and open it.

    Parameters
    ----------
    path : str or Path
        The database file, or a folder that exists, for its `project.db`.

    Raises
    ------
    ProjectError
        It exists already.
    StoreError
        It cannot be written.
    """
    file = _database(path)
    if file.exists():
        raise ProjectError(
            f"{file.parent} is already a project", f"it has a {file.name}", "Open it"
        )
    # Made under another name: a program killed here leaves no half project behind.
    fresh = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        fresh.unlink(missing_ok=True)
        connection = create_file(fresh)
        try:
            migrations.migrate(connection)
        finally:
            connection.close()
        fresh.replace(file)
    except OSError as error:
        raise StoreError(
            f"{file.parent} cannot become a project",
            error.strerror or str(error),
            "Name a folder that you can write to",
        ) from error
    finally:
        if file.parent.is_dir():
            fresh.unlink(missing_ok=True)
    return open_store(file)


def open_store(path: str | Path, read_only: bool = False) -> SqliteStore:
    """Open a project's database, brought up to date if need be (after a backup).

    Where file or folder cannot be written it is opened for reading only, which `read_only` says.

    Parameters
    ----------
    path : str or Path
        The database file, or its folder.

    Raises
    ------
    ProjectError
        There is no project.
    StoreError
        It is damaged, locked, or made by a newer version.
    """
    file = _database(path)
    if not file.is_file():
        raise ProjectError(
            f"{file.parent} is not a MotionLens project",
            f"it has no {file.name}",
            f"Make one with: motionlens new {file.parent}",
        )
    connection = connect(file, read_only)
    try:
        _require_ours(connection)
        connection = _brought_up_to_date(connection)
    except BaseException:
        connection.close()
        raise
    return SqliteStore(connection)


def _database(path: str | Path) -> Path:
    given = Path(path)
    return given / "project.db" if given.is_dir() else given


def _require_ours(connection: Connection) -> None:
    mark = connection.value("PRAGMA application_id")
    if mark != APPLICATION_ID:
        raise errors.damaged(
            connection.path, f"{connection.path} cannot be opened", "it is no MotionLens database"
        )
    found = migrations.schema_of(connection)
    if found > migrations.SCHEMA:
        raise errors.newer(connection.path, found, migrations.SCHEMA)


def _brought_up_to_date(connection: Connection) -> Connection:
    if migrations.schema_of(connection) == migrations.SCHEMA:
        return connection
    if connection.read_only:
        connection.close()
        copy = connect_copy(connection.path)
        copy.read_only = False
        migrations.migrate(copy)
        copy.read_only = True
        return copy
    folder = connection.path.parent / "backups"
    backup.make_backup(connection, folder, "before-migration")
    migrations.migrate(connection)
    return connection
