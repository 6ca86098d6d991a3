"""The command palette (`Ctrl+K`): every command of this view with its key, found by letters."""

from __future__ import annotations

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from motionlens.domain.language import say
from motionlens.ui.action_table import ActionSpec
from motionlens.ui.actions import Actions
from motionlens.ui.overlays import Overlay
from motionlens.ui.tables.index import Index
from motionlens.ui.theme import Theme
from motionlens.ui.widgets import SearchField, paint_key_cap
from motionlens.ui.widgets.chips import CAP, cap_width

ROW, WIDTH, HEIGHT = 36, 560, 460


def fuzzy(wanted: str, text: str) -> int | None:
    """How far `wanted`'s letters are spread in `text` (0 is best), or None if it does not fit."""
    wanted, text = wanted.casefold().strip(), text.casefold()
    if not wanted:
        return 0
    if wanted in text:
        return text.index(wanted)
    place, spread = -1, 100
    for letter in wanted:
        if letter.isspace():
            continue
        found = text.find(letter, place + 1)
        if found < 0:
            return None
        spread += found - place - 1
        place = found
    return spread


class CommandTable(QAbstractListModel):
    """The commands that fit what was typed; those used lately come first."""

    def __init__(self, actions: Actions, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._actions = actions
        self.specs: list[ActionSpec] = []

    def find(self, wanted: str) -> None:
        """List what fits."""
        recent = self._actions.recent
        scored = [
            (fuzzy(wanted, spec.said), spec) for spec in self._actions.listed()
            if spec.id != "go.commands"
        ]  # fmt: skip
        fitting = [(score, spec) for score, spec in scored if score is not None]
        fitting.sort(
            key=lambda pair: (
                pair[0], recent.index(pair[1].id) if pair[1].id in recent else len(recent)
            )
        )  # fmt: skip
        self.beginResetModel()
        self.specs = [spec for _, spec in fitting]
        self.endResetModel()

    def rowCount(self, parent: Index | None = None) -> int:
        return len(self.specs)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        spec = self.specs[index.row()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            reason = self._actions.reason(spec.id)
            return f"{spec.said}, {reason}" if reason else spec.said
        return spec if role == Qt.ItemDataRole.UserRole else None


class CommandDelegate(QStyledItemDelegate):
    """Icon, words, reason why not, key."""

    def __init__(self, theme: Theme, actions: Actions) -> None:
        super().__init__()
        self._theme, self._actions = theme, actions

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(WIDTH - 60, ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        theme, spec = self._theme, index.data(Qt.ItemDataRole.UserRole)
        reason = self._actions.reason(spec.id)
        rect = QRectF(option.rect)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color("hover"))
            painter.drawRoundedRect(rect, 6, 6)
        tone = "text3" if reason else "text"
        if spec.icon:
            pixmap = theme.pixmap(spec.icon, "text2", 16, painter.device().devicePixelRatioF())
            painter.drawPixmap(int(rect.left()) + 10, int(rect.center().y()) - 7, pixmap)
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.setFont(theme.font(13, 500))
        painter.setPen(theme.color(tone))
        words = f"{spec.said}  ·  {reason}" if reason else spec.said
        painter.drawText(rect.adjusted(36, 0, -120, 0), middle, words)
        painter.setFont(theme.font(12))
        painter.setPen(theme.color("text2"))
        right = rect.right() - 10
        key = self._actions.key(spec.id)
        if key:
            width = cap_width(theme, key)
            cap = QRectF(right - width, rect.center().y() - CAP / 2, width, CAP)
            paint_key_cap(painter, theme, cap, key)
        painter.restore()


class Palette(Overlay):
    """A field over a list; arrows move, Enter runs."""

    closed = Signal()

    def __init__(self, theme: Theme, actions: Actions, parent: QWidget) -> None:
        super().__init__(parent, dim=90)
        self.setObjectName("palette")
        self._actions = actions
        self.field = SearchField(theme, say("Search or run a command"), width=WIDTH - 24)
        self.field.textChanged.connect(self._find)
        self.field.installEventFilter(self)
        self.table = CommandTable(actions, self)
        self.list = QListView()
        self.list.setModel(self.table)
        self._delegate = CommandDelegate(theme, actions)
        self.list.setItemDelegate(self._delegate)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.list.clicked.connect(self._run)
        layout = QVBoxLayout(self.card)
        layout.setContentsMargins(12, 12, 12, 8)
        layout.setSpacing(8)
        layout.addWidget(self.field)
        layout.addWidget(self.list, 1)

    def open(self) -> None:
        self._actions.refresh()
        self.field.clear()
        self._find("")
        super().open()
        self.field.setFocus()

    def place(self) -> None:
        self.card.setGeometry((self.width() - WIDTH) // 2, 84, WIDTH, HEIGHT)

    def close_overlay(self) -> None:
        super().close_overlay()
        self.closed.emit()

    def eventFilter(self, watched: QObject, event: object) -> bool:
        if watched is self.field and isinstance(event, QKeyEvent) and self._steer(event):
            return True
        return super().eventFilter(watched, event)  # type: ignore[arg-type]

    def _steer(self, event: QKeyEvent) -> bool:
        if event.type() != QKeyEvent.Type.KeyPress:
            return False
        row, rows = self.list.currentIndex().row(), self.table.rowCount()
        if event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Up):
            step = 1 if event.key() == Qt.Key.Key_Down else -1
            self.list.setCurrentIndex(self.table.index((row + step) % max(1, rows)))
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._run(self.list.currentIndex())
        elif event.key() == Qt.Key.Key_Escape:
            self.close_overlay()
        else:
            return False
        return True

    def _find(self, wanted: str) -> None:
        self.table.find(wanted)
        self.list.setCurrentIndex(self.table.index(0))

    def _run(self, index: QModelIndex) -> None:
        if not index.isValid():
            return
        id = self.table.specs[index.row()].id
        if self._actions.reason(id):
            return
        self.close_overlay()
        self._actions.run(id)
