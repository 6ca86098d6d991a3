"""A ranking's step, time left and Cancel, in the context bar while it runs."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QWidget

from motionlens.domain.language import say
from motionlens.session.ranking import RankState
from motionlens.ui.theme import Theme
from motionlens.ui.widgets import Button, ThinProgress, label
from motionlens.ui.words import left


class RankProgress(QWidget):
    """Hidden while nothing runs."""

    def __init__(self, theme: Theme, state: RankState) -> None:
        super().__init__()
        self._state = state
        self.setObjectName("review.rankProgress")
        self._words = label(theme, "", "text2", 12)
        self._bar = ThinProgress(theme)
        self._bar.setFixedWidth(84)
        self._left = label(theme, "", "text2", 12)
        cancel = Button(theme, say("Cancel"))
        cancel.setObjectName("review.rankCancel")
        cancel.clicked.connect(state.cancel)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        for widget in (self._words, self._bar, self._left, cancel):
            layout.addWidget(widget)
        state.changed.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Show the step and how long it takes still."""
        row = self._state.row
        self.setVisible(row is not None)
        if row is None:
            return
        step = row.what or say("Waiting for the compute lane")
        counted = (
            say(", {done} of {total}", done=row.done, total=row.total) if row.total > 1 else ""
        )
        self._words.setText(f"{step}{counted}")
        self._bar.set_share(row.share)
        self._left.setText(left(row.left_s))
        self.setAccessibleName(f"{self._words.text()} {self._left.text()}")
