"""The project's database: the only SQL of the program."""

from motionlens.store.backup import backups, restore_store
from motionlens.store.store import SqliteStore, create_store, open_store

__all__ = ["SqliteStore", "backups", "create_store", "open_store", "restore_store"]
