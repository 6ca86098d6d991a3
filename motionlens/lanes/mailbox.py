"""A mailbox holds the newest letter only: what playback and progress need, bounded by nature."""

from __future__ import annotations

import threading
from typing import Generic, TypeVar

T = TypeVar("T")


class Mailbox(Generic[T]):
    """One slot; a newer letter replaces an older one that nobody took yet."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._letter: T | None = None

    def put(self, letter: T) -> bool:
        """Leave a letter; True if the slot was empty (so the reader must be told)."""
        with self._lock:
            empty = self._letter is None
            self._letter = letter
            return empty

    def take(self) -> T | None:
        """The newest letter, or None; the slot is empty afterwards."""
        with self._lock:
            letter, self._letter = self._letter, None
            return letter
