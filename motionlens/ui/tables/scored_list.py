"""Clips with a signed score: thumbnail, name, flags, bar, number, decision."""

from __future__ import annotations

from collections.abc import Callable, Container

from PySide6.QtCore import QAbstractListModel, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from motionlens.domain.language import say
from motionlens.domain.ranking import RankedClip
from motionlens.session.clip_list import flag_name
from motionlens.session.library import LibraryState
from motionlens.ui import words
from motionlens.ui.tables.index import Index
from motionlens.ui.theme import Theme
from motionlens.ui.thumbnails import Thumbnails
from motionlens.ui.widgets.bars import paint_score_bar

ROW, THUMB = 60, QSize(84, 47)
_BOX, _BOX_AREA = 16, 34
# In a narrower list the words need the room more than the bar.
_ROOMY = 440
_BADGES = {"exclude": ("x", "exclude"), "keep": ("check", "keep"), "unsure": ("clock", "text2")}


class ScoredTable(QAbstractListModel):
    """Rows as the session gives them."""

    def __init__(self, library: LibraryState) -> None:
        super().__init__()
        self.library = library
        self.rows: list[RankedClip] = []
        self.most = 1.0
        self.checked: Container[str] = ()
        self.band: tuple[float, float] | None = None
        self.colour: Callable[[RankedClip], int] = lambda row: 1 if row.score >= 0 else -1

    def show_rows(self, rows: list[RankedClip], checked: Container[str] = ()) -> None:
        """Show other rows; the strongest gives the bars their scale."""
        rows = [row for row in rows if row.id in self.library.clips]
        self.checked = checked
        if rows == self.rows:  # a reset would jump the list to its top
            if rows:
                self.dataChanged.emit(self.index(0), self.index(len(rows) - 1))
            return
        self.beginResetModel()
        self.rows = rows
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
            told = f", {evidence(row)}" if evidence(row) else ""
            on = say(", checked") if row.id in self.checked else ""
            return say(
                "{name}, influence {signed}{told}, {decision}{on}",
                name=clip.name,
                signed=words.signed(row.score),
                told=told,
                decision=decision,
                on=on,
            )
        return None


def evidence(row: RankedClip) -> str:
    """How far a rank is to be trusted: its q-value, and its 90 % interval."""
    parts = []
    if row.no_motion:
        parts.append(say("no motion"))
    elif row.q_value is not None and row.score > 0:
        parts.append(f"q {row.q_value:.2g}".replace("0.", ".", 1))
    if row.rank_low is not None and row.rank_high is not None:
        parts.append(
            say("rank {rank_low}–{rank_high}", rank_low=row.rank_low, rank_high=row.rank_high)
        )
    return ", ".join(parts)


class ScoredDelegate(QStyledItemDelegate):
    """Paints one row."""

    def __init__(self, theme: Theme, table: ScoredTable, thumbnails: Thumbnails) -> None:
        super().__init__()
        self._theme, self._table, self._thumbnails = theme, table, thumbnails

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(300, ROW)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        theme, row = self._theme, index.data(Qt.ItemDataRole.UserRole)
        table = self._table
        clip = self._table.library.clips[row.id]
        rect = QRectF(option.rect)
        on = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if on:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color("raised"))
            painter.drawRoundedRect(rect.adjusted(0, 1, 0, -1), 6, 6)
        ratio = painter.device().devicePixelRatioF()
        self._paint_check(painter, rect, row.id in self._table.checked, ratio)
        picture = QRectF(rect.left() + _BOX_AREA, rect.center().y() - 23, 84, 47)
        path = QPainterPath()
        path.addRoundedRect(picture, 4, 4)
        painter.fillPath(path, theme.color("stage"))
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
        wide = 84 if rect.width() >= _ROOMY else 44
        bar = QRectF(right - 92 - wide, rect.center().y() - 4, wide, 8)
        # Inside the band of chance a bar has no sign, and so no colour.
        tone = {1: "pos", -1: "neg", 0: "text3"}[table.colour(row)]
        paint_score_bar(painter, theme, bar, row.score, table.most, table.band, tone=tone)
        painter.setPen(theme.color("text"))
        left = picture.right() + 12
        self._paint_name(
            painter, QRectF(left, rect.center().y() - 18, bar.left() - left - 12, 18), row
        )
        painter.restore()

    def _paint_check(self, painter: QPainter, rect: QRectF, on: bool, ratio: float) -> None:
        theme = self._theme
        box = QRectF(rect.left() + 9, rect.center().y() - _BOX / 2, _BOX, _BOX)
        painter.setPen(QPen(theme.color("accent" if on else "text3"), 1.5))
        painter.setBrush(theme.color("accent") if on else Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(box, 3, 3)
        if on:
            mark = theme.pixmap("check-bold", "ink", 12, ratio)
            painter.drawPixmap(QPointF(box.left() + 2, box.top() + 2), mark)

    def _paint_name(self, painter: QPainter, area: QRectF, row: RankedClip) -> None:
        """Name, and under it how far the rank is to be trusted, and the flags."""
        theme, clip = self._theme, self._table.library.clips[row.id]
        elide, room = Qt.TextElideMode.ElideRight, int(area.width())
        painter.setFont(theme.font(13, 600))
        painter.drawText(area, painter.fontMetrics().elidedText(clip.name, elide, room))
        flags = ", ".join(flag_name(flag.name) for flag in clip.flags).capitalize()
        told = " · ".join(part for part in (evidence(row), flags) if part)
        painter.setFont(theme.font(12))
        painter.setPen(theme.color("text2"))
        under = painter.fontMetrics().elidedText(told or say("no flags"), elide, room)
        painter.drawText(area.translated(0, 19), under)


class ScoredList(QListView):
    """The list; letters are commands here.

    Signals
    -------
    ticked : str
        The clip whose box was clicked.
    """

    ticked = Signal(str)

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

    def mousePressEvent(self, event: QMouseEvent) -> None:
        at = event.position().toPoint()
        index = self.indexAt(at)
        if index.isValid() and at.x() < _BOX_AREA:
            self.ticked.emit(self.table.rows[index.row()].id)
            return
        super().mousePressEvent(event)

    def show_clip(self, clip: str) -> bool:
        """Focus a clip's row; False where it is not listed."""
        known = [row.id for row in self.table.rows]
        if clip not in known:
            return False
        self.setCurrentIndex(self.table.index(known.index(clip)))
        return True

    def current(self) -> str:
        """The focused row's clip, or ""."""
        row = self.currentIndex().row()
        return self.table.rows[row].id if 0 <= row < len(self.table.rows) else ""
