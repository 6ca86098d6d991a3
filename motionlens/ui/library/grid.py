"""The grid of clips: one list view on an array of ids, one delegate that paints a cell."""

from __future__ import annotations

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QItemSelectionModel,
    QPointF,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QColor,
    QFontMetrics,
    QPainter,
    QPainterPath,
    QPen,
    QPolygonF,
    QResizeEvent,
)
from PySide6.QtWidgets import QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from motionlens.domain.language import say, word
from motionlens.session.clip_list import LibraryClip, flag_name
from motionlens.session.library import LibraryState
from motionlens.ui import words
from motionlens.ui.tables.index import Index
from motionlens.ui.theme import Theme
from motionlens.ui.thumbnails import Thumbnails

GAP, PAD, TEXT = 6, 5, 54
_BADGES = {"exclude": ("x", "exclude"), "keep": ("check", "keep"), "unsure": ("clock", "text2")}
_SAID = {
    "exclude": word("excluded"),
    "keep": word("kept"),
    "unsure": word("later"),
    "none": word("undecided"),
}


class ClipTable(QAbstractListModel):
    """The ids that the library shows, in its order."""

    def __init__(self, library: LibraryState) -> None:
        super().__init__()
        self._library = library
        self.ids: list[str] = []
        self._places: dict[str, int] | None = None

    def row_of(self, id: str) -> int | None:
        """Where a clip is listed; None where it is not."""
        if self._places is None:
            # Made when first asked for, which is after the paint that a key waits for.
            self._places = {id: place for place, id in enumerate(self.ids)}
        return self._places.get(id)

    def show_clips(self, ids: list[str]) -> None:
        """Swap the whole array: filter and order live in the session."""
        self.beginResetModel()
        self.ids = ids
        self._places = None
        self.endResetModel()

    def touch(self, ids: tuple[str, ...]) -> None:
        """Paint these again."""
        for id in ids:
            if (row := self.row_of(id)) is not None:
                self.dataChanged.emit(self.index(row), self.index(row))

    def rowCount(self, parent: Index | None = None) -> int:
        return len(self.ids)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        clip = self._library.clips.get(self.ids[index.row()])
        if clip is None:
            return None
        if role == Qt.ItemDataRole.UserRole:
            return clip
        if role in (Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole):
            said = say(_SAID[self._library.decision(clip.id)])
            flags = ", ".join(flag_name(flag.name) for flag in clip.flags)
            return ", ".join(part for part in (clip.name, said, flags) if part)
        return clip.name if role == Qt.ItemDataRole.DisplayRole else None


