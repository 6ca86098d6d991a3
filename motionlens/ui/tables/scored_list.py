"""Clips with a signed score: thumbnail, name, flags, bar, number, decision."""

from __future__ import annotations

from PySide6.QtCore import QAbstractListModel, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from motionlens.domain.ranking import ScoredClip
from motionlens.session.clip_list import flag_name
from motionlens.session.library import LibraryState
from motionlens.ui import words
from motionlens.ui.tables.index import Index
from motionlens.ui.theme import Theme
from motionlens.ui.thumbnails import Thumbnails
from motionlens.ui.widgets.bars import paint_score_bar

ROW, THUMB = 60, QSize(84, 47)
_BADGES = {"exclude": ("x", "exclude"), "keep": ("check", "keep"), "unsure": ("clock", "text2")}


class ScoredTable(QAbstractListModel):
    """Rows as the session gives them."""

    def __init__(self, library: LibraryState) -> None:
        super().__init__()
        self.library = library
        self.rows: list[ScoredClip] = []
        self.most = 1.0

    def show_rows(self, rows: list[ScoredClip]) -> None:
        """Show other rows; the strongest gives the bars their scale."""
        self.beginResetModel()
        self.rows = [row for row in rows if row.id in self.library.clips]
        self.most = max((abs(row.score) for row in self.rows), default=1.0)
        self.endResetModel()

    def touch(self, ids: tuple[str, ...]) -> None:
        """Paint these again."""
        for place, row in enumerate(self.rows):
            if row.id in ids:
                self.dataChanged.emit(self.index(place), self.index(place))

    def rowCount(self, parent: Index | None = None) -> int:
        return len(self.rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        row = self.rows[index.row()]
        if role == Qt.ItemDataRole.UserRole:
            return row
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            clip = self.library.clips[row.id]
            decision = self.library.decision(row.id)
            return f"{clip.name}, influence {words.signed(row.score)}, {decision}"
        return None


class ScoredDelegate(QStyledItemDelegate):
    """Paints one row."""

    def __init__(self, theme: Theme, table: ScoredTable, thumbnails: Thumbnails) -> None:
        super().__init__()
        self._theme, self._table, self._thumbnails = theme, table, thumbnails

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(300, ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        theme, row = self._theme, index.data(Qt.ItemDataRole.UserRole)
        clip = self._table.library.clips[row.id]
        rect = QRectF(option.rect)
        on = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if on:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color("raised"))
            painter.drawRoundedRect(rect.adjusted(0, 1, 0, -1), 6, 6)
        picture = QRectF(rect.left() + 10, rect.center().y() - 23, 84, 47)
        path = QPainterPath()
        path.addRoundedRect(picture, 4, 4)
        painter.fillPath(path, theme.color("stage"))
        ratio = painter.device().devicePixelRatioF()
        pixmap = self._thumbnails.pixmap(clip.clip, THUMB, ratio)
        if pixmap is not None:
            painter.setClipPath(path)
            painter.drawPixmap(picture.topLeft(), pixmap)
            painter.setClipping(False)
        painter.setPen(QPen(theme.color("accent"), 2) if on else QPen(theme.color("line"), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(path)
        right = rect.right() - 12
        decision = self._table.library.decision(row.id)
        if decision in _BADGES:
            icon, tone = _BADGES[decision]
            mark = theme.pixmap(icon, tone, 15, ratio)
            painter.drawPixmap(QPointF(right - 15, rect.center().y() - 7.5), mark)
        else:
            painter.setPen(theme.color("text3"))
            painter.drawLine(
                QPointF(right - 12, rect.center().y()), QPointF(right - 3, rect.center().y())
            )
        middle = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
        painter.setFont(theme.font(14, 600))
        painter.setPen(theme.color("text"))
        painter.drawText(QRectF(right - 90, rect.top(), 64, ROW), middle, words.signed(row.score))
        bar = QRectF(right - 176, rect.center().y() - 4, 84, 8)
        paint_score_bar(painter, theme, bar, row.score, self._table.most)
        left = picture.right() + 12
        room = bar.left() - left - 12
        name = QRectF(left, rect.center().y() - 18, room, 18)
        elide = Qt.TextElideMode.ElideRight
        painter.setFont(theme.font(13, 600))
        painter.drawText(name, painter.fontMetrics().elidedText(clip.name, elide, int(room)))
        flags = ", ".join(flag_name(flag.name) for flag in clip.flags).capitalize()
        painter.setFont(theme.font(12))
        painter.setPen(theme.color("text2"))
        under = painter.fontMetrics().elidedText(flags or "no flags", elide, int(room))
        painter.drawText(name.translated(0, 19), under)
        painter.restore()


class ScoredList(QListView):
    """The list; letters are commands here."""

    def __init__(self, theme: Theme, library: LibraryState, thumbnails: Thumbnails) -> None:
        super().__init__()
        self.table = ScoredTable(library)
        self._delegate = ScoredDelegate(theme, self.table, thumbnails)
        self.setModel(self.table)
        self.setItemDelegate(self._delegate)
        self.setUniformItemSizes(True)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        library.updated.connect(self.table.touch)
        thumbnails.ready.connect(lambda clip: self.table.touch((clip,)))

    def keyboardSearch(self, search: str) -> None:
        """Letters are commands here, so they never jump the list."""

    def current(self) -> str:
        """The focused row's clip, or ""."""
        row = self.currentIndex().row()
        return self.table.rows[row].id if 0 <= row < len(self.table.rows) else ""
