"""What a person likes of the window, kept in the user's settings."""

from __future__ import annotations

import os

from PySide6.QtCore import QByteArray, QObject, QSettings, Signal

from motionlens.ui.player.clock import reduced_motion

# Name -> what can be chosen; the first is what holds until something is.
CHOICES: dict[str, tuple[str, ...]] = {
    "size": ("100", "90", "110", "125", "150", "175"),
    "motion": ("system", "reduced", "full"),
    "start": ("playing", "paused"),
    "language": ("system", "en", "tr"),
    "keys": ("qwerty", "qwertz", "azerty"),
}
_SCALE = "QT_SCALE_FACTOR"


class Preferences(QObject):
    """Choices by name; `changed` tells the name of one that was made."""

    changed = Signal(str)

    def __init__(self, settings: QSettings) -> None:
        super().__init__()
        self._settings = settings

    def value(self, name: str) -> str:
        """What is chosen; KeyError for an unknown name."""
        kept, known = str(self._settings.value(f"preferences/{name}") or ""), CHOICES[name]
        return kept if kept in known else known[0]

    def choose(self, name: str, value: str) -> None:
        """From now on; ValueError for what is no choice."""
        if value not in CHOICES[name]:
            raise ValueError(f"{name} cannot be {value!r}")
        if value != self.value(name):
            self._settings.setValue(f"preferences/{name}", value)
            self.changed.emit(name)

    def remember(self, name: str, state: QByteArray) -> None:
        """Keep how something in the window was left."""
        self._settings.setValue(f"window/{name}", state)

    def remembered(self, name: str) -> QByteArray | None:
        """How it was left, if it is known."""
        kept = self._settings.value(f"window/{name}")
        return kept if isinstance(kept, QByteArray) and not kept.isEmpty() else None

    @property
    def calm(self) -> bool:
        """Whether less motion is wanted, by choice or as far as the system says."""
        motion = self.value("motion")
        return reduced_motion() if motion == "system" else motion == "reduced"

    @property
    def start_paused(self) -> bool:
        """Whether a clip that comes on the stage stands still at first."""
        return self.value("start") == "paused" or self.calm


def scale_interface(settings: QSettings) -> None:
    """Make everything larger or smaller, for an application that is not made yet.

    Qt takes the factor from the environment, on top of the screen's own; one that the user has
    set there is kept, and multiplied.
    """
    percent = int(Preferences(settings).value("size"))
    if percent == 100:
        return
    try:
        own = float(os.environ.get(_SCALE) or 1)
    except ValueError:
        own = 1.0
    os.environ[_SCALE] = f"{own * percent / 100:g}"
