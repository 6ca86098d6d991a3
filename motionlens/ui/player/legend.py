"""What stands on a frame: its number, legends of the overlays, the zoom, and the timing corner."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetrics, QLinearGradient, QPainter

from motionlens.domain.language import say
from motionlens.domain.requests import FrameImage
from motionlens.operations.influence_layer import AWAY, TOWARD
from motionlens.session.timing import Timing
from motionlens.ui import words
from motionlens.ui.player.wheel import wheel_pixmap
from motionlens.ui.theme import Theme

# Black at 73 %: text on it is readable over a white frame.
PLATE = QColor(0, 0, 0, 186)
_WORDS = QColor(255, 255, 255)
_QUIET = QColor(200, 200, 206)
_MIDDLE = Qt.AlignmentFlag.AlignVCenter
_NAMES = {"flow": "Flow", "mask": "Mask", "tracks": "Tracks", "arrows": "Arrows"}
_MARGIN, _PAD, _GAP, _HEIGHT = 8.0, 9.0, 14.0, 44.0

_Part = tuple[float, Callable[[QPainter, QPointF], None]]


def plate(painter: QPainter, rect: QRectF) -> None:
    """The dark ground of words on a frame."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(PLATE)
    painter.drawRoundedRect(rect, 4, 4)
    painter.restore()


def paint_chip(painter: QPainter, theme: Theme, corner: QPointF, text: str) -> QRectF:
    """One line of words whose lower right corner is given; where it lies."""
    font = theme.font(12, 600)
    width = QFontMetrics(font).horizontalAdvance(text) + 18
    rect = QRectF(corner.x() - width, corner.y() - 20, width, 20)
    plate(painter, rect)
    painter.setFont(font)
    painter.setPen(_WORDS)
    painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, text)
    return rect


def paint_line(painter: QPainter, theme: Theme, area: QRectF, text: str) -> None:
    """One line of words at an area's lower left corner, shortened to its width."""
    metrics = QFontMetrics(theme.font(12))
    shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, int(area.width() - 40))
    rect = QRectF(area.left() + 8, area.bottom() - 28, metrics.horizontalAdvance(shown) + 18, 20)
    plate(painter, rect)
    painter.setFont(theme.font(12))
    painter.setPen(_WORDS)
    painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, shown)


def paint_legend(
    painter: QPainter,
    theme: Theme,
    area: QRectF,
    image: FrameImage,
    influence: float | None = None,
    influence_words: str = "",
) -> None:
    """Scales of what lies on the frame, at an area's upper right corner; what is still being
    computed, with the time that is left.

    `influence` is the share of a cell at full strength; None where there is no map yet, for which
    the words stand.
    """
    parts = _parts(theme, image)
    if "influence" in image.overlays:
        parts.insert(0, _influence(theme, influence, influence_words))
    if not parts:
        return
    width = sum(part[0] for part in parts) + _GAP * (len(parts) - 1) + 2 * _PAD
    rect = QRectF(area.right() - width - _MARGIN, area.top() + _MARGIN, width, _HEIGHT)
    plate(painter, rect)
    at = QPointF(rect.left() + _PAD, rect.top())
    for wide, paint in parts:
        paint(painter, at)
        at += QPointF(wide + _GAP, 0)


def _parts(theme: Theme, image: FrameImage) -> list[_Part]:
    ready = image.overlays - image.pending
    parts: list[_Part] = []
    if "flow" in ready:
        most = max(1, round(image.flow_scale_px))
        parts.append(_wheel(theme, say("0–{most} px", most=most), say("a frame")))
    elif "arrows" in ready:
        parts.append(_wheel(theme, say("Direction"), say("of motion")))
    if "mask" in ready:
        parts.append((106.0, lambda painter, at: _paint_ramp(painter, theme, at)))
    if image.pending:
        names = ", ".join(_NAMES[name] for name in _NAMES if name in image.pending)
        left = words.left(image.pending_s) if image.pending_s >= 1 else say("in a moment")
        parts.append(_two_lines(theme, names, left))
    return parts


def _influence(theme: Theme, scale: float | None, told: str) -> _Part:
    if scale is None:
        return _two_lines(theme, say("Influence"), told)
    return 132.0, lambda painter, at: _paint_signed(painter, theme, at, scale)


