"""What can go wrong with a file is told in words, and nothing that was saved is lost."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest

from motionlens.domain.decision import Decision
from motionlens.domain.errors import ProjectError, StoreError
from motionlens.store import SqliteStore, create_store, migrations, open_store
from motionlens.store import connection as connections


def test_a_full_disk_loses_nothing(store: SqliteStore, ids: list[str]) -> None:
    store.decide(ids[:1], Decision.KEEP, "ann")
    raw = store.connection.raw
    pages = raw.execute("PRAGMA page_count").fetchone()[0]
    raw.execute(f"PRAGMA max_page_count = {pages}")
    saved = 1
    told = ""
    for _ in range(1000):
        try:
            store.decide(ids, Decision.EXCLUDE, "ann", note="n" * 500)
        except StoreError as error:
            told = error.sentence()
            break
        saved += len(ids)
    assert "is full" in told
    assert "what was saved before is safe" in told
    assert not raw.in_transaction
    assert len(store.events()) == saved
    raw.execute("PRAGMA max_page_count = 1000000")
    store.decide(ids[:1], Decision.UNSURE, "ann")
    store.close()
    with open_store(store.path) as again:
        assert len(again.events()) == saved + 1
        assert again.check() == []


def test_a_locked_project_is_told_and_nothing_is_saved(store: SqliteStore, ids: list[str]) -> None:
    store.connection.raw.execute("PRAGMA busy_timeout = 50")
    other = sqlite3.connect(store.path, isolation_level=None)
    try:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="nother program kept the project locked"):
            store.decide(ids[:1], Decision.KEEP, "ann")
        assert store.events() == []
        other.execute("ROLLBACK")
    finally:
        other.close()
    assert store.decide(ids[:1], Decision.KEEP, "ann").changed == 1


def test_waiting_lasts_ten_seconds(store: SqliteStore) -> None:
    assert store.connection.value("PRAGMA busy_timeout") == 10_000
    assert store.connection.value("PRAGMA synchronous") == 2
    assert store.connection.value("PRAGMA journal_mode") == "wal"
    assert store.connection.value("PRAGMA foreign_keys") == 1


@pytest.mark.parametrize("content", [b"", b"hello, I am a text\n" * 500, b"SQLite format 3\0"])
def test_a_foreign_file_is_told(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "project.db"
    file.write_bytes(content)
    with pytest.raises(StoreError, match=r"no database|no MotionLens"):
        open_store(file)


def test_another_programs_database_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "project.db"
    other = sqlite3.connect(file)
    other.execute("CREATE TABLE theirs (x)")
    other.close()
    with pytest.raises(StoreError, match="no MotionLens database"):
        open_store(file)


def test_a_damaged_page_is_told_by_reading_and_by_check(store: SqliteStore, ids: list[str]) -> None:
    for _ in range(30):
        store.decide(ids, Decision.EXCLUDE, "ann", note="n" * 200)
    root = store.connection.value("SELECT rootpage FROM sqlite_master WHERE name = 'events'")
    store.close()
    with store.path.open("rb+") as file:
        file.seek((root - 1) * 4096)
        file.write(b"\xa5" * 4096)
    with open_store(store.path) as damaged:
        for repair in (False, True):
            problems = damaged.check(repair)
            assert problems
            assert not any(repaired for _, _, repaired in problems)
        with pytest.raises(StoreError, match=r"damaged.*restore"):
            damaged.events()
        with pytest.raises(StoreError, match="damaged"):
            damaged.decide(ids[:1], Decision.KEEP, "ann")
        assert len(damaged.clips()) == 40


def test_a_damaged_index_is_mended(store: SqliteStore, ids: list[str]) -> None:
    store.decide(ids, Decision.EXCLUDE, "ann")
    raw = store.connection.raw
    root = store.connection.value(
        "SELECT rootpage FROM sqlite_master WHERE name = 'idx_events_clip'"
    )
    other = store.connection.value(
        "SELECT rootpage FROM sqlite_master WHERE name = 'idx_clips_role'"
    )
    raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    store.close()
    with store.path.open("rb+") as file:
        file.seek((other - 1) * 4096)
        page = file.read(4096)
        file.seek((root - 1) * 4096)
        file.write(page)
    with open_store(store.path) as damaged:
        assert damaged.check()
        assert all(repaired for _, _, repaired in damaged.check(repair=True))
        assert damaged.check() == []
        assert len(damaged.events(ids[3])) == 1


def test_state_that_drifted_is_found_and_rebuilt(store: SqliteStore, ids: list[str]) -> None:
    store.decide(ids[:3], Decision.EXCLUDE, "ann")
    right = store.decisions()
    store.connection.raw.execute("DELETE FROM state WHERE clip = ?", (ids[0],))
    store.connection.raw.execute("UPDATE steps SET standing = 0")
    found = store.check()
    assert [(where, repaired) for where, _, repaired in found] == [
        ("steps", False), ("state", False)
    ]  # fmt: skip
    assert all(repaired for _, _, repaired in store.check(repair=True))
    assert store.check() == []
    assert store.decisions() == right


def test_a_newer_project_is_refused_with_advice(store: SqliteStore) -> None:
    store.connection.raw.execute(f"PRAGMA user_version = {migrations.SCHEMA + 1}")
    store.close()
    before = store.path.read_bytes()
    for read_only in (False, True):
        with pytest.raises(StoreError, match=r"newer MotionLens.*Update"):
            open_store(store.path, read_only=read_only)
    assert store.path.read_bytes() == before


def test_an_older_project_is_backed_up_and_brought_up_to_date(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make_clip
) -> None:
    newest, schema = migrations.MIGRATIONS, migrations.SCHEMA
    monkeypatch.setattr(migrations, "MIGRATIONS", newest[:2])
    monkeypatch.setattr(migrations, "SCHEMA", 2)
    file = tmp_path / "project.db"
    with create_store(file) as old:
        old.add_clip(make_clip("x"))
        old.decide([make_clip("x").id], Decision.KEEP, "ann")
    monkeypatch.setattr(migrations, "MIGRATIONS", newest)
    monkeypatch.setattr(migrations, "SCHEMA", schema)
    with open_store(file, read_only=True) as seen:
        assert (seen.read_only, seen.schema, seen.trials()) == (True, schema, [])
    assert not list(tmp_path.glob("backups/*"))
    with open_store(file) as new:
        assert (new.schema, new.trials(), len(new.decisions())) == (schema, [], 1)
        names = new.connection.rows("SELECT name FROM _sqlite_migrations ORDER BY id")
        assert [row[0] for row in names] == [step.__name__ for step in newest]
    kept = list(tmp_path.glob("backups/*-before-migration.db"))
    assert len(kept) == 1
    raw = sqlite3.connect(kept[0])
    assert raw.execute("PRAGMA user_version").fetchone()[0] == 2
    raw.close()


def test_a_failing_migration_changes_nothing(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def bad_step(db) -> None:  # type: ignore[no-untyped-def]
        db.execute("CREATE TABLE half (x)")
        raise OSError("no")

    store.close()
    monkeypatch.setattr(migrations, "MIGRATIONS", (*migrations.MIGRATIONS, bad_step))
    monkeypatch.setattr(migrations, "SCHEMA", migrations.SCHEMA + 1)
    with pytest.raises(OSError, match="no"):
        open_store(store.path)
    monkeypatch.undo()
    with open_store(store.path) as again:
        assert again.connection.value("SELECT count(*) FROM sqlite_master WHERE name='half'") == 0
        assert again.schema == migrations.SCHEMA


def test_a_read_only_project_can_be_read(store: SqliteStore, ids: list[str]) -> None:
    store.decide(ids[:2], Decision.KEEP, "ann")
    store.close()
    with open_store(store.path, read_only=True) as seen:
        assert seen.read_only
        assert len(seen.clips()) == 40
        assert set(seen.decisions()) == set(ids[:2])
        assert seen.check() == []
        assert seen.undo_name() == "keep of 2 clips"
        for change in (
            lambda: seen.decide(ids[:1], Decision.EXCLUDE, "ann"),
            seen.undo,
            lambda: seen.save_setting("a", 1),
        ):
            with pytest.raises(StoreError, match="reading only"):
                change()


def test_a_folder_that_refuses_writing_opens_for_reading(
    store: SqliteStore, ids: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    store.close()
    monkeypatch.setattr(connections.os, "access", lambda path, mode: False)
    with open_store(store.path) as seen:
        assert seen.read_only
        assert len(seen.clips()) == 40


def test_immutable_and_private_copy_where_no_shared_memory_can_be_made(
    store: SqliteStore, ids: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A read-only folder (root ignores its permission bits, so SQLite's refusal is played)."""
    store.decide(ids[:1], Decision.KEEP, "ann")
    killed = tmp_path / "killed"
    killed.mkdir()
    for suffix in ("", "-wal"):
        shutil.copy(f"{store.path}{suffix}", killed / f"project.db{suffix}")
    store.close()
    real = connections._prepare

    def refusing(raw: sqlite3.Connection, writing: bool = True) -> None:
        name = raw.execute("PRAGMA database_list").fetchone()[2]
        wal = Path(name + "-wal")
        if not writing and (wal.exists() or not refused):
            refused.append(name)
            error = sqlite3.OperationalError("unable to open database file")
            error.sqlite_errorcode = sqlite3.SQLITE_CANTOPEN
            raise error
        real(raw, writing)

    monkeypatch.setattr(connections, "_prepare", refusing)
    for file in (store.path, killed / "project.db"):
        refused: list[str] = []
        before = sorted(p.name for p in file.parent.iterdir())
        with open_store(file, read_only=True) as seen:
            assert refused
            assert set(seen.decisions()) == {ids[0]}
            with pytest.raises(StoreError, match="reading only"):
                seen.undo()
        assert sorted(p.name for p in file.parent.iterdir()) == before


def test_a_missing_project_and_an_existing_one(store: SqliteStore, tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="not a MotionLens project"):
        open_store(tmp_path / "nothing" / "project.db")
    with pytest.raises(ProjectError, match="already a project"):
        create_store(store.path)
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreError, match="cannot become a project"):
        create_store(tmp_path / "file" / "project.db")
    assert [p.name for p in store.path.parent.iterdir() if p.name.startswith(".")] == []


def test_bugs_are_not_hidden(store: SqliteStore) -> None:
    with pytest.raises(sqlite3.OperationalError, match="no such table"):
        store.connection.rows("SELECT * FROM nowhere")
