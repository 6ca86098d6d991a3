"""What each frame of a clip adds to its influence: bars on both sides of zero."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from motionlens.domain.language import say
from motionlens.session.influence import InfluenceState
from motionlens.session.player import PlayerState
from motionlens.ui.player.timeline import LABELS, SCALE
from motionlens.ui.theme import Theme

HEIGHT = 62


class SignedBars(QWidget):
    """Under a motion curve, on the same axis; there while the influence map is. Click scrubs."""

    def __init__(
        self,
        theme: Theme,
        player: PlayerState,
        influence: InfluenceState,
        seek: Callable[[int], object] | None = None,
        labels: bool = True,
    ) -> None:
        super().__init__()
        self._theme, self._player, self._influence = theme, player, influence
        self._seek, self._left = seek, LABELS + SCALE if labels else 22
        self._bars: tuple[float, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(HEIGHT)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setVisible(False)
        theme.changed.connect(self.update)
        player.image_changed.connect(lambda _image: self.update())
        influence.changed.connect(self.refresh)

    @property
    def bars(self) -> tuple[float, ...]:
        """Shares of the score by frame of the clip."""
        return self._bars

    def refresh(self) -> None:
        """Show the map of the clip on the stage, or nothing."""
        clip = self._player.clip
        layer = self._influence.layer(clip.id) if clip is not None else None
        self._bars = tuple(float(share) for share in layer.per_frame) if layer is not None else ()
        self.setVisible(bool(self._bars))
        if self._bars:
            most = max(range(len(self._bars)), key=lambda n: abs(self._bars[n]))
            told = say("Influence by frame: {total} in all, most at frame {most}")
            self.setAccessibleName(told.format(total=f"{sum(self._bars):+.3f}", most=most))
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(400, HEIGHT)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._scrub(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._scrub(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        if not self._bars:
            return
        painter = QPainter(self)
        plot = self._plot()
        if self._left > SCALE:
            self._paint_labels(painter)
        top = max(abs(share) for share in self._bars) or 1.0
        middle, half = plot.center().y(), plot.height() / 2
        wide = max(1.0, plot.width() / max(1, len(self._bars) - 1) * 0.8)
        colours = self._theme.color("pos"), self._theme.color("neg")
        for frame, share in enumerate(self._bars):
            high = half * abs(share) / top
            box = QRectF(self._x(frame) - wide / 2, middle - (high if share > 0 else 0), wide, high)
            painter.fillRect(box, colours[share < 0])
        painter.setPen(QPen(self._theme.color("line"), 1))
        painter.drawLine(QPointF(plot.left(), middle), QPointF(plot.right(), middle))
        image = self._player.image
        if image is not None:
            painter.setPen(QPen(self._theme.color("accent"), 2))
            x = self._x(image.frame)
            painter.drawLine(QPointF(x, plot.top() - 2), QPointF(x, plot.bottom() + 2))

    def _paint_labels(self, painter: QPainter) -> None:
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        painter.setFont(self._theme.font(12, 600))
        painter.setPen(self._theme.color("text"))
        painter.drawText(QRectF(0, 4, LABELS, 16), left, say("Influence"))
        painter.setFont(self._theme.font(11))
        painter.setPen(self._theme.color("text2"))
        painter.drawText(QRectF(0, 20, LABELS, 15), left, say("by frame"))

    def _scrub(self, event: QMouseEvent) -> None:
        plot, last = self._plot(), len(self._bars) - 1
        if last >= 0 and self._seek is not None:
            share = (event.position().x() - plot.left()) / plot.width()
            self._seek(max(0, min(round(share * last), last)))

    def _plot(self) -> QRectF:
        left = self._left
        return QRectF(left, 6, max(10, self.width() - left - 10), self.height() - 12)

    def _x(self, frame: int) -> float:
        plot = self._plot()
        return plot.left() + plot.width() * frame / max(1, len(self._bars) - 1)
