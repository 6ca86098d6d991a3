"""The Train view: the form at the left, the live run and all runs at the right."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QModelIndex, Qt, QTimer
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from motionlens.domain.language import say
from motionlens.domain.run import RunInfo, RunState
from motionlens.session.runs import LIVE
from motionlens.ui import words
from motionlens.ui.context import WindowContext
from motionlens.ui.tables.runs_table import LOOKS, RunsTable, RunsView
from motionlens.ui.train.form import WIDTH, TrainForm
from motionlens.ui.train.loss_plot import LossPlot
from motionlens.ui.widgets import (
    Chip,
    ElidedLabel,
    EmptyState,
    NoticeStack,
    ThinProgress,
    action_button,
    label,
    line,
    row,
)
from motionlens.ui.widgets.labels import IconLabel

LIVE_MS, IDLE_MS = 1000, 6000


class TrainView(QWidget):
    """On exactly what, how, how far, and what came of it."""

    def __init__(self, context: WindowContext) -> None:
        super().__init__()
        self.setObjectName("view.train")
        self._context = context
        self.form = TrainForm(context)
        self.table = RunsTable(context.theme)
        self.runs = RunsView(context.theme, self.table)
        self.runs.selectionModel().currentRowChanged.connect(self._chosen)
        area = QScrollArea()
        area.setAccessibleName(say("What to train on, and how"))
        area.setWidget(self.form)
        area.setWidgetResizable(True)
        area.setFixedWidth(WIDTH)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.stack = QStackedWidget()
        self._live = self._make_live()
        self.empty = EmptyState(
            context.theme,
            say("No run yet"),
            say(
                "A run trains the model again on the clips that are approved. Its loss, its"
                " state and"
                " what came of it are shown here."
            ),
            icon="chart-line",
            hint=say("Choose how at the left, then Start run"),
        )
        self.stack.addWidget(self._live)
        self.stack.addWidget(self.empty)
        right = QVBoxLayout()
        right.setContentsMargins(18, 12, 18, 10)
        right.setSpacing(10)
        right.addWidget(NoticeStack(context.theme, context.notices, "train"))
        right.addWidget(self.stack, 1)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(area)
        layout.addWidget(line(vertical=True))
        layout.addLayout(right, 1)
        self._timer = QTimer(self)
        self._timer.timeout.connect(context.runs.poll)
        context.runs.changed.connect(self._show)
        context.actions.handle("run.train", self._start, view="train", enabled=self.form.why_not)
        context.actions.handle("run.stop", self._stop, view="train", enabled=self._why_no_stop)
        self._show()

    def panes(self) -> list[QWidget]:
        """In reading order, for F6."""
        return [self.form, self.stack, self.runs]

    def entered(self) -> None:
        """The view is seen: look at once, then regularly."""
        self.form.count()
        self._context.runs.poll()

    def focus_stage(self) -> None:
        """Focus goes to the runs."""
        self.runs.setFocus()

    def close_view(self) -> None:
        """The project is closing."""
        self._timer.stop()

    def _make_live(self) -> QWidget:
        theme = self._context.theme
        self._name = ElidedLabel(theme, "", size=15, weight=600)
        self._name.setSizePolicy(
            self._name.sizePolicy().Policy.Maximum, self._name.sizePolicy().Policy.Fixed
        )
        self._state = Chip(theme, "", "play")
        self._step = label(theme, "", "text2", 13, 500)
        self._left = label(theme, "", "text2", 13)
        stop = action_button(theme, self._context.actions, "run.stop", say("Stop"))
        stop.setObjectName("train.stop")
        self._bar = ThinProgress(theme, "accent", 6)
        self.plot = LossPlot(theme)
        self._why = label(theme, "", "error", 12, wrap=True)
        legend = (
            label(theme, say("raw"), "text3", 12),
            6,
            label(theme, say("smoothed"), "text", 12, 600),
        )
        live = QWidget()
        column = QVBoxLayout(live)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        head = row(
            IconLabel(theme, "activity", "text2", 17), self._name, self._state, self._step, None,
            self._left, stop,
        )  # fmt: skip
        column.addLayout(head)
        column.addWidget(self._bar)
        column.addWidget(self._why)
        column.addLayout(
            row(
                label(theme, say("Loss"), weight=600),
                label(theme, say("motion-weighted"), "text2", 12),
                None,
                *legend,
            )
        )
        column.addWidget(self.plot, 3)
        column.addWidget(line())
        self._count = label(theme, "", "text2", 12)
        column.addLayout(row(label(theme, say("Runs"), weight=600), None, self._count))
        column.addWidget(self.runs, 2)
        return live

    def _show(self) -> None:
        state = self._context.runs
        self._timer.start(LIVE_MS if state.live else IDLE_MS)
        self.stack.setCurrentWidget(self._live if state.runs else self.empty)
        self.table.show_runs(state.runs)
        self._count.setText(words.several(len(state.runs), "run"))
        run = state.run(state.current)
        if run is not None:
            self._show_run(run)
            self._select(run)
        self._context.actions.refresh()

    def _show_run(self, run: RunInfo) -> None:
        self._name.setText(run.run)
        icon, tone = LOOKS[run.state]
        self._state.set_look(say(str(run.state)), icon, tone, tone if tone != "text2" else "edge")
        self._step.setText(say("step {step:,} of {steps:,}", step=run.step, steps=run.steps))
        self._left.setText(words.left(self._context.runs.left_s(run)))
        self._bar.set_share(run.step / max(1, run.steps))
        self._why.setText(run.why)
        self._why.setVisible(bool(run.why) and run.state in (RunState.FAILED, RunState.INTERRUPTED))
        losses = self._context.runs.losses.get(run.run)
        if losses is not None:
            self.plot.show_losses(losses, run.steps)

    def _select(self, run: RunInfo) -> None:
        rows = [other.run for other in self.table.runs]
        if run.run in rows and self.runs.currentIndex().row() != rows.index(run.run):
            self.runs.selectRow(rows.index(run.run))

    def _chosen(self, index: QModelIndex, before: QModelIndex) -> None:
        runs = self._context.runs
        if index.isValid() and self.table.runs[index.row()].run != runs.current:
            runs.look_at(self.table.runs[index.row()].run)

    def _start(self) -> None:
        form, rooms = self.form.form(), self._context.project.rooms

        def work(progress: Any, token: Any) -> Any:
            from motionlens.operations.finetune import finetune

            return finetune(
                rooms, model=form.model, method=form.method, include=form.include,
                steps=form.steps, name=form.name, seed=form.seed, batch=form.batch,
                learning_rate=form.learning_rate, detach=True, progress=progress, token=token,
            )  # fmt: skip

        self._context.runs.start(work, form.name)

    def _stop(self) -> None:
        self._context.runs.stop(self._context.runs.current)

    def _why_no_stop(self) -> str:
        run = self._context.runs.run(self._context.runs.current)
        return "" if run is not None and run.state in LIVE else say("no run is going")
