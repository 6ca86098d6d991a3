"""The decision bar: what was decided last and whether it is saved; the question; the answers."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from motionlens.domain.decision import Decision
from motionlens.domain.language import retell, say
from motionlens.session.review import ReviewState
from motionlens.ui.actions import Actions
from motionlens.ui.theme import Theme
from motionlens.ui.widgets import Button, ElidedLabel, IconLabel, action_button, label

LAST = 182
SAVING_AFTER_S = 0.2
_LOOKS = {
    Decision.EXCLUDE: ("x", "exclude"),
    Decision.KEEP: ("check", "keep"),
    Decision.UNSURE: ("clock", "text2"),
    Decision.CLEAR: ("arrow-u-up-left", "text2"),
}


class DecisionBar(QWidget):
    """Every slot has a fixed width, so that no button ever moves."""

    def __init__(
        self,
        theme: Theme,
        actions: Actions,
        state: ReviewState,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        self._theme, self._state, self._now_s = theme, state, now_s
        self.setProperty("ground", "window")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedHeight(64)
        self._last = self._make_last()
        undo = action_button(theme, actions, "judge.undo", say("Undo"))
        self._question = label(
            theme, say("Does this clip teach the false motion?"), "text2", 14, 500
        )
        self._failure = _Failure(theme, state)
        accept = action_button(
            theme, actions, "judge.exclude", say("Accept"), "exclude",
            say("exclude clip"), 44,
        )  # fmt: skip
        reject = action_button(
            theme, actions, "judge.keep", say("Reject"), "keep", say("keep clip"), 44
        )
        later = action_button(theme, actions, "judge.later", say("Later"), height=44)
        back = action_button(theme, actions, "move.back", say("Back"), "ghost", icon="arrow-left")
        ahead = action_button(theme, actions, "move.next", say("Next"), "ghost", icon="arrow-right")
        names = ("exclude", "keep", "later", "undo", "back", "next")
        buttons = (accept, reject, later, undo, back, ahead)
        for name, button in zip(names, buttons, strict=True):
            button.setObjectName(f"review.decide.{name}")
        for button, width in ((accept, 232), (reject, 218)):
            button.setFixedWidth(max(width, button.sizeHint().width()))
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(round(SAVING_AFTER_S * 1000) + 10)
        self._timer.timeout.connect(self.refresh)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(14, 0, 14, 0)
        layout.setSpacing(12)
        layout.addWidget(self._last)
        layout.addSpacing(4)
        layout.addWidget(undo)
        layout.addStretch(1)
        layout.addWidget(self._question)
        layout.addWidget(self._failure)
        layout.addSpacing(8)
        for widget in (accept, reject, later):
            layout.addWidget(widget)
        layout.addStretch(1)
        layout.addWidget(back)
        layout.addWidget(ahead)
        state.saving_changed.connect(self.refresh)
        state.loaded.connect(self.refresh)
        self.refresh()

    def set_compact(self, compact: bool) -> None:
        """Without the question, and lower."""
        self.setFixedHeight(56 if compact else 64)
        self._compact = compact
        self._question.setVisible(not compact and self._state.failure is None)

    def refresh(self) -> None:
        """Say what was decided last and whether its commit has returned."""
        state = self._state
        failed = state.failure is not None
        self._failure.refresh()
        self._question.setVisible(not failed and not getattr(self, "_compact", False))
        last = state.last
        self._mark.setVisible(last is not None)
        if last is None:
            before = len(state.marks)
            self._words.setText(
                say("{n} decided so far").format(n=before) if before else say("Nothing decided yet")
            )
            self._saved.setText(
                say("Each answer is saved at once") if state.refusal is None else state.refusal.what
            )
            self.setAccessibleName(f"{self._words.text()}. {self._saved.text()}")
            return
        icon, tone = _LOOKS[last.mark.decision]
        self._mark.set_icon(icon, tone)
        self._words.setText(last.words)
        self._saved.setText(self._saving(last.mark.saved, last.since_s, failed))
        self.setAccessibleName(f"{last.words}. {self._saved.text()}")

    def _saving(self, saved: str, since_s: float, failed: bool) -> str:
        if self._state.refusal is not None:
            return self._state.refusal.what
        if saved:
            return say("Saved {time}").format(time=saved)
        if failed:
            return say("Not saved")
        if self._now_s() - since_s >= SAVING_AFTER_S:
            return say("Saving")
        self._timer.start()
        # Neither word is true yet; the hollow badge already shows the decision.
        return ""

    def _make_last(self) -> QWidget:
        made = QWidget()
        made.setObjectName("review.lastDecision")
        made.setFixedWidth(LAST)
        self._mark = IconLabel(self._theme, "check", "text2", 14)
        self._words = ElidedLabel(self._theme, "", "text", 12, 600)
        self._saved = ElidedLabel(self._theme, "", "text2", 11)
        self._saved.setObjectName("review.saved")
        top = QHBoxLayout()
        top.setSpacing(5)
        top.addWidget(self._mark)
        top.addWidget(self._words, 1)
        layout = QVBoxLayout(made)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addStretch(1)
        layout.addLayout(top)
        layout.addWidget(self._saved)
        layout.addStretch(1)
        return made


class _Failure(QWidget):
    """ "Not saved: disk full. 3 decisions wait." and the button that tries again."""

    def __init__(self, theme: Theme, state: ReviewState) -> None:
        super().__init__()
        self._state = state
        self.setObjectName("review.notSaved")
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._title = ElidedLabel(theme, "", "error", 13, 600)
        self._text = ElidedLabel(theme, "", "text2", 12)
        self._title.setMinimumWidth(240)
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(self._title)
        words.addWidget(self._text)
        self._again = Button(theme, say("Try again"), kind="outline")
        self._again.clicked.connect(state.try_again)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(words, 1)
        layout.addWidget(self._again)
        self.hide()

    def refresh(self) -> None:
        """Show or hide."""
        error = self._state.failure
        self.setVisible(error is not None)
        if error is None:
            return
        waiting = self._state.writer.waiting
        count = say("1 decision waits") if waiting == 1 else say(
            "{n} decisions wait"
        ).format(n=waiting)  # fmt: skip
        self._title.setText(say("Not saved: {why}").format(why=retell(error.why or error.what)))
        next_step = error.next_step.rstrip(".")
        self._text.setText(f"{count}. {next_step}." if waiting else f"{next_step}.")
        self._again.setVisible(waiting > 0)
        self.setAccessibleName(f"{self._title.text()}. {self._text.text()}")
