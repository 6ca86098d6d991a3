"""Notices: what happened, why, and one button that mends it; at most two high a panel."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass

from psygnal import Signal

from motionlens.session.work import told

LIMIT = 2


@dataclass(frozen=True)
class Notice:
    """One notice.

    Attributes
    ----------
    tone : str
        `info`, `done`, `warn`, `error` or `neutral`.
    panel : str
        Where it is shown: a view's name, or "" for the view that is open.
    act : callable or None
        What its button does; without one there is no button.
    other, act_otherwise : str, callable or None
        A second, quieter button.
    report : str
        For bugs: text behind *Copy report*.
    """

    key: int
    tone: str
    title: str
    text: str = ""
    panel: str = ""
    button: str = ""
    act: Callable[[], object] | None = None
    report: str = ""
    other: str = ""
    act_otherwise: Callable[[], object] | None = None


class NoticesState:
    """Notices by panel, the newest last; a third one pushes the oldest out."""

    changed = Signal(str)
    announced = Signal(str)

    def __init__(self) -> None:
        self._notices: list[Notice] = []
        self._keys = itertools.count(1)

    def of(self, panel: str) -> list[Notice]:
        """The notices to show in a panel."""
        return [notice for notice in self._notices if notice.panel == panel]

    def tell(
        self,
        tone: str,
        title: str,
        text: str = "",
        *,
        panel: str = "",
        button: str = "",
        act: Callable[[], object] | None = None,
        report: str = "",
        other: str = "",
        act_otherwise: Callable[[], object] | None = None,
    ) -> int:
        """Show a notice; the key closes it. The same title in the same panel is replaced."""
        self._notices = [
            notice for notice in self._notices if (notice.panel, notice.title) != (panel, title)
        ]
        notice = Notice(
            next(self._keys), tone, title, text, panel, button, act, report, other, act_otherwise
        )  # fmt: skip
        self._notices.append(notice)
        for old in self.of(panel)[:-LIMIT]:
            self._notices.remove(old)
        self.changed.emit(panel)
        self.announced.emit(f"{title}. {text}" if text else title)
        return notice.key

    def error(self, error: BaseException, *, panel: str = "", report: str = "") -> int:
        """Show an error in its three parts."""
        what, why, next_step = told(error)
        text = ". ".join(part.rstrip(".") for part in (why, next_step) if part)
        return self.tell("error", what, text + "." if text else "", panel=panel, report=report)

    def close(self, key: int) -> None:
        """Take a notice away."""
        for notice in self._notices:
            if notice.key == key:
                self._notices.remove(notice)
                self.changed.emit(notice.panel)
                return
