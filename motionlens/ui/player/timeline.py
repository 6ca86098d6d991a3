"""Motion over the candidate's frames: its curve, the query's at equal phase, playhead and loop.

Painted by hand: three polylines need no plotting library, whose import would triple the time to
the first paint.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import (
    QBrush,
    QColor,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QPolygonF,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from motionlens.domain.clip import MotionSummary
from motionlens.domain.language import say
from motionlens.domain.requests import FrameImage
from motionlens.session.playback import Playback
from motionlens.ui.theme import Theme
from motionlens.ui.words import several

LABELS = 128
SCALE = 26
AXIS = 18
_GRAB = 12


class Timeline(QWidget):
    """Click or drag scrubs; the loop's edges are dragged."""

    def __init__(self, theme: Theme, playback: Playback) -> None:
        super().__init__()
        self._theme, self._playback = theme, playback
        self._curve: tuple[float, ...] = ()
        self._other: tuple[float, ...] = ()
        self._cuts: tuple[int, ...] = ()
        self._repeats: tuple[int, ...] = ()
        self._drag = ""
        self._ground: QPixmap | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(60 + AXIS)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        theme.changed.connect(self._changed)
        playback.candidate.image_changed.connect(self._moved)
        playback.candidate.loop_changed.connect(self._changed)
        playback.candidate.clip_changed.connect(self._changed)

    def show_motion(self, motion: MotionSummary | None, other: MotionSummary | None) -> None:
        """What was measured of the candidate and of the query; None where not analysed."""
        self._curve = motion.curve if motion else ()
        self._cuts = motion.cuts if motion else ()
        self._repeats = motion.repeats if motion else ()
        self._other = other.curve if other else ()
        self.setAccessibleName(self._summary())
        self._changed()

    def sizeHint(self) -> QSize:
        return QSize(400, self.height())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() is not Qt.MouseButton.LeftButton or not self._frames():
            return
        self._drag = self._edge_at(event.position()) or "head"
        self._dragged(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._drag:
            self._dragged(event.position())
        else:
            edge = self._edge_at(event.position()) if self._frames() else ""
            shape = Qt.CursorShape.SizeHorCursor if edge else Qt.CursorShape.ArrowCursor
            self.setCursor(shape)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._drag = ""

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        # All but the playhead stays from frame to frame.
        if self._ground is None or self._ground.devicePixelRatio() != self.devicePixelRatioF():
            self._ground = self._make_ground()
        painter.drawPixmap(0, 0, self._ground)
        if self._frames():
            self._paint_head(painter, self._plot())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._ground = None

    def _make_ground(self) -> QPixmap:
        ratio = self.devicePixelRatioF()
        ground = QPixmap(round(self.width() * ratio), round(self.height() * ratio))
        ground.setDevicePixelRatio(ratio)
        ground.fill(Qt.GlobalColor.transparent)
        painter = QPainter(ground)
        self._paint_ground(painter)
        painter.end()
        return ground

    def _paint_ground(self, painter: QPainter) -> None:
        self._paint_labels(painter)
        frames = self._frames()
        plot = self._plot()
        if frames == 0:
            return
        most = nice_top(usual_top(self._curve), usual_top(self._other))
        self._paint_loop(painter, plot)
        self._paint_scale(painter, plot, most, frames)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_marks(painter, plot)
        if self._other:
            dashed = QPen(self._theme.color("text3"), 1, Qt.PenStyle.CustomDashLine)
            dashed.setDashPattern([4, 3])
            painter.setPen(dashed)
            painter.drawPolyline(_line(self._other, plot, most))
        if self._curve:
            painter.setPen(QPen(self._theme.color("text"), 1.5))
            painter.drawPolyline(_line(self._curve, plot, most, frames))
            self._hatch(painter, plot, len(self._curve), frames)
        else:
            self._hatch(painter, plot, 0, frames)
            painter.setPen(self._theme.color("text2"))
            painter.setFont(self._theme.font(11))
            words = say("Motion not measured yet: Run, Analyse the clips")
            painter.drawText(plot, Qt.AlignmentFlag.AlignCenter, words)

    def _changed(self) -> None:
        self._ground = None
        self.update()

    def _moved(self, image: FrameImage) -> None:
        del image
        self.update()

    def _frames(self) -> int:
        clip = self._playback.candidate.clip
        return clip.frames if clip else 0

    def _plot(self) -> QRectF:
        left = LABELS + SCALE
        return QRectF(left, 6, max(10, self.width() - left - 10), self.height() - AXIS - 8)

    def _x(self, frame: float) -> float:
        plot = self._plot()
        return plot.left() + plot.width() * frame / max(1, self._frames() - 1)

    def _frame_at(self, x: float) -> int:
        plot = self._plot()
        share = (x - plot.left()) / plot.width()
        return max(0, min(round(share * (self._frames() - 1)), self._frames() - 1))

    def _edge_at(self, at: QPointF) -> str:
        loop, state = self._playback.candidate.loop, self._playback.candidate
        if loop is None or state.whole_loop():
            return ""
        x = at.x()
        ends = {"first": abs(x - self._x(loop.first)), "last": abs(x - self._x(loop.last))}
        name = min(ends, key=lambda end: ends[end])
        return name if ends[name] <= _GRAB else ""

    def _dragged(self, at: QPointF) -> None:
        frame, state = self._frame_at(at.x()), self._playback.candidate
        loop = state.loop
        if loop is None:
            return
        if self._drag == "head":
            self._playback.seek(frame)
        elif self._drag == "first":
            state.set_loop(min(frame, loop.last), loop.last)
        else:
            state.set_loop(loop.first, max(frame, loop.first))

    def _paint_labels(self, painter: QPainter) -> None:
        painter.setFont(self._theme.font(12, 600))
        painter.setPen(self._theme.color("text"))
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(QRectF(0, 4, LABELS, 16), left, say("Motion"))
        painter.setFont(self._theme.font(11))
        painter.setPen(self._theme.color("text2"))
        painter.drawText(QRectF(0, 20, LABELS, 15), left, say("px a frame"))
        if self._other:
            painter.drawText(QRectF(0, 35, LABELS, 15), left, say("dashed: query"))
        if marks := self._marks_in_words():
            painter.drawText(QRectF(0, 50, LABELS, 15), left, marks)

    def _paint_loop(self, painter: QPainter, plot: QRectF) -> None:
        state, loop = self._playback.candidate, self._playback.candidate.loop
        if loop is None or state.whole_loop():
            return
        left, right = self._x(loop.first), self._x(loop.last)
        area = QRectF(left, plot.top(), right - left, plot.height())
        painter.fillRect(area, self._theme.color("raised"))
        painter.setPen(QPen(self._theme.color("text3"), 1))
        painter.drawLine(area.topLeft(), area.bottomLeft())
        painter.drawLine(area.topRight(), area.bottomRight())

    def _paint_scale(self, painter: QPainter, plot: QRectF, most: float, frames: int) -> None:
        painter.setPen(QPen(self._theme.color("line"), 1))
        painter.drawLine(plot.topLeft(), plot.bottomLeft())
        painter.drawLine(plot.bottomLeft(), plot.bottomRight())
        painter.setFont(self._theme.font(11))
        painter.setPen(self._theme.color("text2"))
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        box = QRectF(LABELS, plot.top() - 6, SCALE - 6, 14)
        painter.drawText(box, right, f"{most:g}")
        painter.drawText(box.translated(0, plot.height() - 2), right, "0")
        for frame in ticks(frames, plot.width()):
            at = QRectF(self._x(frame) - 24, plot.bottom() + 3, 48, 14)
            painter.drawText(at, Qt.AlignmentFlag.AlignHCenter, str(frame))

    def _paint_marks(self, painter: QPainter, plot: QRectF) -> None:
        """On the axis: a stroke up through the plot for a cut, a dot for a repeated frame."""
        painter.setPen(QPen(self._theme.color("text2"), 1.5))
        for frame in self._cuts:
            x = self._x(frame - 0.5)
            painter.drawLine(QPointF(x, plot.top()), QPointF(x, plot.bottom() + 3))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.color("text2"))
        for frame in self._repeats:
            painter.drawEllipse(QPointF(self._x(frame), plot.bottom()), 2, 2)
        painter.setBrush(Qt.BrushStyle.NoBrush)

    def _hatch(self, painter: QPainter, plot: QRectF, start: int, frames: int) -> None:
        if start >= frames:
            return
        left = self._x(start) if start else plot.left()
        area = QRectF(left, plot.top(), plot.right() - left, plot.height())
        color = QColor(self._theme.color("line"))
        painter.fillRect(area, QBrush(color, Qt.BrushStyle.BDiagPattern))

    def _paint_head(self, painter: QPainter, plot: QRectF) -> None:
        image, clip = self._playback.candidate.image, self._playback.candidate.clip
        if image is None or clip is None or image.clip != clip.id:
            return
        x = self._x(image.frame)
        painter.setPen(QPen(self._theme.color("accent"), 2))
        painter.drawLine(QPointF(x, plot.top() - 2), QPointF(x, plot.bottom()))

    def _summary(self) -> str:
        if not self._curve:
            return say("Motion not measured yet")
        mean = sum(self._curve) / len(self._curve)
        peak = self._curve.index(max(self._curve))
        words = say("Motion: mean {mean} px a frame, most at frame {peak}").format(
            mean=f"{mean:.1f}", peak=peak
        )
        return f"{words}; {marks}" if (marks := self._marks_in_words()) else words

    def _marks_in_words(self) -> str:
        parts = []
        if self._cuts:
            parts.append(f"\N{BOX DRAWINGS LIGHT VERTICAL} {several(len(self._cuts), 'cut')}")
        if self._repeats:
            parts.append(f"\N{BULLET} {several(len(self._repeats), 'repeat')}")
        return "  ".join(parts)


