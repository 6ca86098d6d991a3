"""Train's left side: what it trains on, how, and the start."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from shlex import quote

from PySide6.QtCore import QLocale, Qt
from PySide6.QtGui import QDoubleValidator, QGuiApplication, QIntValidator
from PySide6.QtWidgets import (
    QButtonGroup,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from motionlens.domain.language import say, word
from motionlens.domain.run import RunInfo, RunState
from motionlens.ui import words
from motionlens.ui.context import WindowContext
from motionlens.ui.widgets import (
    Button,
    Chip,
    Combo,
    Segment,
    SegmentedProgress,
    action_button,
    label,
    line,
    row,
)

WIDTH = 408
_INCLUDES = (("not-excluded", word("All but the excluded")), ("keep", word("Only the kept")))


@dataclass(frozen=True)
class RunForm:
    """What the form says; a name of "" takes the next free one, a rate of 0 the method's own."""

    name: str
    model: str
    method: str
    steps: int
    batch: int
    learning_rate: float
    seed: int
    include: str


class NumberField(QLineEdit):
    """A whole number; letters and arrows stay in it, as in every field."""

    def __init__(self, low: int, high: int, value: int) -> None:
        super().__init__(str(value))
        self._low, self._high = low, high
        self.setValidator(QIntValidator(low, high, self))

    def value(self) -> int:
        """The number, within its range."""
        return min(self._high, max(self._low, int(self.text() or self._low)))


