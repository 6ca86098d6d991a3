"""F6 and Shift+F6: from pane to pane in reading order."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QWidget


def step(panes: Sequence[QWidget], by: int) -> QWidget | None:
    """Give the keys to the next pane on the screen that can have them; the widget that got them.

    A pane whose own widget takes focus (a stage, a list) gets it itself, else the first control
    in it does.
    """
    reached = [(pane, inside) for pane in panes if (inside := _first(pane)) is not None]
    if not reached:
        return None
    focus = QApplication.focusWidget()
    here = next(
        (n for n, (pane, _) in enumerate(reached)
         if focus is not None and (pane is focus or pane.isAncestorOf(focus))),
        -1 if by > 0 else 0,
    )  # fmt: skip
    inside = reached[(here + by) % len(reached)][1]
    inside.setFocus(Qt.FocusReason.TabFocusReason)
    return inside


def _first(pane: QWidget) -> QWidget | None:
    if not pane.isVisible():
        return None
    if _takes_focus(pane):
        return pane
    return next((child for child in pane.findChildren(QWidget) if _takes_focus(child)), None)


def _takes_focus(widget: QWidget) -> bool:
    policy = widget.focusPolicy()
    return (
        bool(policy.value & Qt.FocusPolicy.TabFocus.value)
        and widget.isVisible()
        and widget.isEnabled()
        and widget.focusProxy() is None
    )