def usual_top(curve: Sequence[float]) -> float:
    """The highest value, leaving out the few spikes of cuts, which would flatten all the rest."""
    if not curve:
        return 0.0
    usual = sorted(curve)[max(0, int(len(curve) * 0.95) - 1)]
    return min(max(curve), usual * 1.3)


def nice_top(*values: float) -> float:
    """The end of a scale: 1, 2, 4, 5 or 8 times a power of ten, at least as high as all values."""
    most = max(values)
    if most <= 0.5:
        return 0.5
    power = 10.0 ** math.floor(math.log10(most))
    return next(step * power for step in (1, 2, 4, 5, 8, 10) if step * power >= most * 0.999)


def ticks(frames: int, width: float) -> range:
    """Frame numbers under the axis, not nearer than 56 px."""
    fewest = max(1, frames) * 56 / max(1.0, width)
    step = next(
        (s * p for p in (1, 10, 100, 1000, 10000) for s in (1, 2, 5) if s * p >= fewest), 100_000
    )
    return range(0, frames, step)


def _line(
    curve: Sequence[float], plot: QRectF, most: float, frames: int | None = None
) -> QPolygonF:
    # Without `frames` the curve is stretched over the plot: the query at equal phase.
    steps = max(1, (frames or len(curve)) - 1)
    shown = curve[: frames or len(curve)]
    return QPolygonF(
        [
            QPointF(
                plot.left() + plot.width() * n / steps,
                plot.bottom() - plot.height() * min(value, most) / most,
            )
            for n, value in enumerate(shown)
        ]
    )
