"""The sheet of keys (`?`), made from the action table for the view that is open."""

from __future__ import annotations

from PySide6.QtCore import QSize, Signal
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from motionlens.domain.language import say, word
from motionlens.ui.action_table import VIEWS, ActionSpec
from motionlens.ui.actions import Actions
from motionlens.ui.overlays import Overlay
from motionlens.ui.theme import Theme
from motionlens.ui.widgets import Button, KeyCap, SearchField, action_button, heading, label, row

COLUMNS = (
    ("Judge", "Move"),
    ("Play",),
    ("Overlays", "Look", "Zoom"),
    ("Go", "Project", "Run"),
)
_WITHOUT_PLAYER = (("Judge", "Move"), ("Go", "Look"), ("Project", "Run"))
_VIEWS = ActionSpec("go.views", "The five views", ("Ctrl+1", "Ctrl+5"), group="Go")
_ONE_OF_VIEWS = frozenset(f"go.{view}" for view in VIEWS)
_PEDAL = frozenset(f"F{number}" for number in range(13, 19))
_HANDS = (
    (word("Left hand:"), word("Z X C, S, A D, Q W, 1–5")),
    (word("Right hand:"), word("O P M, arrows, Backspace")),
    (word("Pedal or pad:"), word("F13 to F18")),
)


def caps(sequence: str) -> list[str]:
    """The key caps of one portable sequence: "Ctrl+K" gives Ctrl and K."""
    text = QKeySequence(sequence).toString(QKeySequence.SequenceFormat.PortableText)
    names = {
        "Left": "←",
        "Right": "→",
        "Up": "↑",
        "Down": "↓",
        "Backspace": "⌫",
        "PgDown": say("Pg Dn"),
        "PgUp": say("Pg Up"),
    }
    parts = [part for part in text.split("+") if part]
    parts += ["+"] * text.endswith("+")
    return [names.get(part, part) for part in parts]


class CheatSheet(Overlay):
    """All keys that do something here, by group."""

    closed = Signal()

    def __init__(self, theme: Theme, actions: Actions, parent: QWidget) -> None:
        super().__init__(parent, dim=170)
        self.setObjectName("keys")
        self._theme, self._actions = theme, actions
        self._title = label(theme, "", size=18, weight=600)
        self.field = SearchField(theme, say("Find a key or an action"), width=240)
        self.field.textChanged.connect(lambda _: self._fill())
        self.field.left.connect(self.close_overlay)
        close = Button(theme, icon="x", key="Esc", kind="ghost")
        close.setAccessibleName(say("Close"))
        close.clicked.connect(self.close_overlay)
        self._body = QWidget()
        self._layout = layout = QVBoxLayout(self.card)
        layout.setContentsMargins(27, 20, 22, 18)
        layout.setSpacing(12)
        hint = label(theme, say("plain keys; never while you type in a field"), "text2")
        layout.addLayout(row(self._title, 12, hint, None, self.field, close))
        layout.addWidget(self._body, 1)
        hands = [
            widget
            for title, keys in _HANDS
            for widget in (
                label(theme, say(title), "text2", 12, 600),
                label(theme, say(keys), "text2", 12),
                14,
            )
        ]
        self._hands = QWidget()
        self._hands.setLayout(row(*hands, spacing=6))
        change = action_button(theme, actions, "go.change_keys", kind="ghost")
        change.clicked.connect(self.hide)
        layout.addLayout(row(self._hands, None, change))

    def open(self) -> None:
        self.field.clear()
        self._fill()
        super().open()
        self.field.setFocus()

    def place(self) -> None:
        high = max(420, self.card.sizeHint().height() + 24)
        size = QSize(min(1240, self.width() - 60), min(high, self.height() - 40))
        left, top = (self.width() - size.width()) // 2, (self.height() - size.height()) // 2
        self.card.setGeometry(left, top, size.width(), size.height())

    def close_overlay(self) -> None:
        super().close_overlay()
        self.closed.emit()

    def _fill(self) -> None:
        view = self._actions.view
        self._title.setText(
            say("Keys") if view == "start" else say("Keys in {view}", view=say(view.capitalize()))
        )
        self._hands.setVisible(view == "review")
        wanted = self.field.text().casefold()
        specs = [
            spec
            for spec in self._listed()
            if spec.keys and wanted in f"{spec.said} {' '.join(spec.keys)}".casefold()
        ]
        old = self._body
        self._body = QWidget()
        columns = QHBoxLayout(self._body)
        columns.setContentsMargins(0, 0, 0, 0)
        columns.setSpacing(24)
        played = any(spec.group == "Play" for spec in self._actions.listed())
        for groups in COLUMNS if played else _WITHOUT_PLAYER:
            columns.addLayout(self._column(groups, specs), 1)
        self._layout.replaceWidget(old, self._body)
        old.deleteLater()

    def _listed(self) -> list[ActionSpec]:
        """What does something here; the five views are one row."""
        listed = self._actions.listed()
        others = [spec for spec in listed if spec.id not in _ONE_OF_VIEWS]
        return [_VIEWS, *others] if len(others) < len(listed) else others

    def _column(self, groups: tuple[str, ...], specs: list[ActionSpec]) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setSpacing(7)
        for group in groups:
            members = [spec for spec in specs if spec.group == group]
            if not members:
                continue
            column.addWidget(heading(self._theme, say(group)))
            grid = QGridLayout()
            grid.setHorizontalSpacing(12)
            grid.setVerticalSpacing(6)
            grid.setColumnMinimumWidth(0, 92)
            grid.setColumnStretch(1, 1)
            for place, spec in enumerate(members):
                grid.addLayout(self._keys(spec), place, 0)
                grid.addWidget(label(self._theme, spec.said, spec.tone), place, 1)
            column.addLayout(grid)
            column.addSpacing(10)
        column.addStretch(1)
        return column

    def _keys(self, spec: ActionSpec) -> QHBoxLayout:
        tone = spec.tone if spec.tone != "text" else "text"
        edge = spec.tone if spec.tone != "text" else "edge"
        # F13 to F18 are for pedals; the last line names them.
        shown = [caps(key) for key in spec.keys[:2] if key not in _PEDAL]
        if sum(len(parts) for parts in shown) > 3:
            shown = shown[:1]
        if spec is _VIEWS:
            shown = [["Ctrl", "1…5"]]
        widgets = [KeyCap(self._theme, cap, tone, edge) for parts in shown for cap in parts]
        return row(*widgets, None, spacing=5)
