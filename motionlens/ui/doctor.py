"""What `doctor` says: one line on the start page, all of it on a card."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from motionlens.domain.language import say
from motionlens.ui.actions import Actions
from motionlens.ui.child_verb import ChildVerb
from motionlens.ui.overlays import Overlay
from motionlens.ui.theme import Theme
from motionlens.ui.widgets import Button, ElidedLabel, action_button, label, row
from motionlens.ui.widgets.labels import IconLabel

_SHORT = ("device", "disk", "codecs")


def summary(document: dict[str, Any]) -> tuple[str, str]:
    """The line in two parts: the verdict, and what stands behind it or what to mend."""
    checks = document["checks"]
    bad = [check for check in checks if not check["ok"]]
    if bad:
        first = bad[0]
        return say(
            "{capitalize} needs a look", capitalize=first["name"].capitalize()
        ), f"{first['detail']}. {first['fix']}"
    details = {check["name"]: check["detail"] for check in checks}
    # The card says all; the line leaves out where a disk is mounted and which codecs they are.
    parts = [details[name].split(":")[0].split(" at ")[0] for name in _SHORT if name in details]
    return say("This machine is ready"), " · ".join(parts)


class DoctorBar(QWidget):
    """The last line of the start page."""

    def __init__(self, theme: Theme, actions: Actions) -> None:
        super().__init__()
        self._theme = theme
        self._document: dict[str, Any] | None = None
        self._child: ChildVerb | None = None
        self._asked = False
        self._closed = False
        self._card: DoctorCard | None = None
        self.setProperty("ground", "window")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedHeight(60)
        self._icon = IconLabel(theme, "wrench", "text3", 17)
        self._verdict = label(theme, say("Looking at this machine"), weight=600)
        self._detail = ElidedLabel(theme, "", "text2")
        self._more = Button(theme, say("Details"), "wrench", kind="ghost")
        self._more.clicked.connect(lambda: self.show_details(self.window()))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(24, 0, 24, 0)
        layout.setSpacing(14)
        layout.addWidget(self._icon)
        layout.addWidget(self._verdict)
        layout.addWidget(self._detail, 1)
        layout.addWidget(self._more)
        layout.addWidget(action_button(theme, actions, "project.open", height=32))

    def look_once(self) -> None:
        """Ask `doctor` in a process of its own, after the first paint."""
        if not self._asked:
            self._asked = True
            QTimer.singleShot(400, self._look_if_seen)

    @property
    def known(self) -> bool:
        """Whether `doctor` has answered."""
        return self._document is not None

    def show_details(self, window: QWidget) -> None:
        """All checks on a card; asked first where they are not known yet."""
        card = DoctorCard(self._theme, window)
        if self._document is not None:
            card.show_checks(self._document)
        else:
            self._card, self._asked = card, True
            card.destroyed.connect(self._card_gone)
            self._look()
        card.open()

    def _card_gone(self) -> None:
        self._card = None

    def close_down(self) -> None:
        """End the process if it still runs, and start no other."""
        self._closed = True
        if self._child is not None:
            self._child.cancel(wait_ms=2000)

    def _look_if_seen(self) -> None:
        # `open PROJECT` passes this page: nothing heavy may start behind a project that is shown.
        if self.isVisible():
            self._look()
        else:
            self._asked = False

    def _look(self) -> None:
        if self._child is not None or self._closed:
            return
        self._child = ChildVerb(self, "doctor")
        self._child.done.connect(self._done)
        self._child.failed.connect(self._failed)
        self._child.start()

    def _done(self, document: dict[str, Any]) -> None:
        self._child = None
        self._document = document
        verdict, detail = summary(document)
        ok = bool(document["ok"])
        self._icon.set_icon("check-circle" if ok else "warning", "keep" if ok else "warn")
        self._verdict.setText(verdict)
        self._detail.setText(detail)
        if self._card is not None:
            self._card.show_checks(document)

    def _failed(self, why: str) -> None:
        self._child = None
        if why and self._card is not None:
            self._card.say(why)
        if why:
            self._icon.set_icon("warning", "warn")
            self._verdict.setText(say("This machine could not be looked at"))
            self._detail.setText(why)


class DoctorCard(Overlay):
    """Every check with its detail and what mends it."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        close = Button(theme, icon="x", key="Esc", kind="ghost")
        close.setAccessibleName(say("Close"))
        close.clicked.connect(self.close_overlay)
        layout = QVBoxLayout(self.card)
        layout.setContentsMargins(24, 16, 16, 16)
        layout.addLayout(row(label(theme, say("This machine"), size=18, weight=600), None, close))
        layout.addWidget(self._area, 1)
        self.say("Looking at this machine. It takes a few seconds, and more the first time.")

    def say(self, words: str) -> None:
        """One line instead of the checks."""
        self._fill(row(label(self._theme, words, "text2", 13, wrap=True)))

    def show_checks(self, document: dict[str, Any]) -> None:
        """All checks of a document of `doctor`."""
        theme, rows = self._theme, []
        for check in document["checks"]:
            ok = bool(check["ok"])
            icon = IconLabel(theme, "check" if ok else "warning", "keep" if ok else "warn", 15)
            name = label(theme, str(check["name"]), weight=600)
            name.setFixedWidth(140)
            told = str(check["detail"]) if ok else f"{check['detail']}. {check['fix']}"
            detail = label(theme, told, "text2", 12, wrap=True)
            detail.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
            rows.append(row(icon, name, detail))
        self._fill(*rows)

    def _fill(self, *rows: QHBoxLayout) -> None:
        inner = QWidget()
        inner.setProperty("plain", "true")
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 8, 0)
        column.setSpacing(9)
        for line in rows:
            column.addLayout(line)
        column.addStretch(1)
        self._area.setWidget(inner)

    def open(self) -> None:
        super().open()
        self.setFocus()

    def place(self) -> None:
        width, height = 720, min(560, self.height() - 80)
        self.card.setGeometry(
            (self.width() - width) // 2, (self.height() - height) // 2, width, height
        )

    def close_overlay(self) -> None:
        super().close_overlay()
        self.deleteLater()
