"""The only hop to the GUI thread: lanes hand over a call, the event loop makes it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from PySide6.QtCore import QObject, Qt, Signal

Call = Callable[[], object]


class Hop(Protocol):
    """What sessions and views see: `hop(call)` from any thread."""

    def __call__(self, call: Call) -> None: ...


class MainThread(QObject):
    """Runs calls on the thread that made it, in order, through Qt's event queue."""

    _handed = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._open = True
        self._handed.connect(self._run, Qt.ConnectionType.QueuedConnection)

    def __call__(self, call: Call) -> None:
        """Hand over a call from any thread; after `close` it is dropped."""
        if self._open:
            self._handed.emit(call)

    def close(self) -> None:
        """Drop whatever still arrives: the widgets that it is about are going."""
        self._open = False

    def _run(self, call: Call) -> None:
        if self._open:
            call()


class InlineMainThread:
    """For tests: the call is made at once."""

    def __call__(self, call: Call) -> None:
        call()

    def close(self) -> None:
        """Nothing is ever waiting."""
