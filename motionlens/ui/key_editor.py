"""The card in which keys are changed."""

from __future__ import annotations

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QKeySequenceEdit,
    QLineEdit,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from motionlens.domain.language import say
from motionlens.ui.action_table import ActionSpec
from motionlens.ui.actions import Actions, written
from motionlens.ui.key_choice import KeyChoice
from motionlens.ui.overlays import Overlay
from motionlens.ui.tables.index import Index
from motionlens.ui.theme import Theme
from motionlens.ui.widgets import Button, SearchField, label, row

SIZE = QSize(640, 560)


class KeyTable(QAbstractTableModel):
    """Every command with its keys, as far as it fits what is looked for."""

    def __init__(self, actions: Actions, choice: KeyChoice) -> None:
        super().__init__()
        self._actions, self._choice = actions, choice
        self.specs: list[ActionSpec] = []

    def find(self, wanted: str) -> None:
        wanted = wanted.casefold()
        self.beginResetModel()
        self.specs = [
            spec for spec in self._actions
            if wanted in f"{spec.said} {' '.join(spec.keys)}".casefold()
        ]  # fmt: skip
        self.endResetModel()

    def told(self) -> None:
        """The keys of the rows have changed."""
        self.specs = [self._actions.specs[spec.id] for spec in self.specs]
        if self.specs:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self.specs) - 1, 2))

    def rowCount(self, parent: Index | None = None) -> int:
        return len(self.specs)

    def columnCount(self, parent: Index | None = None) -> int:
        return 3

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return (say("Command"), say("Where"), say("Keys"))[section]
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        spec = self.specs[index.row()]
        keys = ", ".join(map(written, spec.keys))
        changed = "" if self._choice.usual(spec.id) else say(" (changed)")
        cells = (spec.said, say(spec.group), keys + changed)
        if role == Qt.ItemDataRole.DisplayRole:
            return cells[index.column()]
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{cells[0]}, {keys or say('no key')}{changed}"
        return None


class KeyEditor(Overlay):
    """A list of commands; below it a field that takes the next key pressed."""

    closed = Signal()

    def __init__(self, theme: Theme, actions: Actions, choice: KeyChoice, parent: QWidget) -> None:
        super().__init__(parent, dim=170)
        self.setObjectName("keyEditor")
        self._actions, self._choice = actions, choice
        self.field = SearchField(theme, say("Find a key or an action"), width=260)
        self.field.textChanged.connect(self._find)
        self.field.left.connect(self._to_list)
        self.table = KeyTable(actions, choice)
        self.list = QTableView()
        self.list.setObjectName("keyEditor.list")
        self.list.setAccessibleName(say("Commands and their keys"))
        self.list.setModel(self.table)
        self.list.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.list.setTabKeyNavigation(False)
        self.list.verticalHeader().hide()
        self.list.verticalHeader().setDefaultSectionSize(28)
        header = self.list.horizontalHeader()
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setHighlightSections(False)
        self.list.selectionModel().currentRowChanged.connect(self._chosen)
        self._name = label(theme, "", weight=600)
        self.key = QKeySequenceEdit()
        self.key.setObjectName("keyEditor.key")
        self.key.setAccessibleName(say("The new key"))
        self.key.setMaximumSequenceLength(1)
        self.key.setFixedWidth(130)
        if (typed := self.key.findChild(QLineEdit)) is not None:
            typed.setPlaceholderText(say("Press a key"))
        self.key.editingFinished.connect(self._take)
        self.usual = Button(theme, say("Usual key"))
        self.usual.clicked.connect(lambda: self._forget(one=True))
        self.all = Button(theme, say("All as usual"))
        self.all.clicked.connect(lambda: self._forget(one=False))
        close = Button(theme, icon="x", key="Esc", kind="ghost")
        close.setAccessibleName(say("Close"))
        close.clicked.connect(self.close_overlay)
        self._said = label(theme, "", "error", 12)
        self._said.setObjectName("keyEditor.said")
        hint = say("Choose a command, then Tab, then press its new key")
        layout = QVBoxLayout(self.card)
        layout.setContentsMargins(22, 18, 18, 16)
        layout.setSpacing(10)
        title = label(theme, say("Change keys"), size=18, weight=600)
        layout.addLayout(row(title, None, self.field, close))
        layout.addWidget(label(theme, hint, "text2", 12))
        layout.addWidget(self.list, 1)
        layout.addLayout(row(self._name, None, self.key, self.usual, self.all))
        layout.addWidget(self._said)

    def open(self) -> None:
        self.field.clear()
        self._find("")
        super().open()
        self._to_list()

    def place(self) -> None:
        width, height = min(SIZE.width(), self.width() - 40), min(SIZE.height(), self.height() - 40)
        self.card.setGeometry(
            (self.width() - width) // 2, (self.height() - height) // 2, width, height
        )

    def close_overlay(self) -> None:
        super().close_overlay()
        self.closed.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.key.setFocus()
        else:
            super().keyPressEvent(event)

    def _find(self, wanted: str) -> None:
        self.table.find(wanted)
        self.list.resizeColumnsToContents()
        self.list.selectRow(0)

    def _to_list(self) -> None:
        self.list.setFocus()

    @property
    def _spec(self) -> ActionSpec | None:
        place = self.list.currentIndex().row()
        return self.table.specs[place] if 0 <= place < len(self.table.specs) else None

    def _chosen(self, current: QModelIndex, before: QModelIndex) -> None:
        del current, before
        spec = self._spec
        self._name.setText(spec.said if spec else "")
        self.key.setKeySequence(QKeySequence(spec.keys[0] if spec and spec.keys else ""))
        self._said.setText("")

    def _take(self) -> None:
        spec = self._spec
        key = self.key.keySequence().toString(QKeySequence.SequenceFormat.PortableText)
        if spec is None or key in spec.keys or not key:
            return
        wrong = self._choice.choose(spec.id, key)
        self._say(wrong, say("{name} has {key} now").format(
            name=spec.said, key=key))  # fmt: skip

    def _forget(self, one: bool) -> None:
        spec = self._spec
        wrong = self._choice.forget(spec.id if spec and one else None)
        self._say(wrong, say("The usual keys are back"))

    def _say(self, wrong: str, done: str) -> None:
        self._said.setProperty("tone", "error" if wrong else "text2")
        self._said.style().unpolish(self._said)
        self._said.style().polish(self._said)
        self._said.setText(wrong or done)
        self._said.setAccessibleName(wrong or done)
        if not wrong:
            self.table.told()
