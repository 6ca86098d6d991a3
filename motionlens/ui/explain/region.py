"""The box on a query: drawn by the mouse over its stage, moved and sized by keys."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from motionlens.domain.clip import Region
from motionlens.domain.language import say
from motionlens.domain.ranking import Part
from motionlens.ui.player.canvas import Canvas
from motionlens.ui.theme import Theme

_STILL = 4.0
_LEAST = 0.02
_STEP = 0.01
_GRAB = 8.0
FIRST = Region(0.25, 0.25, 0.5, 0.5)
# What a key does to x, y, width and height of the box.
NUDGES = {
    "left": (-1, 0, 0, 0), "right": (1, 0, 0, 0), "up": (0, -1, 0, 0), "down": (0, 1, 0, 0),
    "wider": (0, 0, 1, 0), "narrower": (0, 0, -1, 0),
    "taller": (0, 0, 0, 1), "flatter": (0, 0, 0, -1),
}  # fmt: skip


class RegionBand(QWidget):
    """Lies over a stage and is as large; a click goes through to it.

    Signals
    -------
    drawn : Region or None
        When the mouse is let go.
    """

    drawn = Signal(object)

    def __init__(self, theme: Theme, stage: Canvas) -> None:
        super().__init__(stage)
        self._theme, self._stage = theme, stage
        self._region: Region | None = None
        self._from: QPointF | None = None
        self._pressed = QPointF()
        self._edges: tuple[bool, bool] = (True, True)
        self._grip: QPointF | None = None
        self._moved = False
        stage.installEventFilter(self)
        stage.painted.connect(lambda *_: self.update())
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setAccessibleName(say("Box on the query"))
        self.setGeometry(stage.rect())

    def set_region(self, region: Region | None) -> None:
        """Show a box, or none."""
        self._region = region
        self.setAccessibleDescription(Part(region).words)
        self.update()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self.setGeometry(self._stage.rect())
        return False

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self._stage.player.zoom is not None or event.button() is not Qt.MouseButton.LeftButton:
            event.ignore()  # a zoomed frame is moved by the mouse
            return
        self._stage.setFocus(Qt.FocusReason.MouseFocusReason)
        at, box = event.position(), self._box()
        self._pressed, self._from, self._moved = at, at, False
        self._edges, self._grip = (True, True), None
        if box is None:
            return
        for handle, across, edges in _handles(box):
            if (handle - at).manhattanLength() <= _GRAB:  # what lies across stays
                self._from, self._edges = across, edges
                return
        if box.contains(at):
            self._grip = at - box.topLeft()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        at, box = event.position(), self._box()
        if self._from is None:
            event.ignore()
            return
        self._moved |= (at - self._pressed).manhattanLength() >= _STILL
        if not self._moved:
            return
        if self._grip is not None and box is not None:
            picture = self._stage.picture_rect()
            x = min(max(at.x() - self._grip.x(), picture.left()), picture.right() - box.width())
            y = min(max(at.y() - self._grip.y(), picture.top()), picture.bottom() - box.height())
            ends = QPointF(x, y), QPointF(x + box.width(), y + box.height())
        else:
            # A handle in the middle of an edge moves that edge alone.
            ends = self._from, at
            if box is not None and not self._edges[0]:
                ends = QPointF(box.left(), ends[0].y()), QPointF(box.right(), at.y())
            elif box is not None and not self._edges[1]:
                ends = QPointF(ends[0].x(), box.top()), QPointF(at.x(), box.bottom())
        self._region = self._between(*ends)
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._from is None:
            event.ignore()
            return
        self._from = None
        if self._moved:
            self.drawn.emit(self._region)
        else:
            self._stage.clicked.emit()

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        box = self._box()
        if box is None:
            return
        painter = QPainter(self)
        picture = self._stage.picture_rect()
        dim = QColor(0, 0, 0, 120)
        for part in (
            QRectF(picture.left(), picture.top(), picture.width(), box.top() - picture.top()),
            QRectF(picture.left(), box.bottom(), picture.width(), picture.bottom() - box.bottom()),
            QRectF(picture.left(), box.top(), box.left() - picture.left(), box.height()),
            QRectF(box.right(), box.top(), picture.right() - box.right(), box.height()),
        ):
            painter.fillRect(part, dim)
        painter.setPen(QPen(QColor(255, 255, 255), 1.5))
        painter.drawRect(box)
        for handle, _across, _edges in _handles(box):
            painter.fillRect(QRectF(handle.x() - 3, handle.y() - 3, 6, 6), QColor(255, 255, 255))

    def _box(self) -> QRectF | None:
        picture, seen, region = self._stage.picture_rect(), self._stage.seen_part(), self._region
        if region is None or picture.isEmpty():
            return None
        across, down = picture.width() / seen.width, picture.height() / seen.height
        box = QRectF(
            picture.left() + (region.x - seen.x) * across,
            picture.top() + (region.y - seen.y) * down,
            region.width * across,
            region.height * down,
        )
        return box.intersected(picture)

    def _between(self, a: QPointF, b: QPointF) -> Region:
        picture = self._stage.picture_rect()

        def share(at: float, start: float, length: float) -> float:
            return max(0.0, min(1.0, (at - start) / max(1.0, length)))

        xs = sorted(share(p.x(), picture.left(), picture.width()) for p in (a, b))
        ys = sorted(share(p.y(), picture.top(), picture.height()) for p in (a, b))
        wide, high = max(_LEAST, xs[1] - xs[0]), max(_LEAST, ys[1] - ys[0])
        return Region(min(xs[0], 1 - wide), min(ys[0], 1 - high), wide, high)


def _handles(box: QRectF) -> list[tuple[QPointF, QPointF, tuple[bool, bool]]]:
    """Corners and middles of the edges: where, the point across, whether it moves x and y."""
    middle = box.center()
    places = [
        QPointF(x, y)
        for x in (box.left(), middle.x(), box.right())
        for y in (box.top(), middle.y(), box.bottom())
        if (x, y) != (middle.x(), middle.y())
    ]
    return [
        (at, middle + middle - at, (at.x() != middle.x(), at.y() != middle.y())) for at in places
    ]


def nudged(region: Region | None, how: str) -> Region:
    """The box moved or sized by 1 % of the frame, inside it; the first press makes one."""
    if region is None:
        return FIRST
    x, y, wide, high = (
        round(value + _STEP * by, 4)
        for value, by in zip(
            (region.x, region.y, region.width, region.height), NUDGES[how], strict=True
        )
    )
    wide, high = max(_LEAST, min(1.0, wide)), max(_LEAST, min(1.0, high))
    return Region(max(0.0, min(x, 1 - wide)), max(0.0, min(y, 1 - high)), wide, high)
