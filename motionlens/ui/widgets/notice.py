"""Notices at the top of a panel: they take space, close by x, and hold a button or two."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from motionlens.domain.language import say
from motionlens.session.notices import Notice, NoticesState
from motionlens.ui.theme import Theme
from motionlens.ui.widgets.buttons import Button
from motionlens.ui.widgets.labels import IconLabel, label

_LOOKS = {
    "info": ("info", "text2"),
    "done": ("check-circle", "keep"),
    "warn": ("warning", "warn"),
    "error": ("warning-circle", "error"),
    "neutral": ("stop", "text2"),
}


def _run(act: Callable[[], object], checked: bool = False) -> None:
    act()


class NoticeBox(QFrame):
    """One notice."""

    def __init__(self, theme: Theme, notice: Notice, state: NoticesState) -> None:
        super().__init__()
        self.setProperty("card", "raised")
        self.setObjectName("notice")
        self.setAccessibleName(f"{notice.title}. {notice.text}")
        icon, tone = _LOOKS[notice.tone]
        mark = IconLabel(theme, icon, tone, 16)
        words = QVBoxLayout()
        words.setSpacing(2)
        title = label(theme, notice.title, "text", 13, 600, wrap=True)
        words.addWidget(title)
        if notice.text:
            words.addWidget(label(theme, notice.text, "text2", 13, wrap=True))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 7, 6, 7)
        layout.setSpacing(10)
        layout.addWidget(mark, 0, Qt.AlignmentFlag.AlignTop)
        layout.addLayout(words, 1)
        if notice.report:
            copy = Button(theme, say("Copy report"), "copy", kind="ghost")
            copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(notice.report))
            layout.addWidget(copy)
        for name, act, kind in (
            (notice.other, notice.act_otherwise, "quiet"), (notice.button, notice.act, "outline"),
        ):  # fmt: skip
            if name and act is not None:
                button = Button(theme, name, kind=kind)
                button.clicked.connect(partial(_run, act))
                layout.addWidget(button)
        close = Button(theme, icon="x", kind="ghost")
        close.setAccessibleName(say("Close the notice"))
        close.setToolTip(say("Close"))
        close.clicked.connect(lambda: state.close(notice.key))
        layout.addWidget(close, 0, Qt.AlignmentFlag.AlignTop)


class NoticeStack(QWidget):
    """The notices of one panel, two high at most; without one it takes no space."""

    def __init__(self, theme: Theme, state: NoticesState, panel: str) -> None:
        super().__init__()
        self._theme, self._state, self._panel = theme, state, panel
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(6)
        state.changed.connect(self._changed)
        self._fill()

    def _changed(self, panel: str) -> None:
        if panel == self._panel:
            self._fill()

    def _fill(self) -> None:
        while (item := self._layout.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        notices = self._state.of(self._panel)
        for notice in notices:
            self._layout.addWidget(NoticeBox(self._theme, notice, self._state))
        self.setVisible(bool(notices))