class TrainForm(QWidget):
    """Fields with a few words each."""

    def __init__(self, context: WindowContext) -> None:
        super().__init__()
        self._context = context
        theme = context.theme
        self.setProperty("ground", "panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.manifest = Chip(theme, say("nothing yet"), "lock")
        self._figures = {
            name: label(theme, "0", tone, 24, 600)
            for name, tone in (
                ("clips", "text"), ("excluded", "exclude"), ("kept", "keep"), ("undecided", "text"),
            )
        }  # fmt: skip
        self._under = {
            "clips": label(theme, "clips", "text2", 12),
            "excluded": label(theme, say("excluded"), "text2", 12),
            "kept": label(theme, say("kept by hand"), "text2", 12),
            "undecided": label(theme, say("undecided, in"), "text2", 12),
        }
        self._bar = SegmentedProgress(theme, 7)
        self._bar.setAccessibleName(say("Share of the clips that are trained on"))
        self.include = Combo(theme, say("Which clips"))
        for key, text in ((key, say(text)) for key, text in _INCLUDES):
            self.include.addItem(text, key)
        self.include.currentIndexChanged.connect(lambda _: self.count())
        self.name = QLineEdit()
        self.name.setPlaceholderText(say("the next free name"))
        self.model = Combo(theme, say("Model"))
        self.model.addItem("embedded", "embedded")
        self.steps = NumberField(1, 100_000, 250)
        self.batch = NumberField(1, 512, 16)
        self.seed = NumberField(0, 2**31 - 1, 0)
        self.rate = QLineEdit()
        self.rate.setPlaceholderText(say("the method's own"))
        self.rate.setValidator(_rates(self))
        self.full = Button(theme, say("All weights"), kind="outline")
        self.lora = Button(theme, say("LoRA"), kind="quiet")
        self._methods = QButtonGroup(self)
        for button in (self.full, self.lora):
            button.setCheckable(True)
            self._methods.addButton(button)
        self.full.setChecked(True)
        self.start = action_button(
            theme, context.actions, "run.train", say("Start run"), "primary", height=34
        )
        self.start.setObjectName("train.start")
        self._copy = Button(theme, say("Copy command"), "terminal", height=34)
        self._copy.clicked.connect(self._copy_command)
        self._why = label(theme, "", "text2", 12, wrap=True)
        self._lay_out()
        context.library.changed.connect(self.count)
        context.library.updated.connect(lambda _: self.count())
        context.runs.set_changed.connect(self._counted)
        context.runs.changed.connect(self._list_models)

    def form(self) -> RunForm:
        """What is filled in."""
        return RunForm(
            name=self.name.text().strip(),
            model=str(self.model.currentData()),
            method="full" if self.full.isChecked() else "lora",
            steps=self.steps.value(),
            batch=self.batch.value(),
            learning_rate=float(self.rate.text() or 0),
            seed=self.seed.value(),
            include=str(self.include.currentData()),
        )

    def count(self) -> None:
        """Ask again what would be trained on."""
        if not self._context.library.pending:
            self._context.runs.count(str(self.include.currentData()))

    def why_not(self) -> str:
        """Why no run can start; "" if one can."""
        counted = self._context.runs.training_set
        if counted is None:
            return say("counting the clips")
        return counted.why if not counted.clips else ""

    def _lay_out(self) -> None:
        theme = self._context.theme
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 14)
        column.setSpacing(10)
        column.addLayout(row(*_title(theme, "1", say("What it trains on")), None, self.manifest))
        figures = QHBoxLayout()
        for name in self._figures:
            part = QVBoxLayout()
            part.setSpacing(0)
            part.addWidget(self._figures[name])
            part.addWidget(self._under[name])
            figures.addLayout(part)
            if name != "undecided":
                figures.addStretch(1)
        column.addLayout(figures)
        column.addWidget(self._bar)
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(6)
        grid.setColumnMinimumWidth(0, 100)
        grid.setColumnStretch(2, 1)
        grid.addWidget(label(theme, say("Take"), "text2"), 0, 0)
        grid.addWidget(self.include, 0, 1, 1, 2)
        column.addLayout(grid)
        column.addWidget(line())
        column.addLayout(row(*_title(theme, "2", say("How it trains")), None))
        fields = QGridLayout()
        fields.setHorizontalSpacing(12)
        fields.setVerticalSpacing(6)
        fields.setColumnMinimumWidth(0, 100)
        fields.setColumnStretch(2, 1)
        methods = QWidget()
        methods.setLayout(row(self.full, self.lora, None, spacing=6))
        rows: tuple[tuple[str, QWidget, str], ...] = (
            (say("Name"), self.name, ""),
            (say("Model"), self.model, ""),
            (say("Method"), methods, ""),
            (say("Steps"), self.steps, say("one batch each")),
            (say("Batch"), self.batch, say("clips a step")),
            (say("Learning rate"), self.rate, ""),
            (say("Seed"), self.seed, say("same seed, same run")),
        )
        for place, (name, widget, hint) in enumerate(rows):
            fields.addWidget(label(theme, name, "text2"), place, 0)
            widget.setAccessibleName(name)
            if hint:
                widget.setFixedWidth(86)
                fields.addWidget(widget, place, 1)
                fields.addWidget(label(theme, hint, "text3", 12), place, 2)
            else:
                fields.addWidget(widget, place, 1, 1, 2)
        column.addLayout(fields)
        column.addStretch(1)
        column.addWidget(self._why)
        column.addLayout(row(self.start, self._copy, None))

    def _counted(self) -> None:
        counted = self._context.runs.training_set
        if counted is None:
            return
        decisions = self._context.library.counts.decisions
        undecided = decisions.get("none", 0) + decisions.get("unsure", 0)
        kept, out = decisions.get("keep", 0), decisions.get("exclude", 0)
        taken = counted.include != "keep"
        figures = {"clips": counted.clips, "excluded": out, "kept": kept, "undecided": undecided}
        for name, value in figures.items():
            self._figures[name].setText(f"{value:,}")
        self._under["clips"].setText(say("clips, {length}", length=words.length(counted.seconds)))
        self._under["undecided"].setText(say("undecided, in") if taken else say("undecided, out"))
        parts = [
            Segment(undecided, "text2" if taken else "hover"),
            Segment(kept, "keep"),
            Segment(out, "exclude"),
        ]
        self._bar.set_segments(parts, undecided + kept + out)
        self.manifest.set_look(
            say("manifest {n}", n=counted.sha256[:6])
            if counted.sha256
            else say("nothing approved"),
            "lock",
        )
        busy = self._context.jobs.running("index", "train")
        why = counted.why or say("A run goes on when you close the window.")
        if busy and not counted.why:
            why = say("{name} still runs; both share the device.", name=busy[0].name)
        self._why.setText(why)
        self._context.actions.refresh()

    def _list_models(self) -> None:
        names = ["embedded"]
        names += [run.run for run in self._context.runs.runs if _has_weights(run)]
        if [self.model.itemData(place) for place in range(self.model.count())] == names:
            return
        chosen = self.model.currentData()
        self.model.clear()
        for name in names:
            self.model.addItem(name, name)
        self.model.setCurrentIndex(max(0, self.model.findData(chosen)))

    def _copy_command(self) -> None:
        QGuiApplication.clipboard().setText(command(self._context.project.folder.root, self.form()))


def command(project: Path, form: RunForm) -> str:
    """The line that starts the same run from a terminal."""
    parts = ["motionlens", "finetune", str(project), "--model", form.model, "--method", form.method]
    parts += ["--include", form.include, "--steps", str(form.steps), "--seed", str(form.seed)]
    parts += ["--name", form.name] if form.name else []
    return " ".join(quote(part) for part in parts)


def _rates(parent: QWidget) -> QDoubleValidator:
    made = QDoubleValidator(0.0, 1.0, 8, parent)
    # A point is a point, whatever the system's language: the command line takes the same.
    made.setLocale(QLocale.c())
    return made


def _has_weights(run: RunInfo) -> bool:
    return run.state is RunState.DONE and bool(run.weights)


def _title(theme, number: str, text: str):  # type: ignore[no-untyped-def]
    return label(theme, number, "text3", weight=600), label(theme, text, weight=600)
