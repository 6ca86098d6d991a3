"""Reasons in a word or two, separated by commas, with those used before offered while typing."""

from __future__ import annotations

from PySide6.QtCore import QStringListModel, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QCompleter, QLineEdit, QListView


class TagField(QLineEdit):
    """Enter and Escape lead back to the stage; Tab or Enter in the list takes what it offers."""

    left = Signal()

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self._known = QStringListModel(self)
        self._offer = QCompleter(self._known, self)
        self._list = QListView()
        self._offer.setPopup(self._list)
        self._offer.setWidget(self)
        self._offer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self._offer.setFilterMode(Qt.MatchFlag.MatchContains)
        self._offer.activated.connect(self._take)
        self.textEdited.connect(lambda _text: self._complete())

    def set_known(self, tags: list[str]) -> None:
        """What is offered."""
        self._known.setStringList(tags)

    def tags(self) -> tuple[str, ...]:
        """What is typed, each once."""
        parts = (part.strip() for part in self.text().split(","))
        return tuple(dict.fromkeys(part for part in parts if part))

    def set_tags(self, tags: tuple[str, ...]) -> None:
        """Show these."""
        self.setText(", ".join(tags))
        self.setCursorPosition(0)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        taking = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if self._list.isVisible() and event.key() in (*taking, Qt.Key.Key_Tab):
            self._take(str(self._list.currentIndex().data() or self._offer.currentCompletion()))
            self._list.hide()
        elif event.key() == Qt.Key.Key_Escape and self._list.isVisible():
            self._list.hide()
        elif event.key() in (*taking, Qt.Key.Key_Escape):
            self.left.emit()
        else:
            super().keyPressEvent(event)

    def _complete(self) -> None:
        typed = self.text()[: self.cursorPosition()].rsplit(",", 1)[-1].strip()
        if not typed:
            self._list.hide()
            return
        self._offer.setCompletionPrefix(typed)
        self._offer.complete()
        self._list.setCurrentIndex(self._offer.completionModel().index(0, 0))

    def _take(self, tag: str) -> None:
        before, _, _ = self.text()[: self.cursorPosition()].rpartition(",")
        after = self.text()[self.cursorPosition() :]
        start = f"{before}, " if before else ""
        self.setText(f"{start}{tag}{after}")
        self.setCursorPosition(len(start) + len(tag))
