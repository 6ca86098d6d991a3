"""Thin bars: progress, segmented progress, a signed score with its band."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from motionlens.ui.theme import Theme


@dataclass(frozen=True)
class Segment:
    """A part of a bar: how many, in which colour token."""

    count: int
    tone: str


class SegmentedProgress(QWidget):
    """Parts of a whole beside each other; what is left stays ground."""

    def __init__(self, theme: Theme, height: int = 8) -> None:
        super().__init__()
        self._theme = theme
        self._segments: tuple[Segment, ...] = ()
        self._total = 0
        self.setFixedHeight(height)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_segments(self, segments: Sequence[Segment], total: int) -> None:
        """Show these parts of `total`."""
        self._segments, self._total = tuple(segments), total
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        radius = 2.0
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.color("hover"))
        painter.drawRoundedRect(QRectF(self.rect()), radius, radius)
        left = 0.0
        for segment in self._segments:
            width = self.width() * segment.count / max(1, self._total)
            painter.setBrush(self._theme.color(segment.tone))
            painter.drawRect(QRectF(left, 0, width, self.height()))
            left += width


class ThinProgress(QWidget):
    """A bar of 4 px, 0 to 1; below 0 it is unknown and stays empty."""

    def __init__(self, theme: Theme, tone: str = "text2", height: int = 4) -> None:
        super().__init__()
        self._theme, self._tone, self._share = theme, tone, 0.0
        self.setFixedHeight(height)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_share(self, share: float) -> None:
        """How much is done."""
        self._share = share
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(96, self.height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        radius = self.height() / 2
        painter.setBrush(self._theme.color("hover"))
        painter.drawRoundedRect(QRectF(self.rect()), radius, radius)
        if self._share > 0:
            painter.setBrush(self._theme.color(self._tone))
            width = max(self.height(), self.width() * min(1.0, self._share))
            painter.drawRoundedRect(QRectF(0, 0, width, self.height()), radius, radius)


def paint_score_bar(
    painter: QPainter, theme: Theme, rect: QRectF, score: float, most: float,
    band: tuple[float, float] | None = None, from_zero_left: bool = False, tone: str = "",
) -> None:  # fmt: skip
    """A signed bar: zero in the middle (or at the left), colour by sign or by `tone`, band behind
    it."""
    painter.save()
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.color("hover"))
    painter.drawRect(rect)
    most = max(most, 1e-9)
    zero = rect.left() if from_zero_left else rect.center().x()
    scale = rect.width() / most if from_zero_left else rect.width() / (2 * most)
    if band is not None:
        painter.setBrush(theme.color("edge", 150))
        low = max(rect.left(), zero + band[0] * scale)
        high = min(rect.right(), zero + band[1] * scale)
        painter.drawRect(QRectF(low, rect.top(), high - low, rect.height()))
    end = min(rect.right(), max(rect.left(), zero + score * scale))
    painter.setBrush(theme.color(tone or ("pos" if score >= 0 else "neg")))
    painter.drawRect(QRectF(min(zero, end), rect.top(), abs(end - zero), rect.height()))
    painter.restore()


class ScoreBar(QWidget):
    """One signed score; see :func:`paint_score_bar`."""

    def __init__(self, theme: Theme, height: int = 8, from_zero_left: bool = False) -> None:
        super().__init__()
        self._theme, self._left = theme, from_zero_left
        self._score, self._most = 0.0, 1.0
        self._band: tuple[float, float] | None = None
        self.setFixedHeight(height)
        self.setMinimumWidth(40)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_score(self, score: float, most: float, band: tuple[float, float] | None = None) -> None:
        """Show a score on a scale that ends at `most`."""
        self._score, self._most, self._band = score, most, band
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        rect = QRectF(self.rect())
        paint_score_bar(painter, self._theme, rect, self._score, self._most, self._band, self._left)