class ClipDelegate(QStyledItemDelegate):
    """Thumbnail with length and decision, motion as a line of hills, name, flags."""

    def __init__(self, theme: Theme, library: LibraryState, thumbnails: Thumbnails) -> None:
        super().__init__()
        self._theme, self._library, self._thumbnails = theme, library, thumbnails
        self.cell = QSize(176, 150)

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return self.cell

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        clip = index.data(Qt.ItemDataRole.UserRole)
        if clip is None:
            return
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        half = GAP / 2
        cell = QRectF(option.rect).adjusted(half, half, -half, -half)
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        if selected:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._theme.color("raised"))
            painter.drawRoundedRect(cell, 6, 6)
        width = cell.width() - 2 * PAD
        picture = QRectF(cell.left() + PAD, cell.top() + PAD, width, round(width * 9 / 16))
        self._paint_picture(painter, clip, picture, selected)
        curve = QRectF(picture.left(), picture.bottom() + 1, width, 13)
        self._paint_curve(painter, clip, curve)
        self._paint_words(painter, clip, curve)
        painter.restore()

    def _paint_picture(
        self, painter: QPainter, clip: LibraryClip, rect: QRectF, selected: bool
    ) -> None:
        path = QPainterPath()
        path.addRoundedRect(rect, 4, 4)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.color("raised"))
        painter.drawPath(path)
        ratio = painter.device().devicePixelRatioF()
        pixmap = self._thumbnails.pixmap(clip.clip, rect.size().toSize(), ratio)
        if pixmap is not None:
            painter.save()
            painter.setClipPath(path)
            painter.drawPixmap(rect.topLeft(), pixmap)
            painter.restore()
        elif clip.id in self._thumbnails.missing:
            icon = self._theme.pixmap("prohibit", "text3", 20, ratio)
            painter.drawPixmap(rect.center() - QPointF(10, 10), icon)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        pen = (
            QPen(self._theme.color("accent"), 2) if selected else QPen(self._theme.color("line"), 1)
        )
        painter.setPen(pen)
        inset = 0.0 if selected else 0.5
        painter.drawRoundedRect(rect.adjusted(inset, inset, -inset, -inset), 4, 4)
        self._paint_length(painter, clip, rect)
        self._paint_badge(painter, clip.id, rect, ratio)

    def _paint_length(self, painter: QPainter, clip: LibraryClip, rect: QRectF) -> None:
        font = self._theme.font(11, 600)
        text = words.length(clip.clip.info.duration_s)
        width = QFontMetrics(font).horizontalAdvance(text) + 10
        chip = QRectF(rect.right() - width - 4, rect.bottom() - 22, width, 18)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(0, 0, 0, 186))
        painter.drawRoundedRect(chip, 4, 4)
        painter.setPen(QColor("#FFFFFF"))
        painter.setFont(font)
        painter.drawText(chip, Qt.AlignmentFlag.AlignCenter, text)

    def _paint_badge(self, painter: QPainter, id: str, rect: QRectF, ratio: float) -> None:
        decision = self._library.decision(id)
        if decision not in _BADGES:
            return
        icon, tone = _BADGES[decision]
        badge = QRectF(rect.right() - 24, rect.top() + 4, 20, 20)
        # Hollow until the commit has returned: the picture shows through.
        waiting = id in self._library.pending
        painter.setBrush(QColor(0, 0, 0, 90 if waiting else 205))
        painter.setPen(QPen(self._theme.color(tone), 1) if waiting else Qt.PenStyle.NoPen)
        painter.drawRoundedRect(badge, 4, 4)
        # On video the dark scheme's tones are used in both schemes: the badge is black.
        painter.drawPixmap(
            badge.topLeft() + QPointF(3, 3), self._theme.pixmap(icon, tone, 14, ratio)
        )

    def _paint_curve(self, painter: QPainter, clip: LibraryClip, rect: QRectF) -> None:
        if len(clip.curve) < 2:
            return
        steps = max(2, min(len(clip.curve), int(rect.width() // 2)))
        scale = max(*clip.curve, 0.5)
        points = [QPointF(rect.left(), rect.bottom())]
        for step in range(steps):
            first = step * len(clip.curve) // steps
            last = max(first + 1, (step + 1) * len(clip.curve) // steps)
            value = max(clip.curve[first:last]) / scale
            x = rect.left() + rect.width() * step / (steps - 1)
            points.append(QPointF(x, rect.bottom() - value * (rect.height() - 3)))
        points.append(QPointF(rect.right(), rect.bottom()))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.color("text3", 130))
        painter.drawPolygon(QPolygonF(points))

    def _paint_words(self, painter: QPainter, clip: LibraryClip, above: QRectF) -> None:
        middle = Qt.AlignmentFlag.AlignVCenter
        elide = Qt.TextElideMode.ElideRight
        width = int(above.width())
        name = QRectF(above.left(), above.bottom() + 3, width, 16)
        painter.setFont(self._theme.font(13, 600))
        painter.setPen(self._theme.color("text"))
        painter.drawText(name, middle, painter.fontMetrics().elidedText(clip.name, elide, width))
        flags = ", ".join(flag_name(flag.name) for flag in clip.flags)
        painter.setFont(self._theme.font(12))
        painter.setPen(self._theme.color("text2"))
        under = name.translated(0, 15)
        shown = flags[:1] + flags[1:].lower()
        painter.drawText(under, middle, painter.fontMetrics().elidedText(shown, elide, width))


class ClipGrid(QListView):
    """The grid; columns share the width there is."""

    opened = Signal(str)

    def __init__(self, theme: Theme, library: LibraryState, thumbnails: Thumbnails) -> None:
        super().__init__()
        self._library = library
        self._want = 170
        self.table = ClipTable(library)
        self.delegate = ClipDelegate(theme, library, thumbnails)
        self.setObjectName("library.grid")
        self.setAccessibleName(say("Clips"))
        self.setModel(self.table)
        self.setItemDelegate(self.delegate)
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setMovement(QListView.Movement.Static)
        self.setUniformItemSizes(True)
        self.setLayoutMode(QListView.LayoutMode.Batched)
        self.setBatchSize(500)
        self.setSpacing(0)
        self.setSelectionMode(QListView.SelectionMode.ExtendedSelection)
        self.setSelectionRectVisible(False)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.verticalScrollBar().setSingleStep(40)
        self.selectionModel().selectionChanged.connect(self._selected)
        self.selectionModel().currentChanged.connect(self._selected)
        self.doubleClicked.connect(lambda index: self.opened.emit(self.table.ids[index.row()]))
        thumbnails.ready.connect(lambda clip: self.table.touch((clip,)))
        library.changed.connect(self.show_library)
        library.updated.connect(self.table.touch)
        library.selected.connect(self._follow)
        self._quiet = False
        self.show_library()

    def set_cell_width(self, width: int) -> None:
        """Cells about this wide; the columns share what is left."""
        self._want = width
        self._arrange()

    def show_library(self) -> None:
        """List what the library shows now; what was selected stays selected if it is there."""
        kept = self._library.selection
        self._quiet = True
        self.table.show_clips(self._library.shown)
        self._quiet = False
        self._select(kept)

    def keyboardSearch(self, search: str) -> None:
        """Letters are commands here, so they never jump the list."""

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def viewportEvent(self, event: QEvent) -> bool:
        # Tooltips would cover the neighbours' pictures; the inspector says the same.
        if event.type() == QEvent.Type.ToolTip:
            return True
        return super().viewportEvent(event)

    def _arrange(self) -> None:
        room = self.viewport().width() - 1
        columns = max(1, room // self._want)
        width = room // columns
        height = round((width - GAP - 2 * PAD) * 9 / 16) + TEXT + GAP
        self.delegate.cell = QSize(width, height)
        self.setGridSize(QSize(width, height))

    def _selected(self) -> None:
        if self._quiet:
            return
        chosen = [self.table.ids[index.row()] for index in self.selectedIndexes()]
        row = self.currentIndex().row()
        current = self.table.ids[row] if 0 <= row < len(self.table.ids) else ""
        self._library.select(chosen, current)

    def _follow(self, id: str) -> None:
        if not self._quiet and id not in self._ids_selected():
            self._select((id,))

    def _row_of(self, id: str, among: int) -> int | None:
        if among > 1:
            return self.table.row_of(id)
        try:
            return self.table.ids.index(id)
        except ValueError:
            return None

    def _ids_selected(self) -> set[str]:
        return {self.table.ids[index.row()] for index in self.selectedIndexes()}

    def _select(self, ids: tuple[str, ...]) -> None:
        rows = [row for id in ids if (row := self._row_of(id, len(ids))) is not None]
        model = self.selectionModel()
        self._quiet = True
        flag = QItemSelectionModel.SelectionFlag
        model.clearSelection()
        for row in rows:
            model.select(self.table.index(row), flag.Select)
        if rows:
            model.setCurrentIndex(self.table.index(rows[0]), flag.NoUpdate)
            self.scrollTo(self.table.index(rows[0]))
        self._quiet = False
