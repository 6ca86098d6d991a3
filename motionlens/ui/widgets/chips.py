"""Key caps and chips."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QWidget

from motionlens.ui.theme import Theme

CAP = 20


def cap_width(theme: Theme, text: str) -> int:
    """How wide a key cap for this text is, px."""
    return max(CAP, QFontMetrics(theme.font(11, 600)).horizontalAdvance(text) + 10)


def paint_key_cap(
    painter: QPainter, theme: Theme, rect: QRectF, text: str, tone: str = "text2",
    edge: str = "edge",
) -> None:  # fmt: skip
    """A key as drawn on buttons and in the sheet: rounded outline, semibold letter."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(theme.color(edge), 1))
    painter.drawRoundedRect(rect.adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
    painter.setPen(theme.color(tone))
    painter.setFont(theme.font(11, 600))
    painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, text)
    painter.restore()


class KeyCap(QWidget):
    """One key."""

    def __init__(self, theme: Theme, text: str, tone: str = "text", edge: str = "edge") -> None:
        super().__init__()
        self._theme, self._text, self._tone, self._edge = theme, text, tone, edge
        self.setFixedSize(cap_width(theme, text), CAP + 2)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        rect = QRectF(0, 0, self.width(), self.height())
        paint_key_cap(painter, self._theme, rect, self._text, self._tone, self._edge)


class Chip(QAbstractButton):
    """A small outlined word with an icon, optionally with an x that takes it away.

    Parameters
    ----------
    closable : bool
        The whole chip then closes on a click, and emits `closed`.
    """

    closed = Signal()

    def __init__(
        self, theme: Theme, text: str, icon: str = "", tone: str = "text2", edge: str = "edge",
        closable: bool = False,
    ) -> None:  # fmt: skip
        super().__init__()
        self._theme, self._icon, self._tone, self._edge = theme, icon, tone, edge
        self._closable = closable
        self.setText(text)
        self.setAccessibleName(text)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus if closable else Qt.FocusPolicy.NoFocus)
        self.clicked.connect(self._click)

    def set_look(self, text: str, icon: str = "", tone: str = "text2", edge: str = "edge") -> None:
        """Change word, icon and colours."""
        self._icon, self._tone, self._edge = icon, tone, edge
        self.setText(text)
        self.setAccessibleName(text)
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        width = QFontMetrics(self._theme.font(12, 600)).horizontalAdvance(self.text()) + 18
        return QSize(width + (18 if self._icon or self._closable else 0), 22)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rect = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setPen(QPen(self._theme.color("accent" if self.hasFocus() else self._edge), 1))
        painter.drawRoundedRect(rect, 4, 4)
        left = 9.0
        icon = "x" if self._closable else self._icon
        if icon:
            ratio = self.devicePixelRatioF()
            pixmap = self._theme.pixmap(icon, self._tone, 14, ratio)
            painter.drawPixmap(QPointF(left - 2, (self.height() - 14) / 2), pixmap)
            left += 16
        painter.setPen(self._theme.color(self._tone))
        painter.setFont(self._theme.font(12, 600))
        area = QRectF(left, 0, self.width() - left, self.height())
        painter.drawText(area, Qt.AlignmentFlag.AlignVCenter, self.text())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self._closable:
            super().mousePressEvent(event)
        else:
            event.ignore()

    def _click(self) -> None:
        if self._closable:
            self.closed.emit()
