"""A clip's motion as a small line with its scale, painted by us (a plot library costs more)."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from motionlens.domain.language import say
from motionlens.ui.theme import Theme

# A press that moved less than this is a click.
_DRAG_PX = 4


class MotionCurve(QWidget):
    """Motion in px a frame over the clip's frames; before it is analysed, its frames alone.

    Signals
    -------
    span_dragged : int, int
        First and last frame of a span that was drawn on it.
    clicked : int
        A frame that was clicked.
    """

    span_dragged = Signal(int, int)
    clicked = Signal(int)

    def __init__(self, theme: Theme, height: int = 74) -> None:
        super().__init__()
        self._theme = theme
        self._curve: tuple[float, ...] = ()
        self._frames = 0
        self._draggable = False
        self._pressed: float | None = None
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

    def set_frames(self, frames: int) -> None:
        """How many frames the clip has, where its motion is not known."""
        self._frames = frames
        if not self._curve:
            self.setAccessibleName(say("Motion: not analysed yet"))
        self.update()

    def set_draggable(self) -> None:
        """A span can be drawn on it."""
        self._draggable = True
        self.setCursor(Qt.CursorShape.IBeamCursor)
        self.setToolTip(say("Drag over the frames that are meant; a click goes to a frame"))

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

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self._draggable and self._count > 1 and event.button() is Qt.MouseButton.LeftButton:
            self._pressed = event.position().x()
        else:
            super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._pressed is not None and self._moved(event):
            self.set_span(self._between(event))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._pressed is None:
            super().mouseReleaseEvent(event)
            return
        first, last = self._between(event)
        if self._moved(event):
            self.span_dragged.emit(first, last)
        else:
            self.clicked.emit(first)
        self._pressed = None

    def _moved(self, event: QMouseEvent) -> bool:
        return abs(event.position().x() - (self._pressed or 0.0)) >= _DRAG_PX

    def _between(self, event: QMouseEvent) -> tuple[int, int]:
        ends = sorted((self._frame_at(self._pressed or 0.0), self._frame_at(event.position().x())))
        return ends[0], ends[1]

    def _frame_at(self, x: float) -> int:
        rect = self._area()
        share = (x - rect.left()) / max(1.0, rect.width())
        return max(0, min(self._count - 1, round(share * (self._count - 1))))

    @property
    def _count(self) -> int:
        return len(self._curve) or self._frames

    def _area(self) -> QRectF:
        return QRectF(22, 6, self.width() - 34, self.height() - 24)

    def paintEvent(self, event: QPaintEvent) -> None:
        count = self._count
        if count < 2:
            return
        theme = self._theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rect = self._area()
        most = max(*self._curve, 0.5) if self._curve else 0.0
        if self._span is not None:
            ends = [rect.left() + rect.width() * at / (count - 1) for at in self._span]
            shade = QRectF(ends[0], rect.top() - 2, ends[1] - ends[0], rect.height() + 2)
            painter.fillRect(shade, theme.color("raised"))
            painter.setPen(QPen(theme.color("text2"), 1.5))
            painter.drawLine(shade.topLeft(), shade.bottomLeft())
            painter.drawLine(shade.topRight(), shade.bottomRight())
        painter.setFont(theme.font(11))
        painter.setPen(theme.color("text2"))
        if not self._curve:
            middle = Qt.AlignmentFlag.AlignCenter
            painter.drawText(rect, middle, say("Motion: not analysed yet"))
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        top = f"{most:.0f}" if most >= 1 else f"{most:.1f}"
        for text, y in ((top, rect.top()), ("0", rect.bottom())) if self._curve else ():
            painter.drawText(QRectF(0, y - 7, 16, 14), right, text)
        centre = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop
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
        painter.drawPolyline(QPolygonF(points))  # nothing, where there is no curve
        if self._head is not None and self._head < count:
            x = rect.left() + rect.width() * self._head / (count - 1)
            painter.setPen(QPen(theme.color("accent"), 1.5))
            painter.drawLine(QPointF(x, rect.top() - 2), QPointF(x, rect.bottom()))
