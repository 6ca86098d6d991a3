"""The field in which a frame's number is typed."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QFrame, QLineEdit, QVBoxLayout, QWidget

from motionlens.session.playback import Playback
from motionlens.ui.theme import Theme
from motionlens.ui.widgets import label

WIDTH, _MARGIN = 250, 8


class JumpField(QFrame):
    """Lies over a stage's lower right corner; Enter goes there, Esc leaves.

    Signals
    -------
    left
        Closed: the stage gets the keys again.
    """

    left = Signal()

    def __init__(self, theme: Theme, playback: Playback, stage: QWidget) -> None:
        super().__init__(stage)
        self._playback, self._stage = playback, stage
        self.setProperty("card", "popup")
        self.setObjectName("player.jump")
        self._title = label(theme, "Go to frame", "text2", 12)
        self.field = _Field(self)
        self.field.setAccessibleName("Go to frame")
        self.field.setObjectName("player.jump.field")
        self.field.returnPressed.connect(self._go)
        self.field.textEdited.connect(lambda _: self._say(""))
        self._words = label(theme, "", "error", 12, wrap=True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 8, 10, 10)
        layout.setSpacing(4)
        for widget in (self._title, self.field, self._words):
            layout.addWidget(widget)
        self.hide()

    def open(self) -> None:
        """Ask for a number; the frame that is seen stands in the field."""
        state = self._playback.candidate
        clip = state.clip
        if clip is None:
            return
        shown = state.image.frame if state.image else state.wanted
        self._title.setText(f"Go to frame, 0 to {clip.frames - 1:,}")
        self.field.setText(str(shown))
        self.field.selectAll()
        self._say("")
        self.show()
        self.raise_()
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def close_field(self) -> None:
        """Leave without going anywhere."""
        if self.isVisible():
            self.hide()
            self.left.emit()

    def _go(self) -> None:
        clip, typed = self._playback.candidate.clip, self.field.text().strip()
        if clip is None:
            self.close_field()
            return
        number = int(typed) if typed.isascii() and typed.isdigit() else -1
        if not 0 <= number < clip.frames:
            self._say(f"This clip's frames go from 0 to {clip.frames - 1:,}")
            self.field.selectAll()
            return
        self.close_field()
        self._playback.play(False)
        self._playback.seek(number)

    def _say(self, text: str) -> None:
        self._words.setText(text)
        self._words.setVisible(bool(text))
        self.field.setAccessibleDescription(text)
        self.setFixedWidth(min(WIDTH, self._stage.width() - 2 * _MARGIN))
        self.adjustSize()
        right, bottom = self._stage.width() - _MARGIN, self._stage.height() - _MARGIN - 26
        self.move(right - self.width(), max(0, bottom - self.height()))


class _Field(QLineEdit):
    def __init__(self, popup: JumpField) -> None:
        super().__init__()
        self._popup = popup

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self._popup.close_field()
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if event.reason() is not Qt.FocusReason.ActiveWindowFocusReason:
            self._popup.hide()
