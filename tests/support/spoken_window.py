"""Texts of a window: what stands on its widgets, in its lists, menus and tooltips."""

from __future__ import annotations

import re
from collections.abc import Iterator

from PySide6.QtCore import QAbstractTableModel, Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QComboBox,
    QLabel,
    QLineEdit,
    QMenu,
    QWidget,
)

from motionlens.domain.language import Catalogue

_ROLES = (
    Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole,
)  # fmt: skip
OPEN, CLOSE = "⟦", "⟧"
_MARKED = re.compile(rf"{OPEN}[^{OPEN}{CLOSE}]*{CLOSE}")
# Names of keys, as Qt writes them.
_KEYS = re.compile(
    r"\b(Ctrl|Alt|Shift|Meta|Left|Right|Up|Down|Home|End|Space|Backspace|PgUp|PgDown|Esc|Del|F\d+)\b"
)


class Marked(Catalogue):
    """A language in which every text that was said stands in brackets, 40 % longer."""

    def __init__(self, longer: float = 0.4) -> None:
        super().__init__({}, {})
        self._longer = longer

    def say(self, text: str) -> str:
        return self._mark(text)

    def _retell(self, text: str) -> str:
        return self._mark(text)

    def _mark(self, text: str) -> str:
        # Padding at the end keeps slots and their order.
        return f"{OPEN}{text}{'~' * round(self._longer * len(text))}{CLOSE}" if text else text


def unsaid(text: str) -> str:
    """What of a text was never said: empty where all of it was, or where it is no word."""
    while (left := _MARKED.sub("", text)) != text:
        text = left
    left = _KEYS.sub("", text)
    return left.strip() if re.search(r"[A-Za-z]{2,}", left) else ""


def texts(window: QWidget) -> Iterator[tuple[str, QWidget]]:
    """Every text with the widget that it belongs to."""
    for widget in [window, *window.findChildren(QWidget)]:
        if isinstance(widget, QLabel | QAbstractButton):
            yield widget.text(), widget
        if isinstance(widget, QLineEdit):
            yield widget.placeholderText(), widget
        if isinstance(widget, QComboBox):
            for place in range(widget.count()):
                yield widget.itemText(place), widget
        if isinstance(widget, QMenu):
            yield widget.title(), widget
        yield widget.toolTip(), widget
        yield widget.accessibleName(), widget
        yield widget.accessibleDescription(), widget
        if isinstance(widget, QAbstractItemView):
            yield from _cells(widget)


def _cells(view: QAbstractItemView) -> Iterator[tuple[str, QWidget]]:
    table = view.model()
    if table is None:
        return
    columns = table.columnCount() if isinstance(table, QAbstractTableModel) else 1
    for row in range(min(3, table.rowCount())):
        for column in range(columns):
            for role in _ROLES:
                told = table.index(row, column).data(role)
                if isinstance(told, str):
                    yield told, view
    for column in range(columns):
        told = table.headerData(column, Qt.Orientation.Horizontal)
        if isinstance(told, str):
            yield told, view
