"""The jobs panel: every job of this window with progress, pause, cancel."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from motionlens.domain.language import retell, say, word
from motionlens.session.jobs import JobRow, JobsState, JobState
from motionlens.ui import words
from motionlens.ui.theme import Theme
from motionlens.ui.widgets import Button, ElidedLabel, KeyCap, ThinProgress, label, line, row
from motionlens.ui.widgets.labels import IconLabel

_WORDS = {
    JobState.WAITING: word("waiting"),
    JobState.PAUSED: word("paused"),
    JobState.DONE: word("done"),
    JobState.FAILED: word("failed"),
    JobState.CANCELLED: word("stopped"),
}


class JobBox(QWidget):
    """One job."""

    def __init__(self, theme: Theme, jobs: JobsState, job: JobRow) -> None:
        super().__init__()
        self._jobs, self._key = jobs, job.key
        self._name = ElidedLabel(theme, job.name, weight=600)
        self._left = label(theme, "", "text3", 12)
        self._left.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        self._bar = ThinProgress(theme)
        self._detail = ElidedLabel(theme, "", "text2", 12)
        self._pause = Button(theme, icon="pause", kind="ghost")
        self._pause.clicked.connect(self._toggle)
        self._cancel = Button(theme, icon="x", kind="ghost")
        self._cancel.setAccessibleName(say("Cancel {name}", name=job.name))
        self._cancel.setToolTip(say("Cancel; what is done stays"))
        self._cancel.clicked.connect(lambda: jobs.cancel(job.key))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 8, 0, 4)
        layout.setSpacing(5)
        layout.addLayout(row(IconLabel(theme, job.icon, "text2"), self._name, self._left))
        layout.addWidget(self._bar)
        layout.addLayout(row(self._detail, self._pause, self._cancel, spacing=2))
        layout.addWidget(line())
        self.update_row()

    def update_row(self) -> None:
        """Show the job as it is now."""
        job = self._jobs.row(self._key)
        self._left.setText(
            words.left(job.left_s)
            if job.state is JobState.RUNNING
            else say(_WORDS.get(job.state, ""))
        )
        counted = (
            say("{done:,} of {total:,}", done=job.done, total=job.total) if job.total > 1 else ""
        )
        told = " ".join(part for part in (retell(job.what), counted) if part)
        self._detail.setText(told if job.live else job.outcome)
        self._bar.set_share(job.share)
        self._bar.setVisible(job.live)
        self._pause.setVisible(job.live and job.can_pause)
        paused = job.state is JobState.PAUSED
        self._pause.set_look(icon="play" if paused else "pause")
        self._pause.setToolTip(say("Go on") if paused else say("Pause between two steps"))
        self._pause.setAccessibleName(f"{say('Go on with') if paused else say('Pause')} {job.name}")
        self._cancel.setVisible(job.live)
        self.setAccessibleName(f"{job.name}, {self._detail.text()}, {self._left.text()}")

    def _toggle(self) -> None:
        if self._jobs.row(self._key).state is JobState.PAUSED:
            self._jobs.go_on(self._key)
        else:
            self._jobs.pause(self._key)


class JobsPanel(QFrame):
    """A popup over the window's lower right corner."""

    WIDTH, HEIGHT = 380, 420

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.setProperty("card", "popup")
        self.setObjectName("jobs")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._theme = theme
        self._jobs: JobsState | None = None
        self._boxes: dict[int, JobBox] = {}
        self._empty = label(
            theme, say("No jobs yet. Adding, analysing, indexing and training are listed here."),
            "text2", wrap=True,
        )  # fmt: skip
        inner = QWidget()
        inner.setProperty("plain", "true")
        self._list = QVBoxLayout(inner)
        self._list.setContentsMargins(0, 0, 0, 0)
        self._list.setSpacing(0)
        self._list.addWidget(self._empty)
        self._list.addStretch(1)
        area = QScrollArea()
        area.setWidget(inner)
        area.setWidgetResizable(True)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 12, 12, 12)
        layout.addLayout(
            row(label(theme, say("Jobs"), size=13, weight=600), None, KeyCap(theme, "Ctrl J"))
        )
        layout.addWidget(line())
        layout.addWidget(area, 1)
        self.hide()

    def show_jobs(self, jobs: JobsState) -> None:
        """List these jobs from now on."""
        self._jobs = jobs
        for box in self._boxes.values():
            box.deleteLater()
        self._boxes.clear()
        jobs.changed.connect(self._fill)
        jobs.ticked.connect(self._tick)
        self._fill()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.hide()
            return
        super().keyPressEvent(event)

    def _fill(self) -> None:
        if self._jobs is None:
            return
        rows = self._jobs.rows
        self._empty.setVisible(not rows)
        for job in rows:
            if job.key not in self._boxes:
                self._boxes[job.key] = JobBox(self._theme, self._jobs, job)
                self._list.insertWidget(0, self._boxes[job.key])
            self._boxes[job.key].update_row()

    def _tick(self, key: int) -> None:
        if self.isVisible() and key in self._boxes:
            self._boxes[key].update_row()
