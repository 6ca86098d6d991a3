"""Fields to type and choose in: search with icon and key, and a combo with a caret."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QComboBox, QLineEdit

from motionlens.ui.theme import Theme
from motionlens.ui.widgets.chips import CAP, cap_width, paint_key_cap


class SearchField(QLineEdit):
    """A field with a magnifying glass and, while it is empty, the key that leads to it."""

    left = Signal()

    def __init__(self, theme: Theme, hint: str, key: str = "", width: int = 250) -> None:
        super().__init__()
        self._theme, self._key = theme, key
        self.setPlaceholderText(hint)
        self.setAccessibleName(hint)
        self.setFont(theme.font(13))
        self.setTextMargins(24, 0, cap_width(theme, key) if key else 0, 0)
        self.setFixedWidth(width)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        pixmap = self._theme.pixmap("magnifying-glass", "text3", 16, self.devicePixelRatioF())
        painter.drawPixmap(QPointF(10, (self.height() - 16) / 2), pixmap)
        if self._key and not self.text():
            width = cap_width(self._theme, self._key)
            rect = QRectF(self.width() - width - 8, (self.height() - CAP) / 2, width, CAP)
            paint_key_cap(painter, self._theme, rect, self._key)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.clear()
            self.left.emit()
            return
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.left.emit()
            return
        super().keyPressEvent(event)


class Combo(QComboBox):
    """A combo box with the theme's caret."""

    def __init__(self, theme: Theme, name: str) -> None:
        super().__init__()
        self._theme = theme
        self.setFont(theme.font(13, 500))
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        pixmap = self._theme.pixmap("caret-down", "text3", 12, self.devicePixelRatioF())
        painter.drawPixmap(QPointF(self.width() - 22, (self.height() - 12) / 2), pixmap)
