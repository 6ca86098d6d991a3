"""The Trial view: all trials, and the report of the one that is finished."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QGuiApplication, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from motionlens.domain.language import say
from motionlens.domain.trial import TrialReport
from motionlens.session.trials import TrialsState, finished
from motionlens.ui import words
from motionlens.ui.context import WindowContext
from motionlens.ui.theme import Theme
from motionlens.ui.widgets import (
    EmptyState,
    NoticeStack,
    Segment,
    SegmentedProgress,
    SideEntry,
    SideList,
    label,
    line,
    row,
)

SIDE = 264


class IntervalBar(QWidget):
    """The win rate as a dot with its interval, around a line at 50 %."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._rate: float | None = None
        self._interval = (0.0, 1.0)
        self.setFixedHeight(62)

    def show_rate(self, rate: float | None, interval: tuple[float, float]) -> None:
        """Show a rate, 0 to 1; None where nothing was decided."""
        self._rate, self._interval = rate, interval
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = self._theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        left, width, y = 18.0, self.width() - 36.0, 26.0
        painter.setFont(theme.font(12))
        for tenth in range(0, 11, 1):
            x = left + width * tenth / 10
            painter.setPen(QPen(theme.color("line"), 1))
            painter.drawLine(int(x), int(y) - 5, int(x), int(y) + 5)
            if tenth % 2 == 0 or tenth == 5:
                painter.setPen(theme.color("text2"))
                area = QRectF(x - 24, y + 14, 48, 16)
                painter.drawText(area, Qt.AlignmentFlag.AlignCenter, f"{tenth * 10} %")
        painter.setPen(QPen(theme.color("line"), 1))
        painter.drawLine(int(left), int(y), int(left + width), int(y))
        painter.setPen(QPen(theme.color("text"), 1.5))
        middle = left + width / 2
        painter.drawLine(int(middle), 4, int(middle), int(y) + 10)
        if self._rate is None:
            return
        painter.setPen(
            QPen(theme.color("accent"), 4, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap)
        )
        low, high = (left + width * value for value in self._interval)
        painter.drawLine(int(low), int(y), int(high), int(y))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("accent"))
        painter.drawEllipse(QRectF(left + width * self._rate - 7, y - 7, 14, 14))


