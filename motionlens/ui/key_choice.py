"""Which keys do what: the table's own, moved for other keyboards, and those a person chose."""

from __future__ import annotations

import json
from dataclasses import replace

from PySide6.QtCore import QSettings
from PySide6.QtGui import QKeySequence

from motionlens.domain.language import say
from motionlens.ui.action_table import TABLE, ActionSpec
from motionlens.ui.actions import Actions
from motionlens.ui.preferences import Preferences

# Letters that change places, so that a hand finds its keys where they lie on QWERTY.
_SWAPS = {"qwerty": "", "qwertz": "YZ", "azerty": "AQWZ"}
_PEDALS = frozenset(f"F{number}" for number in range(13, 19))
# A field or a dialog could not be left, or a button not be pressed.
_REFUSED = ("Esc", "Tab", "Shift+Tab", "Return", "Enter", "Backtab")
_KEPT = "keys/chosen"


class KeyChoice:
    """Gives the action table its keys, now and whenever a choice changes."""

    def __init__(self, actions: Actions, preferences: Preferences, settings: QSettings) -> None:
        self._actions, self._preferences, self._settings = actions, preferences, settings
        self._chosen = self._read()
        preferences.changed.connect(lambda name: self.apply() if name == "keys" else None)
        self.apply()

    def apply(self) -> None:
        """Set every command's keys."""
        for spec in TABLE:
            self._actions.set_keys(spec.id, self._keys(spec))
        self._actions.keys_changed.emit()

    def usual(self, id: str) -> bool:
        """Whether a command has the keys of its keyboard's map."""
        return id not in self._chosen

    def why_not(self, id: str, key: str) -> str:
        """Empty if a command can have a key, else the reason with the other's name."""
        if not key:
            return say("Press a key first")
        if key in _REFUSED:
            return say("{key} is needed to leave fields and to press buttons").format(key=key)
        wanted = QKeySequence(key)
        here = self._actions.specs[id]
        for spec in self._actions:
            same = any(QKeySequence(other) == wanted for other in spec.keys)
            if same and spec.id != id and spec.views & here.views:
                return say("{key} is taken: {other}").format(key=key, other=spec.said)
        return ""

    def choose(self, id: str, key: str) -> str:
        """Give a command one key; what is wrong with it, or empty. Pedals keep theirs."""
        if wrong := self.why_not(id, key):
            return wrong
        self._chosen[id] = key
        self._keep()
        return ""

    def forget(self, id: str | None = None) -> str:
        """Back to the usual keys, of one command or of all; why not, or empty."""
        before = dict(self._chosen)
        if id is None:
            self._chosen.clear()
        else:
            self._chosen.pop(id, None)
            spec = next(spec for spec in TABLE if spec.id == id)
            for key in self._keys(spec):
                if wrong := self.why_not(id, key):
                    self._chosen = before
                    return wrong
        self._keep()
        return ""

    def _keys(self, spec: ActionSpec) -> tuple[str, ...]:
        moved = tuple(_moved(key, _SWAPS[self._preferences.value("keys")]) for key in spec.keys)
        if spec.id not in self._chosen:
            # A key that was given to another command works there alone.
            taken = {key for id, key in self._chosen.items() if _meet(id, spec)}
            return tuple(key for key in moved if key not in taken)
        return (self._chosen[spec.id], *(key for key in spec.keys if key in _PEDALS))

    def _keep(self) -> None:
        self._settings.setValue(_KEPT, json.dumps(self._chosen))
        self.apply()

    def _read(self) -> dict[str, str]:
        try:
            kept = json.loads(str(self._settings.value(_KEPT) or "{}"))
        except ValueError:
            return {}
        known = {spec.id for spec in TABLE}
        pairs = kept.items() if isinstance(kept, dict) else ()
        return {str(id): str(key) for id, key in pairs if id in known}


def swapped(spec: ActionSpec, preset: str) -> ActionSpec:
    """A command with the keys that it has on another keyboard."""
    return replace(spec, keys=tuple(_moved(key, _SWAPS[preset]) for key in spec.keys))


def _meet(id: str, spec: ActionSpec) -> bool:
    return any(other.id == id and other.views & spec.views for other in TABLE)


def _moved(key: str, swaps: str) -> str:
    # With Ctrl or Alt the letters are words (Z for undo), not places.
    if "Ctrl" in key or "Alt" in key:
        return key
    head, plus, letter = key.rpartition("+")
    place = swaps.find(letter) if len(letter) == 1 else -1
    return f"{head}{plus}{swaps[place ^ 1]}" if place >= 0 else key
