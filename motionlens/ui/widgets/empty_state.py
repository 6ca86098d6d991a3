"""What an empty panel says: what will be here, why it is not, one button, the key."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from motionlens.ui.theme import Theme
from motionlens.ui.widgets.buttons import Button
from motionlens.ui.widgets.labels import IconLabel, label

_WIDTH = 400


class EmptyState(QWidget):
    """Icon, title, text, one primary button and a hint, in the middle of the panel."""

    def __init__(
        self, theme: Theme, title: str = "", text: str = "", button: str = "", key: str = "",
        icon: str = "magnifying-glass", hint: str = "", act: Callable[[], object] | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self._theme = theme
        self._act: Callable[[], object] | None = act
        self._act_otherwise: Callable[[], object] | None = None
        self._icon = IconLabel(theme, icon, "text3", 28)
        self._title = label(theme, "", "text", 15, 600, wrap=True)
        self._text = label(theme, "", "text2", 13, wrap=True)
        self._hint = label(theme, "", "text3", 12, wrap=True)
        self._button = Button(theme, kind="primary", height=32)
        self._button.clicked.connect(self._click)
        self._other = Button(theme, kind="outline", height=32)
        self._other.clicked.connect(self._click_other)
        layout = QVBoxLayout(self)
        layout.setSpacing(0)
        layout.setContentsMargins(24, 24, 24, 24)
        layout.addStretch(5)
        centre = Qt.AlignmentFlag.AlignHCenter
        for widget, gap in (
            (self._icon, 10), (self._title, 6), (self._text, 14), (self._button, 8),
            (self._other, 12), (self._hint, 0),
        ):  # fmt: skip
            if isinstance(widget, QLabel):
                widget.setAlignment(centre)
            if widget in (self._text, self._hint, self._title):
                widget.setFixedWidth(_WIDTH)
            layout.addWidget(widget, 0, centre)
            layout.addSpacing(gap)
        layout.addStretch(6)
        self.show_state(title, text, button, key, icon, hint, act)

    def show_state(
        self, title: str, text: str = "", button: str = "", key: str = "",
        icon: str = "magnifying-glass", hint: str = "", act: Callable[[], object] | None = None,
        other: str = "", act_otherwise: Callable[[], object] | None = None,
    ) -> None:  # fmt: skip
        """Say something else; without `act` there is no button, `other` is a second one."""
        self._act, self._act_otherwise = act, act_otherwise
        self._icon.set_icon(icon, "text3")
        self._title.setText(title)
        self._text.setText(text)
        self._text.setVisible(bool(text))
        self._hint.setText(hint)
        self._hint.setVisible(bool(hint))
        for words in (self._title, self._text, self._hint):
            # A centred label is not asked for its height at this width, so it is told.
            words.setFixedHeight(max(0, words.heightForWidth(_WIDTH)))
        self._button.key = key
        self._button.set_look(text=button)
        self._button.setVisible(bool(button) and act is not None)
        self._other.set_look(text=other)
        self._other.setVisible(bool(other) and act_otherwise is not None)
        self.setAccessibleName(f"{title}. {text}")

    def _click(self) -> None:
        if self._act is not None:
            self._act()

    def _click_other(self) -> None:
        if self._act_otherwise is not None:
            self._act_otherwise()
