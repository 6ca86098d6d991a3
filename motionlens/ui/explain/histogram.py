"""How the library scores: a histogram with the band of chance, and where the focused clip lies."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QVBoxLayout, QWidget

from motionlens.domain.language import say
from motionlens.session.explain_words import Spread
from motionlens.ui.theme import Theme
from motionlens.ui.widgets import ElidedLabel, label, row

HEIGHT = 108


class Histogram(QWidget):
    """Bars as high as the square root of their count, so that single clips are seen."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._spread = Spread((), (), None)
        self._score: float | None = None
        self.setFixedHeight(HEIGHT)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAccessibleName(say("Scores of the library, not known yet"))
        theme.changed.connect(self.update)

    def show_spread(self, spread: Spread) -> None:
        """Show another ranking's scores."""
        self._spread = spread
        if spread.edges:
            self.setAccessibleName(
                say(
                    "Scores of the library, from {n:.2f} to {n2:.2f}",
                    n=spread.edges[0],
                    n2=spread.edges[-1],
                )
            )
        self.update()

    def set_score(self, score: float | None) -> None:
        """Mark the focused clip's score."""
        self._score = score
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        spread, theme = self._spread, self._theme
        if not spread.counts or spread.edges[0] == spread.edges[-1]:
            return
        painter = QPainter(self)
        plot = QRectF(28, 4, self.width() - 38, self.height() - 22)
        top = math.sqrt(max(spread.counts))
        if spread.band is not None:
            low, high = (min(max(self._x(plot, edge), plot.left()), plot.right())
                         for edge in spread.band)  # fmt: skip
            painter.fillRect(QRectF(low, plot.top(), high - low, plot.height()),
                             theme.color("raised"))  # fmt: skip
        for place, count in enumerate(spread.counts):
            if not count:
                continue
            left, right = (self._x(plot, edge) for edge in spread.edges[place : place + 2])
            tall = max(2.0, plot.height() * math.sqrt(count) / top)
            bar = QRectF(left, plot.bottom() - tall, max(1.0, right - left - 1), tall)
            painter.fillRect(bar, theme.color(self._tone(spread.edges[place])))
        self._paint_axis(painter, plot)
        if self._score is not None:
            x = self._x(plot, self._score)
            painter.setPen(QPen(theme.color("accent"), 2))
            painter.drawLine(QPointF(x, plot.top()), QPointF(x, plot.bottom()))

    def _tone(self, score: float) -> str:
        band = self._spread.band
        step = self._spread.edges[1] - self._spread.edges[0]
        if band is None:
            return "text3"
        middle = score + step / 2
        return "pos" if middle >= band[1] else "neg" if middle <= band[0] else "text3"

    def _paint_axis(self, painter: QPainter, plot: QRectF) -> None:
        theme, edges = self._theme, self._spread.edges
        painter.setPen(QPen(theme.color("line"), 1))
        painter.drawLine(plot.bottomLeft(), plot.bottomRight())
        painter.setFont(theme.font(11))
        painter.setPen(theme.color("text2"))
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(QRectF(0, plot.top() - 3, 22, 14), right, str(max(self._spread.counts)))
        centre = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop
        step = _nice((edges[-1] - edges[0]) / 4)
        mark = math.ceil(edges[0] / step) * step
        while mark <= edges[-1]:
            text = f"{mark:+.2g}".replace("-", "\N{MINUS SIGN}") if abs(mark) > step / 2 else "0"
            at = QRectF(self._x(plot, mark) - 28, plot.bottom() + 3, 56, 14)
            painter.drawText(at, centre, text)
            mark += step

    def _x(self, plot: QRectF, score: float) -> float:
        first, last = self._spread.edges[0], self._spread.edges[-1]
        return plot.left() + plot.width() * (score - first) / (last - first)


class LibraryScores(QWidget):
    """The histogram with its title and the three counts."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.plot = Histogram(theme)
        self._counts = {
            key: (label(theme, "", tone, 15, 600), label(theme, text, "text2", 11))
            for key, tone, text in (
                ("below", "neg", say("push away")),
                ("inside", "text2", say("inside chance")),
                ("above", "pos", say("push toward it")),
            )
        }
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        title = ElidedLabel(theme, say("How the library scores"), weight=600)
        scale = ElidedLabel(theme, say("clips, square-root scale"), "text2", 11)
        scale.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        column.addLayout(row(title, scale))
        column.addWidget(self.plot)
        self._numbers = QWidget()
        cells = []
        for number, text in self._counts.values():
            cell = QWidget()
            lines = QVBoxLayout(cell)
            lines.setContentsMargins(0, 0, 0, 0)
            lines.setSpacing(0)
            lines.addWidget(number)
            lines.addWidget(text)
            cells += [cell, None]
        self._numbers.setLayout(row(*cells[:-1]))
        column.addWidget(self._numbers)
        self._notes = label(theme, "", "text2", 12, wrap=True)
        self._notes.setObjectName("explain.notes")
        column.addWidget(self._notes)

    def show_notes(self, notes: Sequence[str]) -> None:
        """What to bear in mind of these scores, a paragraph each."""
        self._notes.setText("\n\n".join(notes))
        self._notes.setVisible(bool(notes))

    def show_spread(self, spread: Spread | None) -> None:
        """Show how a ranking scores; None hides all."""
        self.setVisible(spread is not None and bool(spread.counts))
        if spread is None:
            return
        self.plot.show_spread(spread)
        self._numbers.setVisible(spread.band is not None)
        for key, (number, _) in self._counts.items():
            number.setText(f"{getattr(spread, key) or 0:,}")


def _nice(step: float) -> float:
    power = 10.0 ** math.floor(math.log10(step)) if step > 0 else 1.0
    return next(power * size for size in (1, 2, 5, 10) if power * size >= step * 0.999)
