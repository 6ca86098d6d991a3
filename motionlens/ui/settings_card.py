"""The card of preferences (`Ctrl+,`)."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from motionlens.domain.language import say
from motionlens.ui.actions import Actions
from motionlens.ui.overlays import Overlay
from motionlens.ui.preferences import CHOICES, Preferences
from motionlens.ui.theme import Theme
from motionlens.ui.theme_choice import ThemeChoice
from motionlens.ui.widgets import Button, label, row
from motionlens.ui.widgets.fields import Combo

WIDTH = 560
# Take hold when the window is opened the next time.
LATER = ("size", "language")


class SettingsCard(Overlay):
    """One row a preference: its name, what can be chosen, and what it does."""

    closed = Signal()
    keys_wanted = Signal()

    def __init__(
        self, theme: Theme, actions: Actions, preferences: Preferences, look: ThemeChoice,
        parent: QWidget,
    ) -> None:  # fmt: skip
        super().__init__(parent, dim=150)
        self.setObjectName("settings")
        self._theme, self._preferences, self._look = theme, preferences, look
        self.combos: dict[str, Combo] = {}
        close = Button(theme, icon="x", key="Esc", kind="ghost")
        close.setAccessibleName(say("Close"))
        close.clicked.connect(self.close_overlay)
        keys = Button(theme, say("Change keys"), icon="keyboard")
        keys.setObjectName("settings.keys")
        keys.clicked.connect(self._to_keys)
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(16)
        self._grid.setVerticalSpacing(10)
        self._grid.setColumnStretch(2, 1)
        for name in ("theme", *CHOICES):
            self._add(name)
        self._later = label(theme, "", "text2", 12)
        layout = QVBoxLayout(self.card)
        layout.setContentsMargins(24, 18, 20, 18)
        layout.setSpacing(14)
        title = label(theme, say("Settings"), size=18, weight=600)
        layout.addLayout(row(title, None, close))
        layout.addLayout(self._grid)
        layout.addLayout(row(keys, None, self._later))

    def open(self) -> None:
        for name, combo in self.combos.items():
            with QSignalBlocker(combo):
                combo.setCurrentIndex(combo.findData(self._value(name)))
        self._later.setText("")
        super().open()
        self.combos["theme"].setFocus()

    def place(self) -> None:
        height = self.card.sizeHint().height()
        self.card.setGeometry(
            (self.width() - WIDTH) // 2, (self.height() - height) // 2, WIDTH, height
        )

    def close_overlay(self) -> None:
        super().close_overlay()
        self.closed.emit()

    def _add(self, name: str) -> None:
        title, hint = self._words()[name]
        combo = Combo(self._theme, title)
        combo.setObjectName(f"settings.{name}")
        combo.setAccessibleDescription(hint)
        combo.setMinimumWidth(150)
        for value in self._values(name):
            combo.addItem(self._choices().get(f"{name}.{value}", f"{value} %"), value)
        combo.activated.connect(lambda index, n=name: self._choose(n, combo.itemData(index)))
        self.combos[name] = combo
        place = self._grid.rowCount()
        self._grid.addWidget(label(self._theme, title, weight=500), place, 0)
        self._grid.addWidget(combo, place, 1)
        self._grid.addWidget(label(self._theme, hint, "text2", 12, wrap=True), place, 2)

    def _values(self, name: str) -> tuple[str, ...]:
        if name == "theme":
            return ("system", "dark", "light")
        return tuple(sorted(CHOICES[name], key=int)) if name == "size" else CHOICES[name]

    def _value(self, name: str) -> str:
        return self._look.choice if name == "theme" else self._preferences.value(name)

    def _choose(self, name: str, value: str) -> None:
        if name == "theme":
            self._look.choose(value)
        else:
            self._preferences.choose(name, value)
        self._later.setText(
            say("Takes hold when MotionLens is opened again") if name in LATER else ""
        )

    def _to_keys(self) -> None:
        self.hide()
        self.keys_wanted.emit()

    def _words(self) -> dict[str, tuple[str, str]]:
        return {
            "theme": (say("Theme"), say("Chrome is grey in both, so colour means data.")),
            "size": (say("Interface size"), say("Text and everything round it.")),
            "motion": (
                say("Motion"),
                say("Reduced: clips stand still until you play them."),
            ),
            "start": (say("A clip on the stage"), say("Space plays and pauses.")),
            "language": (say("Language"), say("Of menus, words and hints.")),
            "keys": (
                say("Keyboard"),
                say("Letters keep their places: undo stays beside X."),
            ),
        }

    def _choices(self) -> dict[str, str]:
        return {
            "theme.system": say("As the system"),
            "theme.dark": say("Dark"),
            "theme.light": say("Light"),
            "motion.system": say("As the system"),
            "motion.reduced": say("Reduced"),
            "motion.full": say("Full"),
            "start.playing": say("Plays at once"),
            "start.paused": say("Stands still"),
            "language.system": say("As the system"),
            "language.en": say("English"),
            "language.tr": "Türkçe",
            "keys.qwerty": "QWERTY",
            "keys.qwertz": "QWERTZ",
            "keys.azerty": "AZERTY",
        }
