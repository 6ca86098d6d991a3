"""What a screen reader is told without being asked: notices, and that a decision is saved."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent

# Who is told more often than this hears nothing to its end.
GAP_S = 5.0


class Announcer(QObject):
    """Speaks politely; of notices at most one in five seconds, the newest.

    Parameters
    ----------
    window : QObject
        The window.
    """

    def __init__(self, window: QObject, now_s: Callable[[], float] = time.monotonic) -> None:
        super().__init__(window)
        self._window, self._now_s = window, now_s
        self._last_s = float("-inf")
        self._waiting = ""
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.timeout.connect(self._say_waiting)

    def decided(self, text: str) -> None:
        """At once: it answers a key."""
        self._speak(text)

    def notice(self, text: str) -> None:
        """Now, or as soon as the last one is five seconds old."""
        wait_s = self._last_s + GAP_S - self._now_s()
        if wait_s <= 0:
            self._last_s = self._now_s()
            self._speak(text)
        else:
            self._waiting = text
            self._later.start(int(1000 * wait_s) + 1)

    def _say_waiting(self) -> None:
        text, self._waiting = self._waiting, ""
        if text:
            self._last_s = self._now_s()
            self._speak(text)

    def _speak(self, text: str) -> None:
        if QAccessible.isActive():
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self._window, text))
