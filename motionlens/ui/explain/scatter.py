"""Two queries compared: what each clip scores for one against the other."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from motionlens.domain.language import say
from motionlens.session.explain_words import true_minus
from motionlens.ui.theme import Theme

_NEAR = 12.0


class Scatter(QWidget):
    """One dot a clip; clips in the upper right push toward both motions.

    Signals
    -------
    chosen : str
        The clip whose dot was clicked.
    """

    chosen = Signal(str)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._points: dict[str, tuple[float, float]] = {}
        self._names = ("", "")
        self._focused = ""
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setMinimumHeight(240)
        self.setAccessibleName(say("Two queries compared"))
        theme.changed.connect(self.update)

    def show_points(
        self, points: Mapping[str, tuple[float, float]], names: tuple[str, str]
    ) -> None:
        """Cosines of each clip with the two queries, and the queries' names."""
        self._points, self._names = dict(points), names
        both = sum(a > 0 and b > 0 for a, b in points.values())
        self.setAccessibleDescription(
            say(
                "{n} across, {n2} up; {both} of {n3} clips push toward both",
                n=names[0],
                n2=names[1],
                both=both,
                n3=len(points),
            )
        )
        self.update()

    def focus_clip(self, clip: str) -> None:
        """Ring one clip's dot."""
        self._focused = clip
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        at = event.position()
        near = {clip: (self._at(point) - at).manhattanLength()
                for clip, point in self._points.items()}  # fmt: skip
        clip = min(near, key=lambda key: near[key], default="")
        if clip and near[clip] <= _NEAR:
            self.chosen.emit(clip)

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        painter, theme, plot = QPainter(self), self._theme, self._plot()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme.color("line"), 1))
        painter.drawRect(plot)
        zero = self._at((0.0, 0.0))
        painter.drawLine(QPointF(zero.x(), plot.top()), QPointF(zero.x(), plot.bottom()))
        painter.drawLine(QPointF(plot.left(), zero.y()), QPointF(plot.right(), zero.y()))
        painter.setPen(Qt.PenStyle.NoPen)
        for a, b in self._points.values():
            tone = "pos" if a > 0 and b > 0 else "neg" if a < 0 and b < 0 else "text3"
            painter.setBrush(theme.color(tone, 190))
            painter.drawEllipse(self._at((a, b)), 3, 3)
        if self._focused in self._points:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(theme.color("accent"), 2))
            painter.drawEllipse(self._at(self._points[self._focused]), 6, 6)
        painter.setFont(theme.font(11))
        painter.setPen(theme.color("text2"))
        metrics, middle = painter.fontMetrics(), Qt.AlignmentFlag.AlignCenter
        across = metrics.elidedText(self._names[0], Qt.TextElideMode.ElideRight, int(plot.width()))
        painter.drawText(QRectF(plot.left(), plot.bottom() + 18, plot.width(), 16), middle, across)
        painter.save()
        painter.translate(8, plot.center().y())
        painter.rotate(-90)
        up = metrics.elidedText(self._names[1], Qt.TextElideMode.ElideRight, int(plot.height()))
        painter.drawText(QRectF(-plot.height() / 2, -8, plot.height(), 16), middle, up)
        painter.restore()
        most = true_minus(f"{self._most():.2g}")
        for value, place in ((f"\N{MINUS SIGN}{most}", plot.left()), ("0", zero.x()),
                             (f"+{most}", plot.right())):  # fmt: skip
            painter.drawText(QRectF(place - 26, plot.bottom() + 3, 52, 14), middle, value)

    def _most(self) -> float:
        values = [abs(value) for point in self._points.values() for value in point]
        return max(values, default=1.0) or 1.0

    def _plot(self) -> QRectF:
        side = min(self.width() - 60, self.height() - 52)
        left = 30 + max(0.0, (self.width() - 60 - side) / 2)
        return QRectF(left, 8, side, side)

    def _at(self, point: tuple[float, float]) -> QPointF:
        plot, most = self._plot(), 1.05 * self._most()
        return QPointF(
            plot.center().x() + plot.width() / 2 * point[0] / most,
            plot.center().y() - plot.height() / 2 * point[1] / most,
        )
