"""The header: project name, menus, the five tabs, and the field that finds commands."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QAbstractButton,
    QHBoxLayout,
    QMenuBar,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from motionlens.domain.language import say, word
from motionlens.ui.actions import Actions
from motionlens.ui.theme import Theme
from motionlens.ui.widgets import ElidedLabel, line, paint_key_cap
from motionlens.ui.widgets.chips import CAP, cap_width

HEIGHT = 44
TABS = (
    ("library", word("Library"), "squares-four"),
    ("review", word("Review"), "check-square-offset"),
    ("explain", word("Explain"), "magnifying-glass"),
    ("train", word("Train"), "chart-line"),
    ("trial", word("Trial"), "scales"),
)


class Tab(QAbstractButton):
    """One view's tab: the one that is open has a line under it."""

    def __init__(self, theme: Theme, text: str, icon: str) -> None:
        super().__init__()
        self._theme, self._icon = theme, icon
        self.setText(text)
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setFixedHeight(HEIGHT)

    def sizeHint(self) -> QSize:
        font = self._theme.font(13, 600)
        return QSize(QFontMetrics(font).horizontalAdvance(self.text()) + 50, HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        on = self.isChecked()
        tone = "text" if on or self.underMouse() else "text2"
        pixmap = self._theme.pixmap(self._icon, tone, 16, self.devicePixelRatioF())
        painter.drawPixmap(13, (HEIGHT - 16) // 2, pixmap)
        painter.setFont(self._theme.font(13, 600 if on else 500))
        painter.setPen(self._theme.color(tone))
        area = QRectF(37, 0, self.width() - 37, HEIGHT)
        painter.drawText(area, Qt.AlignmentFlag.AlignVCenter, self.text())
        if on:
            painter.fillRect(
                QRectF(6, HEIGHT - 3, self.width() - 12, 3), self._theme.color("accent")
            )
        if self.hasFocus():
            painter.setPen(QPen(self._theme.color("accent"), 2))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(5, 7, -5, -7), 4, 4)


class CommandField(QAbstractButton):
    """Looks like the field that it opens."""

    def __init__(self, theme: Theme, key: str) -> None:
        super().__init__()
        self._theme, self._key = theme, key
        self.setText(say("Search or run a command"))
        self.setAccessibleName(say("Search or run a command"))
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setFixedSize(252, 28)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(self._theme.color("raised"))
        focus = self.hasFocus()
        painter.setPen(QPen(self._theme.color("accent" if focus else "line"), 1))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)
        pixmap = self._theme.pixmap("magnifying-glass", "text3", 16, self.devicePixelRatioF())
        painter.drawPixmap(10, 6, pixmap)
        painter.setFont(self._theme.font(13))
        painter.setPen(self._theme.color("text3"))
        painter.drawText(QRectF(34, 0, 200, 28), Qt.AlignmentFlag.AlignVCenter, self.text())
        width = cap_width(self._theme, self._key)
        paint_key_cap(painter, self._theme, QRectF(244 - width, 4, width, CAP), self._key)


class Header(QWidget):
    """The window's menu widget."""

    view_chosen = Signal(str)
    commands_wanted = Signal()

    def __init__(self, theme: Theme, actions: Actions) -> None:
        super().__init__()
        self.setProperty("ground", "window")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedHeight(HEIGHT + 1)
        self.name = ElidedLabel(theme, say("MotionLens"), weight=600)
        self.name.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.name.setMaximumWidth(160)
        self.name.setObjectName("header.project")
        self.menus = QMenuBar()
        self.menus.setFont(theme.font(13))
        self.menus.setNativeMenuBar(False)
        self.menus.setFixedHeight(28)
        actions.fill_menus(self.menus)
        self.tabs: dict[str, Tab] = {}
        tabs = QHBoxLayout()
        tabs.setSpacing(0)
        for view, text, icon in ((view, say(text), icon) for view, text, icon in TABS):
            tab = Tab(theme, text, icon)
            tab.setObjectName(f"tab.{view}")
            key = actions.key(f"go.{view}")
            tab.setToolTip(f"{text} ({key})")
            tab.clicked.connect(lambda _=False, view=view: self.view_chosen.emit(view))
            self.tabs[view] = tab
            tabs.addWidget(tab)
        self.commands = CommandField(theme, actions.key("go.commands"))
        self.commands.clicked.connect(self.commands_wanted)
        self._left, self._right = QWidget(), QWidget()
        left = QHBoxLayout(self._left)
        left.setContentsMargins(14, 0, 0, 0)
        left.setSpacing(6)
        left.addWidget(self.name)
        left.addWidget(self.menus)
        left.addStretch(1)
        right = QHBoxLayout(self._right)
        right.setContentsMargins(0, 0, 12, 0)
        right.addStretch(1)
        right.addWidget(self.commands)
        bar = QHBoxLayout()
        bar.setContentsMargins(0, 0, 0, 0)
        bar.setSpacing(0)
        bar.addWidget(self._left, 1)
        bar.addLayout(tabs)
        bar.addWidget(self._right, 1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addLayout(bar)
        whole.addWidget(line())

    def set_view(self, view: str) -> None:
        """The tab that is on ("start" for none)."""
        for name, tab in self.tabs.items():
            tab.setChecked(name == view)
