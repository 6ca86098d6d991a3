"""The status bar: what is saved, the most urgent job, device, index, curator."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from motionlens.domain.language import say
from motionlens.session.jobs import JobsState, JobState
from motionlens.ui import words
from motionlens.ui.theme import Theme
from motionlens.ui.widgets import IconLabel, ThinProgress, label, line

HEIGHT = 28


class Cell(QWidget):
    """Icon and text; a click is told."""

    clicked = Signal()

    def __init__(self, theme: Theme, name: str, icon: str = "", tone: str = "text2") -> None:
        super().__init__()
        self._theme = theme
        self.setObjectName(name)
        self._icon = IconLabel(theme, icon or "info", tone, 14)
        self._text = label(theme, "", "text2", 12, 500)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 0, 12, 0)
        layout.setSpacing(8)
        layout.addWidget(self._icon)
        layout.addWidget(self._text)
        self.tell("", icon, tone)

    def text(self) -> str:
        """What it says."""
        return self._text.text()

    def tell(self, text: str, icon: str = "", tone: str = "text2") -> None:
        """Say something."""
        self._text.setText(text)
        self.setAccessibleName(text)
        self._icon.setVisible(bool(icon))
        if icon:
            self._icon.set_icon(icon, tone)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self.clicked.emit()


class JobCell(QWidget):
    """The most urgent job with bar and time left; a click opens the list."""

    clicked = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("status.job")
        self._text = label(theme, say("No jobs"), "text3", 12, 500)
        self._bar = ThinProgress(theme)
        self._bar.setFixedWidth(96)
        self._left = label(theme, "", "text3", 12, 500)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 0, 12, 0)
        layout.setSpacing(8)
        for widget in (self._text, self._bar, self._left):
            layout.addWidget(widget)
        self._bar.hide()

    def show_jobs(self, jobs: JobsState) -> None:
        """Tell what runs."""
        live = jobs.live
        self._bar.setVisible(bool(live))
        if not live:
            self.show_nothing()
            return
        first = live[0]
        counted = (
            say(", {done:,} of {total:,}", done=first.done, total=first.total)
            if first.total > 1
            else ""
        )
        text = f"{first.name}{counted}"
        if first.state is JobState.PAUSED:
            text = say("{name}, paused", name=first.name)
        if len(live) > 1:
            text = say("{n} jobs: {text}", n=len(live), text=text)
        self._text.setText(text)
        self._bar.set_share(first.share)
        self._left.setText(words.left(first.left_s))
        self.setAccessibleName(f"{text}, {self._left.text()}")

    def show_nothing(self) -> None:
        """No job runs."""
        self._bar.hide()
        self._text.setText(say("No jobs"))
        self._left.setText("")
        self.setAccessibleName(say("No jobs"))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self.clicked.emit()


class StatusBar(QWidget):
    """The window's last line."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setProperty("ground", "window")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedHeight(HEIGHT + 1)
        self.saved = Cell(theme, "status.saved")
        self.selection = label(theme, "", "text3", 12)
        self.job = JobCell(theme)
        self.device = Cell(theme, "status.device", "cpu", "text3")
        self.index = Cell(theme, "status.index", "stack", "text3")
        self.curator = Cell(theme, "status.curator")
        self.curator.setToolTip(say("Who decides; click to change"))
        bar = QHBoxLayout()
        bar.setContentsMargins(2, 0, 2, 0)
        bar.setSpacing(0)
        bar.addWidget(self.saved)
        bar.addWidget(self.selection)
        bar.addStretch(1)
        bar.addWidget(self.job)
        for cell in (self.device, self.index, self.curator):
            bar.addWidget(line(vertical=True))
            bar.addWidget(cell)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(line())
        whole.addLayout(bar, 1)

    def tell_saved(self, text: str, busy: bool = False, failed: bool = False) -> None:
        """The curator's line: saved, being saved, or not saved."""
        icon, tone = ("circle", "text2") if busy else ("check-circle", "keep")
        icon, tone = ("warning-circle", "error") if failed else (icon, tone)
        self.saved.tell(text, icon, tone)

    def tell_hint(self, text: str) -> None:
        """A hint instead of it (no project is open)."""
        self.saved.tell(text, "info", "text3")
