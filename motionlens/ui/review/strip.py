"""The strip: the queue's neighbours with rank, score and decision; one list view, no widgets."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QPersistentModelIndex,
    QPointF,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QPainter, QPen, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QListView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
)

from motionlens.domain.decision import Decision
from motionlens.domain.language import say, word
from motionlens.session.clip_list import flag_name
from motionlens.session.mark import Mark
from motionlens.session.review import ReviewState
from motionlens.session.review_queue import Candidate
from motionlens.ui.theme import Theme
from motionlens.ui.thumbnails import Thumbnails

CELL, THUMB_W, THUMB_H = 128, 120, 68
HEIGHT, COMPACT_HEIGHT = 108, 56
_ROW = Qt.ItemDataRole.UserRole
_WORDS = {
    Decision.EXCLUDE: word("excluded"),
    Decision.KEEP: word("kept"),
    Decision.UNSURE: word("later"),
}
Index = QModelIndex | QPersistentModelIndex


class StripTable(QAbstractListModel):
    """The queue in its order, read from the state: nothing is copied."""

    def __init__(self, state: ReviewState) -> None:
        super().__init__()
        self._state = state
        self._order: list[str] = []
        self.reload()

    def reload(self) -> None:
        """The queue has another content or order."""
        self.beginResetModel()
        self._order = list(self._state.order)
        self.endResetModel()

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._order)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        candidate = self._state.candidate(self._order[index.row()])
        if role == _ROW:
            return candidate
        if role == Qt.ItemDataRole.ToolTipRole:
            return candidate.title
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return self._spoken(candidate)
        return None

    def changed(self, clips: tuple[str, ...]) -> None:
        """These look different now."""
        for clip in clips:
            if clip in self._order:
                index = self.index(self._order.index(clip))
                self.dataChanged.emit(index, index)

    def _spoken(self, candidate: Candidate) -> str:
        mark = self._state.marks.get(candidate.clip.id)
        decision = say(_WORDS.get(mark.decision, "undecided") if mark else "undecided")
        number = candidate.score_text
        what = "influence" if number[:1] in ("+", "\u2212") else "score"
        score = f", {what} {number}" if number else ""
        total = len(self._state.queue)
        name = f", {candidate.title}" if candidate.title else ""
        return say(
            "Candidate {rank} of {total}{name}{score}, {decision}",
            rank=candidate.rank,
            total=total,
            name=name,
            score=score,
            decision=decision,
        )


class StripDelegate(QStyledItemDelegate):
    """Paints one cell."""

    def __init__(self, theme: Theme, state: ReviewState, thumbnails: Thumbnails) -> None:
        super().__init__()
        self._theme, self._state, self._thumbnails = theme, state, thumbnails
        self.compact = False

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(84 if self.compact else CELL, COMPACT_HEIGHT if self.compact else HEIGHT - 8)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        candidate: Candidate = index.data(_ROW)
        current = index.row() == self._state.place
        mark = self._state.marks.get(candidate.clip.id)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rect = QRectF(option.rect)
        width, height = (78, 44) if self.compact else (THUMB_W, THUMB_H)
        picture = QRectF(rect.left(), rect.top() + 6, width, height)
        self._paint_picture(painter, picture, candidate, current, mark)
        if not self.compact:
            below = QRectF(picture.left(), picture.bottom() + 2, width, 20)
            self._paint_score(painter, below, candidate, current)
        painter.restore()

    def _paint_picture(
        self,
        painter: QPainter,
        picture: QRectF,
        candidate: Candidate,
        current: bool,
        mark: Mark | None,
    ) -> None:
        theme = self._theme
        size = QSize(int(picture.width()) - 2, int(picture.height()) - 2)
        ratio = painter.device().devicePixelRatio()
        pixmap = self._thumbnails.pixmap(candidate.clip, size, ratio)
        painter.fillRect(picture, theme.color("raised"))
        judged = mark is not None and not current
        if pixmap is not None:
            painter.setOpacity(0.4 if judged else 1.0)
            painter.drawPixmap(picture.topLeft() + QPointF(1, 1), pixmap)
            painter.setOpacity(1.0)
        elif candidate.clip.id in self._thumbnails.missing:
            icon = theme.pixmap("warning", "warn", 16, ratio)
            painter.drawPixmap(picture.center() - QPointF(8, 8), icon)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(theme.color("accent" if current else "line"), 2 if current else 1))
        inset = 1.0 if current else 0.5
        painter.drawRoundedRect(picture.adjusted(inset, inset, -inset, -inset), 4, 4)
        self._paint_rank(painter, picture, candidate)
        if mark is not None:
            self._paint_badge(painter, picture, mark, ratio)

    def _paint_rank(self, painter: QPainter, picture: QRectF, candidate: Candidate) -> None:
        text = str(candidate.rank)
        painter.setFont(self._theme.font(11, 600))
        width = painter.fontMetrics().horizontalAdvance(text) + 12
        plate = QRectF(picture.left() + 5, picture.top() + 5, width, 18)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(0, 0, 0, 186))
        painter.drawRoundedRect(plate, 3, 3)
        painter.setPen(QColor(255, 255, 255))
        painter.drawText(plate, Qt.AlignmentFlag.AlignCenter, text)

    def _paint_badge(self, painter: QPainter, picture: QRectF, mark: Mark, ratio: float) -> None:
        looks = {
            Decision.EXCLUDE: ("x", "exclude"),
            Decision.KEEP: ("check", "keep"),
            Decision.UNSURE: ("clock", "warn"),
        }
        if mark.decision not in looks:
            return
        icon, tone = looks[mark.decision]
        badge = QRectF(picture.right() - 25, picture.top() + 5, 20, 20)
        color = self._theme.color(tone)
        # Hollow until the commit has returned, filled afterwards.
        if mark.saved:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(0, 0, 0, 200))
            painter.drawRoundedRect(badge, 4, 4)
            color.setAlpha(60)
            painter.setBrush(color)
            painter.drawRoundedRect(badge, 4, 4)
        else:
            painter.setPen(QPen(color, 1.5))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(badge.adjusted(1, 1, -1, -1), 4, 4)
        pixmap = self._theme.pixmap(icon, tone, 14, ratio)
        painter.drawPixmap(badge.topLeft() + QPointF(3, 3), pixmap)

    def _paint_score(
        self, painter: QPainter, below: QRectF, candidate: Candidate, current: bool
    ) -> None:
        theme = self._theme
        painter.setFont(theme.font(12, 600 if current else 400))
        painter.setPen(theme.color("text" if current else "text2"))
        middle = Qt.AlignmentFlag.AlignVCenter
        if candidate.score is None:
            # Names of one series differ at their ends, so it is the middle that goes.
            words, elide = candidate.title, Qt.TextElideMode.ElideMiddle
            if candidate.flags:
                words, elide = flag_name(candidate.flags[0].name), Qt.TextElideMode.ElideRight
            shown = painter.fontMetrics().elidedText(words, elide, int(below.width()))
            painter.drawText(below, middle, shown)
            return
        painter.drawText(below, middle | Qt.AlignmentFlag.AlignRight, candidate.score_text)
        most = max((abs(row.score or 0.0) for row in self._state.queue[:1]), default=1.0)
        least = max((abs(row.score or 0.0) for row in self._state.queue[-1:]), default=1.0)
        most = max(most, least, 1e-9)
        bar = QRectF(below.left(), below.center().y() - 3, below.width() - 46, 6)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("hover"))
        painter.drawRect(bar)
        painter.setBrush(theme.color("pos" if candidate.score >= 0 else "neg"))
        length = bar.width() * min(1.0, abs(candidate.score) / most)
        painter.drawRect(QRectF(bar.left(), bar.top(), length, bar.height()))


class Strip(QListView):
    """A click goes to a candidate; the current one is kept at 45 % of the width."""

    chosen = Signal(int)

    def __init__(self, theme: Theme, state: ReviewState, thumbnails: Thumbnails) -> None:
        super().__init__()
        self._state = state
        self._table = StripTable(state)
        self._delegate = StripDelegate(theme, state, thumbnails)
        self.setObjectName("review.strip")
        self.setAccessibleName(say("Candidates in order"))
        self.setFlow(QListView.Flow.LeftToRight)
        self.setWrapping(False)
        self.setUniformItemSizes(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setMouseTracking(False)
        self.setFixedHeight(HEIGHT)
        self.setViewportMargins(14, 0, 0, 0)
        self.setModel(self._table)
        self.setItemDelegate(self._delegate)
        self.clicked.connect(lambda index: self.chosen.emit(index.row()))
        self._thumbnails = thumbnails
        thumbnails.ready.connect(self._picture_ready)
        state.queue_changed.connect(self._reload)
        state.current_changed.connect(self._moved)
        state.marks_changed.connect(self._table.changed)

    def set_compact(self, compact: bool) -> None:
        """56 px of thumbnails without numbers."""
        self._delegate.compact = compact
        self.setFixedHeight(COMPACT_HEIGHT if compact else HEIGHT)
        self._reload()

    def keyboardSearch(self, search: str) -> None:
        """Letters are commands, not a search."""

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._centre()

    def _reload(self) -> None:
        self._table.reload()
        self._moved()

    def _moved(self) -> None:
        index = self._table.index(self._state.place)
        self.setCurrentIndex(index)
        self.doItemsLayout()
        self._centre()
        self.viewport().update()

    def _centre(self) -> None:
        cell = self._delegate.sizeHint(QStyleOptionViewItem(), QModelIndex()).width()
        wanted = self._state.place * cell - 0.45 * self.viewport().width() + cell / 2
        bar = self.horizontalScrollBar()
        bar.setValue(max(bar.minimum(), min(round(wanted), bar.maximum())))

    def _picture_ready(self, clip: str) -> None:
        del clip
        self.viewport().update()
