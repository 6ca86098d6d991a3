"""What leaving clips out does to the loss of queries: a row a group, beside a random set."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from motionlens.domain.language import say
from motionlens.session.explain_words import EffectRow, true_minus
from motionlens.ui.theme import Theme

_ROW = 26
_NAME, _NUMBER = 132, 62


class ForestPlot(QWidget):
    """Dot and line: measured, with its interval over the queries. Ring: predicted. Grey: what a
    random set of equal size does."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._rows: tuple[EffectRow, ...] = ()
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setVisible(False)
        theme.changed.connect(self.update)

    def show_rows(self, rows: Sequence[EffectRow]) -> None:
        """Show these groups; none hides the plot."""
        self._rows = tuple(rows)
        self.setVisible(bool(rows))
        self.setFixedHeight(_ROW * len(self._rows) + 18)
        self.setAccessibleName(
            "; ".join(
                say(
                    "{name}: {measured:+.2f} % measured, {predicted:+.2f} % predicted,"
                    " {random:+.2f} % without a random set",
                    name=row.name,
                    measured=row.measured,
                    predicted=row.predicted,
                    random=row.random,
                )
                for row in self._rows
            )
        )
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        if not self._rows:
            return
        painter, theme = QPainter(self), self._theme
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        plot = QRectF(_NAME, 0, self.width() - _NAME - _NUMBER - 8, _ROW * len(self._rows))
        most = 1.15 * max(abs(value) for row in self._rows for value in _values(row)) or 1.0

        def x(value: float) -> float:
            return plot.center().x() + plot.width() / 2 * value / most

        painter.setPen(QPen(theme.color("line"), 1))
        painter.drawLine(QPointF(x(0), plot.top()), QPointF(x(0), plot.bottom()))
        for place, row in enumerate(self._rows):
            self._paint_row(painter, row, place * _ROW + _ROW / 2, x)
        painter.setFont(theme.font(11))
        painter.setPen(theme.color("text2"))
        for value in (-most / 1.15, 0.0, most / 1.15):
            text = true_minus(f"{value:+.1g} %") if value else "0"
            at = QRectF(x(value) - 34, plot.bottom() + 2, 68, 14)
            painter.drawText(at, Qt.AlignmentFlag.AlignCenter, text)

    def _paint_row(self, painter: QPainter, row: EffectRow, y: float, x) -> None:  # type: ignore[no-untyped-def]
        theme = self._theme
        tone = theme.color("pos" if row.measured > 0 else "neg")
        painter.setFont(theme.font(12))
        painter.setPen(theme.color("text"))
        name = painter.fontMetrics().elidedText(
            row.name, Qt.TextElideMode.ElideRight, _NAME - 10
        )  # fmt: skip
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(QRectF(0, y - _ROW / 2, _NAME - 8, _ROW), left, name)
        painter.fillRect(QRectF(x(row.random) - 5, y - 6, 10, 12), theme.color("text3", 150))
        painter.setPen(QPen(tone, 2))
        if row.interval is not None:
            painter.drawLine(QPointF(x(row.interval[0]), y), QPointF(x(row.interval[1]), y))
        painter.setBrush(tone)
        painter.drawEllipse(QPointF(x(row.measured), y), 3.5, 3.5)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(theme.color("text2"), 1.5))
        painter.drawEllipse(QPointF(x(row.predicted), y), 4.5, 4.5)
        painter.setFont(theme.font(12, 600))
        painter.setPen(theme.color("text"))
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        at = QRectF(self.width() - _NUMBER, y - _ROW / 2, _NUMBER, _ROW)
        painter.drawText(at, right, true_minus(f"{row.measured:+.2f} %"))


def _values(row: EffectRow) -> tuple[float, ...]:
    return (row.predicted, row.measured, row.random, *(row.interval or ()))
