"""The field in which a frame's number is typed."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from motionlens.domain.language import say
from motionlens.session.playback import Playback
from motionlens.ui.theme import Theme
from motionlens.ui.widgets.ask_field import AskField


class JumpField(AskField):
    """Lies over a stage's lower right corner; Enter goes there, Esc leaves."""

    def __init__(self, theme: Theme, playback: Playback, stage: QWidget) -> None:
        super().__init__(theme, stage, say("Go to frame"), self._go)
        self._playback = playback
        self.setObjectName("player.jump")
        self.field.setObjectName("player.jump.field")

    def open(self) -> None:
        """Ask for a number; the frame that is seen stands in the field."""
        state = self._playback.candidate
        clip = state.clip
        if clip is None:
            return
        shown = state.image.frame if state.image else state.wanted
        self.ask(f"Go to frame, 0 to {clip.frames - 1:,}", str(shown))

    def _go(self, typed: str) -> str:
        clip = self._playback.candidate.clip
        if clip is None:
            return ""
        number = int(typed) if typed.isascii() and typed.isdigit() else -1
        if not 0 <= number < clip.frames:
            return say("This clip's frames go from 0 to {n:,}", n=clip.frames - 1)
        self._playback.play(False)
        self._playback.seek(number)
        return ""
