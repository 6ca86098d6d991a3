"""Backups hold, are few, and come back."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest

from motionlens.domain.decision import Decision
from motionlens.domain.errors import StoreError
from motionlens.store import SqliteStore, backup, backups, open_store, restore_store


def test_a_backup_holds_everything_and_is_one_file(store: SqliteStore, ids: list[str]) -> None:
    store.decide(ids[:5], Decision.EXCLUDE, "ann")
    file = store.backup()
    assert file.parent == store.path.parent / "backups"
    assert [p.name for p in file.parent.iterdir()] == [file.name]
    with open_store(file, read_only=True) as copy:
        assert copy.events() == store.events()
        assert len(copy.clips()) == 40


def test_old_backups_go_and_reasons_are_counted_apart(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backup, "KEPT", 3)
    first = backup.make_backup(store.connection, store.backups_folder, "before-migration")
    made = [store.backup() for _ in range(5)]
    assert backups(store.backups_folder) == [*reversed(made[2:]), first]


def test_a_daily_backup_is_made_once_a_day(store: SqliteStore) -> None:
    assert store.daily_backup() is not None
    assert store.daily_backup() is None
    assert backup.is_due(store.backups_folder, timedelta(0))


def test_a_backup_that_does_not_hold_is_not_kept(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = backup._copy

    def torn(source, target: Path) -> None:  # type: ignore[no-untyped-def]
        real(source, target)
        os.truncate(target, 8192)

    monkeypatch.setattr(backup, "_copy", torn)
    with pytest.raises(StoreError):
        store.backup()
    assert list(store.backups_folder.iterdir()) == []


def test_restore_brings_back_and_keeps_what_was_there(store: SqliteStore, ids: list[str]) -> None:
    store.decide(ids[:1], Decision.KEEP, "ann")
    file = store.backup()
    store.decide(ids[:9], Decision.EXCLUDE, "ann")
    kept = restore_store(store.path, file)
    assert kept is not None
    assert set(store.decisions()) == {ids[0]}, "a program that has it open sees the restored one"
    assert store.check() == []
    with open_store(kept, read_only=True) as before:
        assert len(before.decisions()) == 9
    assert restore_store(store.path, kept) is not None
    assert len(store.decisions()) == 9


def test_restore_into_a_damaged_project(store: SqliteStore, ids: list[str]) -> None:
    store.decide(ids[:1], Decision.KEEP, "ann")
    file = store.backup()
    store.close()
    store.path.write_bytes(b"rubbish" * 5000)
    aside = restore_store(store.path, file)
    assert aside is not None
    assert aside.read_bytes().startswith(b"rubbish")
    with open_store(store.path) as again:
        assert set(again.decisions()) == {ids[0]}
        assert again.connection.value("PRAGMA journal_mode") == "wal"


def test_a_bad_backup_changes_nothing(store: SqliteStore, ids: list[str], tmp_path: Path) -> None:
    store.decide(ids[:1], Decision.KEEP, "ann")
    (tmp_path / "bad.db").write_bytes(b"x" * 5000)
    for file in (tmp_path / "bad.db", tmp_path / "missing.db"):
        with pytest.raises(StoreError, match="not restored"):
            restore_store(store.path, file)
    assert set(store.decisions()) == {ids[0]}
