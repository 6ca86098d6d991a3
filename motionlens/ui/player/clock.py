"""The precise timer behind both players."""

from __future__ import annotations

from PySide6.QtCore import QElapsedTimer, QObject, Qt, QTimer
from PySide6.QtGui import QGuiApplication

from motionlens.session.playback import Playback

# Twice as often as a usual screen shows frames, so that a 30 fps clip is never a whole tick late.
_TICK_MS = 8


class PlayClock(QObject):
    """Ticks a `Playback` while it plays and is on the screen; time comes from a steady clock, so
    a late tick drops frames and never slows them."""

    def __init__(self, playback: Playback, parent: QObject) -> None:
        super().__init__(parent)
        self._playback = playback
        self._elapsed = QElapsedTimer()
        self._elapsed.start()
        self._shown = False
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(_TICK_MS)
        self._timer.timeout.connect(self._tick)
        playback.changed.connect(self._update)

    def set_shown(self, shown: bool) -> None:
        """Nothing plays in a view that is not on the screen."""
        self._shown = shown
        self._update()

    def stop(self) -> None:
        """For good."""
        self._shown = False
        self._timer.stop()

    def _update(self) -> None:
        wanted = self._shown and self._playback.playing
        if wanted and not self._timer.isActive():
            self._timer.start()
        elif not wanted and self._timer.isActive():
            self._timer.stop()
            self._playback.hold()

    def _tick(self) -> None:
        self._playback.tick(self._elapsed.nsecsElapsed() / 1e9)


def reduced_motion() -> bool:
    """Whether the system asks for less motion, as far as Qt can tell."""
    hints = QGuiApplication.styleHints()
    access = hints.accessibility() if hasattr(hints, "accessibility") else None
    preference = getattr(access, "motionPreference", None)
    return preference is not None and "Reduc" in str(preference())
