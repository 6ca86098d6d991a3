"""A numbered pane of Explain."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLayout, QScrollArea, QVBoxLayout, QWidget

from motionlens.ui.theme import Theme
from motionlens.ui.widgets import ElidedLabel, label, row

PICTURE = 204
_HEAD = 28
_LEAST = 300


def head(theme: Theme, number: str, text: str, *beside: QWidget) -> QHBoxLayout:
    """Its first line."""
    first, title = label(theme, number, "text3", weight=600), ElidedLabel(theme, text, weight=600)
    line = row(first, title, *beside)
    line.setStretch(1, 1)
    # Of one height with and without buttons, or the panes' pictures would not stand in line.
    line.addStrut(_HEAD)
    return line


def pane(*parts: QWidget | QLayout | None, stretch: int = -1) -> QWidget:
    """Parts under each other; None takes what room is left, or the part at `stretch` does."""
    made = QWidget()
    made.setProperty("ground", "panel")
    made.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
    made.setMinimumWidth(_LEAST)
    column = QVBoxLayout(made)
    column.setContentsMargins(14, 10, 14, 14)
    column.setSpacing(8)
    stretched = False
    for place, part in enumerate(parts):
        if part is None:
            column.addStretch(1)
            stretched = True
        elif isinstance(part, QWidget):
            column.addWidget(part, 1 if place == stretch else 0)
            stretched |= place == stretch
        else:
            column.addLayout(part)
    if not stretched:
        column.addStretch(1)
    return made


def scrolled(made: QWidget, foot: QLayout | None = None) -> QWidget:
    """A pane that scrolls where the window is low, above a foot that is always seen."""
    area = QScrollArea()
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setWidgetResizable(True)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setMinimumWidth(_LEAST)
    area.setWidget(made)
    if foot is None:
        return area
    whole = QWidget()
    whole.setProperty("ground", "panel")
    whole.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
    column = QVBoxLayout(whole)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(0)
    column.addWidget(area, 1)
    foot.setContentsMargins(14, 8, 14, 12)
    column.addLayout(foot)
    return whole
