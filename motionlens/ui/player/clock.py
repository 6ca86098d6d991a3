"""The precise timer behind both players."""

from __future__ import annotations

import math

from PySide6.QtCore import QElapsedTimer, QObject, Qt, QTimer
from PySide6.QtGui import QGuiApplication

from motionlens.session.playback import Playback

_LEAST_MS, _MOST_MS = 1, 50


class PlayClock(QObject):
    """Ticks a `Playback` whenever a frame is due, while it plays and is on the screen; time comes
    from a steady clock, so a late tick drops frames and never slows them."""

    def __init__(self, playback: Playback, parent: QObject) -> None:
        super().__init__(parent)
        self._playback = playback
        self._elapsed = QElapsedTimer()
        self._elapsed.start()
        self._shown = False
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._tick)
        playback.changed.connect(self._update)
        playback.candidate.image_painted.connect(self._painted)

    @property
    def running(self) -> bool:
        """Whether it ticks."""
        return self._timer.isActive()

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
            self._timer.start(_LEAST_MS)
        elif not wanted and self._timer.isActive():
            self._timer.stop()
            self._playback.hold()

    def _painted(self, image: object) -> None:
        del image
        # A clock that waited for this frame goes on at once.
        if self._playback.every and self._timer.isActive():
            self._timer.start(_LEAST_MS)

    def _tick(self) -> None:
        wait_s = self._playback.tick(self._elapsed.nsecsElapsed() / 1e9)
        if self._shown and self._playback.playing:
            # Rounded up: a tick just before a frame is due would be one for nothing.
            self._timer.start(max(_LEAST_MS, min(_MOST_MS, math.ceil(wait_s * 1000))))


def reduced_motion() -> bool:
    """Whether the system asks for less motion, as far as Qt can tell."""
    hints = QGuiApplication.styleHints()
    access = hints.accessibility() if hasattr(hints, "accessibility") else None
    preference = getattr(access, "motionPreference", None)
    return preference is not None and "Reduc" in str(preference())
