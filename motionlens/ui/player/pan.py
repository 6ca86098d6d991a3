"""The mouse on a stage: a click, the wheel's zoom, and a drag that moves what is seen."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QWidget

from motionlens.domain.clip import Region
from motionlens.session.player import PlayerState

# One notch of a usual wheel; fine wheels add up to it.
_NOTCH = 120
_STILL = 4.0


class PanArea(QWidget):
    """Zooms at the cursor and pans its player.

    Signals
    -------
    clicked
        Pressed and released without moving.
    """

    clicked = Signal()

    def __init__(self, state: PlayerState) -> None:
        super().__init__()
        self.player = state
        self._turned = 0
        self._grabbed: QPointF | None = None
        self._moved = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        state.zoom_changed.connect(self._show_hand)
        state.clip_changed.connect(self._show_hand)

    def picture_rect(self) -> QRectF:
        """Where the frame lies, in px of the widget."""
        return QRectF(self.rect())

    def seen_part(self) -> Region:
        """The part of the clip's frame that lies there."""
        return Region(0.0, 0.0, 1.0, 1.0)

    def wheelEvent(self, event: QWheelEvent) -> None:
        self._turned += event.angleDelta().y()
        notches = int(self._turned / _NOTCH)
        if notches:
            self._turned -= notches * _NOTCH
            self.player.step_zoom(notches, self._point(event.position()))
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        if event.button() is Qt.MouseButton.LeftButton:
            self._grabbed, self._moved = event.position(), False

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._grabbed is None or self.player.zoom is None:
            return
        by = self._grabbed - event.position()
        if not self._moved and by.manhattanLength() < _STILL:
            return
        self._moved, self._grabbed = True, event.position()
        ratio = self.devicePixelRatioF()
        self.player.move_view(by.x() * ratio, by.y() * ratio)
        self.setCursor(Qt.CursorShape.ClosedHandCursor)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        grabbed, self._grabbed = self._grabbed, None
        self._show_hand()
        inside = self.rect().contains(event.position().toPoint())
        if grabbed is not None and not self._moved and inside:
            self.clicked.emit()

    def _point(self, at: QPointF) -> tuple[float, float]:
        """A point of the widget as fractions of the clip's frame."""
        rect, part = self.picture_rect(), self.seen_part()
        if rect.isEmpty():
            return 0.5, 0.5
        x = max(0.0, min(1.0, (at.x() - rect.left()) / rect.width()))
        y = max(0.0, min(1.0, (at.y() - rect.top()) / rect.height()))
        return part.x + x * part.width, part.y + y * part.height

    def _show_hand(self) -> None:
        zoomed = self.player.zoom is not None
        self.setCursor(Qt.CursorShape.OpenHandCursor if zoomed else Qt.CursorShape.ArrowCursor)