def _paint_signed(painter: QPainter, theme: Theme, at: QPointF, scale: float) -> None:
    painter.setFont(theme.font(12, 600))
    painter.setPen(_WORDS)
    painter.drawText(
        QRectF(at.x(), at.y() + 4, 132, 16), _MIDDLE, say("Influence ±{scale:.1g}", scale=scale)
    )
    bar = QRectF(at.x(), at.y() + 21, 132, 5)
    ramp = QLinearGradient(bar.topLeft(), bar.topRight())
    for place, colour in ((0.0, AWAY), (0.5, (110, 110, 114)), (1.0, TOWARD)):
        ramp.setColorAt(place, QColor(*colour))
    painter.fillRect(bar, ramp)
    painter.setFont(theme.font(11))
    painter.setPen(_QUIET)
    words = QRectF(at.x(), bar.bottom() + 1, 132, 15)
    painter.drawText(words, _MIDDLE, "away")
    painter.drawText(words, _MIDDLE | Qt.AlignmentFlag.AlignRight, say("toward the query"))


def _wheel(theme: Theme, first: str, second: str) -> _Part:
    width, lines = _two_lines(theme, first, second)

    def paint(painter: QPainter, at: QPointF) -> None:
        ratio = painter.device().devicePixelRatioF()
        painter.drawPixmap(QPointF(at.x(), at.y() + 5), wheel_pixmap(34, ratio))
        lines(painter, at + QPointF(42, 0))

    return width + 42, paint


def _two_lines(theme: Theme, first: str, second: str) -> _Part:
    strong, plain = theme.font(12, 600), theme.font(11)
    width = max(
        QFontMetrics(strong).horizontalAdvance(first), QFontMetrics(plain).horizontalAdvance(second)
    )

    def paint(painter: QPainter, at: QPointF) -> None:
        painter.setFont(strong)
        painter.setPen(_WORDS)
        painter.drawText(QRectF(at.x(), at.y() + 6, width + 4, 16), _MIDDLE, first)
        painter.setFont(plain)
        painter.setPen(_QUIET)
        painter.drawText(QRectF(at.x(), at.y() + 22, width + 4, 16), _MIDDLE, second)

    return width + 2.0, paint


def _paint_ramp(painter: QPainter, theme: Theme, at: QPointF) -> None:
    painter.setFont(theme.font(12, 600))
    painter.setPen(_WORDS)
    painter.drawText(QRectF(at.x(), at.y() + 6, 106, 16), _MIDDLE, say("Motion mask"))
    bar = QRectF(at.x() + 12, at.y() + 27, 82, 6)
    ramp = QLinearGradient(bar.topLeft(), bar.topRight())
    ramp.setColorAt(0, QColor(72, 72, 76))
    ramp.setColorAt(1, QColor(255, 255, 255))
    painter.fillRect(bar, ramp)
    painter.setFont(theme.font(11))
    painter.setPen(_QUIET)
    painter.drawText(QRectF(at.x(), bar.top() - 5, 10, 16), _MIDDLE, "0")
    painter.drawText(QRectF(bar.right() + 5, bar.top() - 5, 10, 16), _MIDDLE, "1")


def paint_timing(
    painter: QPainter, theme: Theme, area: QRectF, timing: Timing, now_s: float
) -> None:
    """The debug corner, at an area's upper left."""
    last, slow = timing.press_ms()
    asked = say(" of {asked_fps:.1f}", asked_fps=timing.asked_fps) if timing.asked_fps else ""
    rows = (
        (
            say("Dropped"),
            say("{dropped:,} of {n:,}", dropped=timing.dropped, n=timing.dropped + timing.shown),
        ),
        (
            say("Shown"),
            say("{shown_fps:.1f}{asked} a second", shown_fps=timing.shown_fps(now_s), asked=asked),
        ),
        (say("Decode, draw"), say("{cost_ms:.1f} ms", cost_ms=timing.cost_ms)),
        (say("Paint"), say("{paint_ms:.2f} ms", paint_ms=timing.paint_ms())),
        (say("Key to paint"), say("{last:.0f} ms, 95 % below {slow:.0f}", last=last, slow=slow)),
    )
    rect = QRectF(area.left() + 8, area.top() + 8, 252, 10 + 17 * len(rows))
    plate(painter, rect)
    for place, (name, value) in enumerate(rows):
        y = rect.top() + 5 + 17 * place
        painter.setFont(theme.font(11))
        painter.setPen(_QUIET)
        painter.drawText(QRectF(rect.left() + 9, y, 100, 17), _MIDDLE, name)
        painter.setFont(theme.font(11, 600))
        painter.setPen(_WORDS)
        painter.drawText(QRectF(rect.left() + 106, y, 142, 17), _MIDDLE, value)