class TrialView(QWidget):
    """Do people prefer its motion, blind."""

    def __init__(self, context: WindowContext) -> None:
        super().__init__()
        self.setObjectName("view.trial")
        self._context = context
        theme = context.theme
        self.state = TrialsState(context.project, context.hop)
        self.list = SideList(theme)
        self.list.chosen.connect(self.state.choose)
        side = QWidget()
        side.setFixedWidth(SIDE)
        column = QVBoxLayout(side)
        column.setContentsMargins(6, 2, 6, 8)
        column.addWidget(self.list)
        column.addStretch(1)
        self.empty = EmptyState(theme)
        self._report = self._make_report()
        self.stack = QStackedWidget()
        for widget in (self._report, self.empty):
            self.stack.addWidget(widget)
        right = QVBoxLayout()
        right.setContentsMargins(24, 14, 24, 14)
        right.addWidget(NoticeStack(theme, context.notices, "trial"))
        right.addWidget(self.stack, 1)
        self._side, self._line = side, line(vertical=True)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(side)
        layout.addWidget(self._line)
        layout.addLayout(right, 1)
        self.state.changed.connect(self._show)
        self.state.failed.connect(lambda error: context.notices.error(error, panel="trial"))
        self._show()

    def panes(self) -> list[QWidget]:
        """In reading order, for F6."""
        return [self._side, self.stack]

    def entered(self) -> None:
        """The view is seen: count again, since votes may have come from elsewhere."""
        self.state.refresh()

    def focus_stage(self) -> None:
        """Focus goes to the list of trials."""
        self.list.setFocus()

    def _make_report(self) -> QWidget:
        theme = self._context.theme
        self._sentence = label(theme, "", size=18, weight=600, wrap=True)
        self._rate = label(theme, "", size=44, weight=600)
        self._interval = label(theme, "", "text2", wrap=True)
        self._bar = IntervalBar(theme)
        self._shares = SegmentedProgress(theme, 14)
        self._wins = label(theme, "", weight=600)
        self._ties = label(theme, "", "text2")
        self._losses = label(theme, "", "text2")
        self._facts = QGridLayout()
        self._facts.setHorizontalSpacing(24)
        self._facts.setVerticalSpacing(9)
        self._facts.setColumnMinimumWidth(0, 130)
        self._facts.setColumnStretch(1, 1)
        self._values = {}
        for place, name in enumerate(
            (
                say("Base"),
                say("Tuned"),
                say("Pairs"),
                say("Votes"),
                say("Shares of all votes"),
                say("Exact test"),
            )
        ):
            self._values[name] = label(theme, "", weight=600, wrap=True)
            self._facts.addWidget(label(theme, name, "text2"), place, 0)
            self._facts.addWidget(self._values[name], place, 1)
        page = QWidget()
        page.setMaximumWidth(720)
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(14)
        column.addWidget(self._sentence)
        column.addLayout(row(self._rate, self._interval, None, spacing=20))
        column.addWidget(self._bar)
        column.addWidget(self._shares)
        column.addLayout(row(self._wins, None, self._ties, None, self._losses))
        column.addWidget(line())
        column.addLayout(self._facts)
        column.addWidget(line())
        column.addWidget(
            label(
                theme,
                say(
                    "What this does not show: one seed of training and one kind of motion. A"
                    " control"
                    " with as many random clips out says how much of it is the choice of clips."
                ),
                "text2",
                12,
                wrap=True,
            )
        )
        column.addStretch(1)
        return page

    def _show(self) -> None:
        reports = self.state.reports
        entries = [SideEntry("", say("Trials"))] if reports else []
        entries += [
            SideEntry(one.trial, one.trial, "check" if finished(one) else "clock", one.voted_pairs)
            for one in reports
        ]
        self.list.set_entries(entries)
        self.list.set_on(self.state.current)
        self._side.setVisible(bool(reports))
        self._line.setVisible(bool(reports))
        one = self.state.report
        if one is None:
            self._teach(
                say("No trial yet"),
                say(
                    "A trial shows pairs from two models, blind, and asks whose motion is"
                    " better. It is"
                    " set up from the command line after a fine-tune:"
                ),
                f"motionlens trial {self._name()} new --base embedded --tuned RUN",
            )
        elif not finished(one):
            self._teach(
                say(
                    "{trial}: {voted_pairs:,} of {several} voted",
                    trial=one.trial,
                    voted_pairs=one.voted_pairs,
                    several=words.several(one.pairs, "pair"),
                ),
                say(
                    "Models and result stay sealed until every pair has a vote. Vote from the"
                    " command"
                    " line:"
                ),
                f"motionlens trial {self._name()} vote {one.trial} PAIR left|right|tie",
            )
        else:
            self._show_report(one)

    def _name(self) -> str:
        return str(self._context.project.folder.root)

    def _teach(self, title: str, text: str, command: str) -> None:
        def copy() -> None:
            QGuiApplication.clipboard().setText(command)

        self.empty.show_state(
            title, text, say("Copy the command"), icon="scales", hint=command, act=copy
        )
        self.stack.setCurrentWidget(self.empty)

    def _show_report(self, one: TrialReport) -> None:
        self.stack.setCurrentWidget(self._report)
        self._sentence.setText(sentence(one))
        rate = "–" if one.win_rate is None else f"{one.win_rate:.0%}".replace("%", " %")
        self._rate.setText(rate)
        low, high = one.ci95
        self._interval.setText(
            say(
                "win rate of decided votes\n95 % interval {n:.0f} to {n2:.0f} %",
                n=low * 100,
                n2=high * 100,
            )
        )
        self._bar.show_rate(one.win_rate, one.ci95)
        total = one.wins + one.ties + one.losses
        self._shares.set_segments(
            [Segment(one.wins, "accent"), Segment(one.ties, "edge"), Segment(one.losses, "hover")],
            total,
        )
        self._wins.setText(say("{wins:,} tuned", wins=one.wins))
        self._ties.setText(say("{ties:,} no difference", ties=one.ties))
        self._losses.setText(say("{losses:,} base", losses=one.losses))
        shares = [
            f"{(share or 0) * 100:.0f} %"
            for share in (one.win_share, one.tie_share, one.loss_share)
        ]
        people = words.several(one.participants, "person", "people")
        for name, value in (
            (say("Base"), one.base),
            (say("Tuned"), one.tuned),
            (say("Pairs"), f"{one.pairs:,}"),
            (
                say("Votes"),
                say("{several} of {people}", several=words.several(total, "vote"), people=people),
            ),
            (say("Shares of all votes"), say("win {}, tie {}, loss {}").format(*shares)),
            (
                say("Exact test"),
                say("p {p_value:.3f}, two-sided, without ties", p_value=one.p_value),
            ),
        ):
            self._values[name].setText(value)


def sentence(one: TrialReport) -> str:
    """What the interval allows to say, and no more."""
    low, high = one.ci95
    if one.win_rate is None:
        return say("Nobody saw a difference")
    if low > 0.5:
        return say("The motion of {tuned} is preferred", tuned=one.tuned)
    if high < 0.5:
        return say("The motion of {base} is preferred", base=one.base)
    return say("No preference can be told apart from chance")
