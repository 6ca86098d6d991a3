"""What lies over the window for a moment: a dimmed ground with one card on it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QWidget


class Overlay(QWidget):
    """Covers its parent; `Esc` or a click beside the card closes it."""

    def __init__(self, parent: QWidget, dim: int = 150) -> None:
        super().__init__(parent)
        self._under = parent
        self._dim = dim
        self.card = QFrame(self)
        self.card.setProperty("card", "popup")
        parent.installEventFilter(self)
        self.hide()

    def open(self) -> None:
        """Show it over everything else."""
        self.setGeometry(self._under.rect())
        self.place()
        self.show()
        self.raise_()

    def close_overlay(self) -> None:
        """Hide it; focus goes back to the view."""
        self.hide()

    def place(self) -> None:
        """Put the card in the middle; subclasses say where."""
        size = self.card.sizeHint()
        self.card.setGeometry(
            (self.width() - size.width()) // 2, (self.height() - size.height()) // 2,
            size.width(), size.height(),
        )  # fmt: skip

    def paintEvent(self, event: QPaintEvent) -> None:
        QPainter(self).fillRect(self.rect(), QColor(0, 0, 0, self._dim))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if not self.card.geometry().contains(event.position().toPoint()):
            self.close_overlay()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.close_overlay()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and watched is self._under:
            self.setGeometry(self._under.rect())
            if self.isVisible():
                self.place()
        return False
