"""Saving a queue under a name, and forgetting it."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from motionlens.domain.language import say
from motionlens.session.review import ReviewState
from motionlens.session.review_queue import BUILT_IN
from motionlens.ui.theme import Theme
from motionlens.ui.widgets.ask_field import AskField


class QueueNames(AskField):
    """The card in which a queue's name is typed."""

    def __init__(self, theme: Theme, over: QWidget, state: ReviewState) -> None:
        super().__init__(theme, over, say("Name"), self._save)
        self.setObjectName("review.queueName")
        self._state = state

    def open(self) -> None:
        """Ask for a name; the one that the queue has stands in the field."""
        queue = self._state.open_queue
        self.ask(say("Save this queue as"), queue.name if queue and queue.own else "")

    def forget(self) -> None:
        """Forget the queue that is shown; clips and decisions stay."""
        if (queue := self._state.open_queue) is not None:
            self._state.forget_queue(queue.name)

    def why_not_forget(self) -> str:
        queue = self._state.open_queue
        return "" if queue is not None and queue.own else say("this queue was not saved by name")

    def _save(self, name: str) -> str:
        if not name:
            return say("A queue needs a name")
        if name in [queue.name for queue in BUILT_IN]:
            return say("{name} is built in; choose another name", name=name)
        self._state.save_queue(name)
        return ""
