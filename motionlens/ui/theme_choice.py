"""Dark, light, or as the system has it; switched while the window is open."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject, QSettings, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from motionlens.ui.actions import Actions
from motionlens.ui.theme import Theme

CHOICES = ("system", "dark", "light")
_KEY = "theme"


class ThemeChoice(QObject):
    """Keeps the choice in the user's settings and dresses the application by it."""

    def __init__(self, theme: Theme, settings: QSettings, parent: QObject) -> None:
        super().__init__(parent)
        self._theme, self._settings = theme, settings
        kept = str(settings.value(_KEY) or "")
        self.choice = kept if kept in CHOICES else CHOICES[0]
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._dress)
        self._dress()

    def register(self, actions: Actions) -> None:
        """Give the table its theme commands."""
        for choice in CHOICES:
            run: Callable[[], object] = partial(self.choose, choice)
            actions.handle(f"theme.{choice}", run, checked=partial(self._is, choice))

    def choose(self, choice: str) -> None:
        """`system`, `dark` or `light`, from now on."""
        self.choice = choice
        self._settings.setValue(_KEY, choice)
        self._dress()

    def _is(self, choice: str) -> bool:
        return self.choice == choice

    def _dress(self, *_: object) -> None:
        app = QApplication.instance()
        if isinstance(app, QApplication):
            self._theme.set_scheme(self._scheme(), app)

    def _scheme(self) -> str:
        if self.choice != "system":
            return self.choice
        light = QGuiApplication.styleHints().colorScheme() is Qt.ColorScheme.Light
        # A system that does not say which gets the dark one, which suits pictures.
        return "light" if light else "dark"
