"""A list of a side pane: headings, rows with icon, name and count; one row is on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QVBoxLayout, QWidget

from motionlens.ui.theme import Theme
from motionlens.ui.widgets.labels import heading

ROW = 28


@dataclass(frozen=True)
class SideEntry:
    """One row, or (without a key) a heading."""

    key: str
    text: str
    icon: str = ""
    count: int | None = None
    tone: str = "text2"


class SideRow(QAbstractButton):
    """One row of the list."""

    def __init__(self, theme: Theme, entry: SideEntry) -> None:
        super().__init__()
        self._theme, self._entry = theme, entry
        self.setCheckable(True)
        self.setFixedHeight(ROW)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.set_entry(entry)

    def set_entry(self, entry: SideEntry) -> None:
        """Show this row's newest count."""
        self._entry = entry
        self.setText(entry.text)
        counted = "" if entry.count is None else f", {entry.count}"
        self.setAccessibleName(f"{entry.text}{counted}")
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(160, ROW)

    def paintEvent(self, event: QPaintEvent) -> None:
        theme, entry = self._theme, self._entry
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rect = QRectF(self.rect())
        if self.isChecked() or self.underMouse():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color("raised", 255 if self.isChecked() else 140))
            painter.drawRoundedRect(rect, 6, 6)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(theme.color("accent"), 2))
            painter.drawRoundedRect(rect.adjusted(1, 1, -1, -1), 6, 6)
        left = 10.0
        if entry.icon:
            tone = "text" if self.isChecked() else entry.tone
            pixmap = theme.pixmap(entry.icon, tone, 15, self.devicePixelRatioF())
            painter.drawPixmap(QPointF(left, (ROW - 15) / 2), pixmap)
            left += 22
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.setFont(theme.font(13, 600 if self.isChecked() else 400))
        painter.setPen(theme.color("text"))
        room = rect.width() - left - (56 if entry.count is not None else 8)
        text = painter.fontMetrics().elidedText(entry.text, Qt.TextElideMode.ElideRight, int(room))
        painter.drawText(QRectF(left, 0, room, ROW), middle, text)
        if entry.count is not None:
            painter.setFont(theme.font(12, 400))
            painter.setPen(theme.color("text2"))
            area = rect.adjusted(0, 0, -10, 0)
            painter.drawText(area, middle | Qt.AlignmentFlag.AlignRight, f"{entry.count:,}")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self.focusNextPrevChild(event.key() == Qt.Key.Key_Down)
            return
        super().keyPressEvent(event)


class SideList(QWidget):
    """Rows by key; the list is made anew only when its rows change, else only counts do."""

    chosen = Signal(str)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._keys: tuple[str, ...] = ()
        self._rows: dict[str, SideRow] = {}
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(0)

    def set_entries(self, entries: Sequence[SideEntry]) -> None:
        """Show these headings and rows."""
        keys = tuple(entry.key or f"#{entry.text}" for entry in entries)
        if keys != self._keys:
            self._keys = keys
            self._build(entries)
        for entry in entries:
            if entry.key:
                self._rows[entry.key].set_entry(entry)

    def set_on(self, *keys: str) -> None:
        """The rows that are on."""
        for key, row in self._rows.items():
            row.setChecked(key in keys)

    def _build(self, entries: Sequence[SideEntry]) -> None:
        while (item := self._layout.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        self._rows.clear()
        for entry in entries:
            if not entry.key:
                title = heading(self._theme, entry.text)
                title.setContentsMargins(10, 11, 0, 5)
                self._layout.addWidget(title)
                continue
            row = SideRow(self._theme, entry)
            row.clicked.connect(lambda _=False, key=entry.key: self.chosen.emit(key))
            self._rows[entry.key] = row
            self._layout.addWidget(row)
