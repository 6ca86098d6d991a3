"""Keys that a focused control needs for itself: one filter for the whole application."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QComboBox,
    QTabBar,
)

_OWN = frozenset(
    (
        Qt.Key.Key_Space, Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down,
        Qt.Key.Key_Home, Qt.Key.Key_End, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown,
    )
)  # fmt: skip
_CONTROLS = (QAbstractButton, QAbstractItemView, QAbstractSlider, QComboBox, QTabBar)


class KeyFilter(QObject):
    """Buttons, lists, combos and sliders keep Space, arrows and paging; letters go to commands.

    Without it a window's shortcuts would take these keys, and a focused button could not be
    pressed by Space.
    """

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and isinstance(watched, _CONTROLS)
            and event.key() in _OWN
            and event.modifiers()
            in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier)
        ):
            event.accept()
            return True
        return False
