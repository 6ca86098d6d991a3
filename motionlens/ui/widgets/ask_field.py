"""A small card with one field in it: a number or a name is typed, Enter takes it, Esc leaves."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QFrame, QLineEdit, QVBoxLayout, QWidget

from motionlens.ui.theme import Theme
from motionlens.ui.widgets.labels import label

WIDTH, _MARGIN = 250, 8


class AskField(QFrame):
    """Lies over the lower right corner of its parent.

    Parameters
    ----------
    take : callable
        Given what was typed; gives back what is wrong with it, or empty.

    Signals
    -------
    left
        Closed: whoever had the keys gets them again.
    """

    left = Signal()

    def __init__(
        self, theme: Theme, parent: QWidget, name: str, take: Callable[[str], str]
    ) -> None:
        super().__init__(parent)
        self._over, self._take = parent, take
        self.setProperty("card", "popup")
        self._title = label(theme, name, "text2", 12)
        self.field = _Field(self)
        self.field.setAccessibleName(name)
        self.field.returnPressed.connect(self._done)
        self.field.textEdited.connect(lambda _: self._say(""))
        self._words = label(theme, "", "error", 12, wrap=True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 8, 10, 10)
        layout.setSpacing(4)
        for widget in (self._title, self.field, self._words):
            layout.addWidget(widget)
        self.hide()

    def ask(self, title: str, text: str) -> None:
        """Show the card with a text to begin with, selected."""
        self._title.setText(title)
        self.field.setText(text)
        self.field.selectAll()
        self._say("")
        self.show()
        self.raise_()
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def close_field(self) -> None:
        """Leave without taking anything."""
        if self.isVisible():
            self.hide()
            self.left.emit()

    def _done(self) -> None:
        wrong = self._take(self.field.text().strip())
        if wrong:
            self._say(wrong)
            self.field.selectAll()
        else:
            self.close_field()

    def _say(self, text: str) -> None:
        self._words.setText(text)
        self._words.setVisible(bool(text))
        self.field.setAccessibleDescription(text)
        self.setFixedWidth(min(WIDTH, self._over.width() - 2 * _MARGIN))
        self.adjustSize()
        right, bottom = self._over.width() - _MARGIN, self._over.height() - _MARGIN - 26
        self.move(right - self.width(), max(0, bottom - self.height()))


class _Field(QLineEdit):
    def __init__(self, card: AskField) -> None:
        super().__init__()
        self._card = card

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self._card.close_field()
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if event.reason() is not Qt.FocusReason.ActiveWindowFocusReason:
            self._card.hide()
