"""A clip's motion as a small line with its scale, painted by us (a plot library costs more)."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from motionlens.domain.language import say
from motionlens.ui.theme import Theme


class MotionCurve(QWidget):
    """Motion in px a frame over the clip's frames."""

    def __init__(self, theme: Theme, height: int = 74) -> None:
        super().__init__()
        self._theme = theme
        self._curve: tuple[float, ...] = ()
        self._head: int | None = None
        self._span: tuple[int, int] | None = None
        self.setFixedHeight(height)

    def set_curve(self, curve: Sequence[float]) -> None:
        """Show another clip's."""
        self._curve = tuple(curve)
        if self._curve:
            mean = sum(self._curve) / len(self._curve)
            self.setAccessibleName(
                say(
                    "Motion: mean {mean:.1f}, at most {max:.1f} px a frame",
                    mean=mean,
                    max=max(self._curve),
                )
            )
        self.update()

    def set_head(self, frame: int | None) -> None:
        """Mark the frame that is seen; None for none."""
        if frame != self._head:
            self._head = frame
            self.update()

    def set_span(self, span: tuple[int, int] | None) -> None:
        """Shade from one frame to another; None for none."""
        if span != self._span:
            self._span = span
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if len(self._curve) < 2:
            return
        theme = self._theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rect = QRectF(22, 6, self.width() - 34, self.height() - 24)
        most = max(*self._curve, 0.5)
        if self._span is not None:
            ends = [rect.left() + rect.width() * at / (len(self._curve) - 1) for at in self._span]
            shade = QRectF(ends[0], rect.top() - 2, ends[1] - ends[0], rect.height() + 2)
            painter.fillRect(shade, theme.color("raised"))
            painter.setPen(QPen(theme.color("text2"), 1.5))
            painter.drawLine(shade.topLeft(), shade.bottomLeft())
            painter.drawLine(shade.topRight(), shade.bottomRight())
        painter.setFont(theme.font(11))
        painter.setPen(theme.color("text2"))
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        top = f"{most:.0f}" if most >= 1 else f"{most:.1f}"
        painter.drawText(QRectF(0, rect.top() - 7, 16, 14), right, top)
        painter.drawText(QRectF(0, rect.bottom() - 7, 16, 14), right, "0")
        centre = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop
        count = len(self._curve)
        for share in (1 / 3, 2 / 3, 1.0):
            frame = round((count - 1) * share)
            x = rect.left() + rect.width() * share
            painter.drawText(QRectF(x - 24, rect.bottom() + 4, 48, 14), centre, str(frame))
        painter.setPen(QPen(theme.color("line"), 1))
        painter.drawLine(rect.bottomLeft(), rect.bottomRight())
        points = [
            QPointF(
                rect.left() + rect.width() * place / (count - 1),
                rect.bottom() - rect.height() * value / most,
            )
            for place, value in enumerate(self._curve)
        ]
        painter.setPen(QPen(theme.color("text"), 1.4))
        painter.drawPolyline(QPolygonF(points))
        if self._head is not None and self._head < count:
            x = rect.left() + rect.width() * self._head / (count - 1)
            painter.setPen(QPen(theme.color("accent"), 1.5))
            painter.drawLine(QPointF(x, rect.top() - 2), QPointF(x, rect.bottom()))
