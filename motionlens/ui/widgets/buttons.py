"""Buttons, painted by us so that icon, word and key never clip."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import (
    QAction,
    QColor,
    QFont,
    QFontMetrics,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QPushButton, QSizePolicy

from motionlens.ui.actions import Actions
from motionlens.ui.theme import Theme
from motionlens.ui.widgets.chips import CAP, cap_width, paint_key_cap

KINDS = ("primary", "outline", "quiet", "ghost", "exclude", "keep")


class Button(QPushButton):
    """A button with icon, word, a quieter detail and a key cap.

    Parameters
    ----------
    kind : str
        `primary` (one a view), `outline` (edge), `quiet` (line), `ghost` (no outline),
        `exclude` and `keep` (decisions).
    height : int
        28 for controls, 32 for primary, 44 for decisions.
    """

    def __init__(
        self, theme: Theme, text: str = "", icon: str = "", key: str = "", kind: str = "quiet",
        detail: str = "", height: int = 28,
    ) -> None:  # fmt: skip
        super().__init__(text)
        self._theme, self.icon_name, self.key, self.kind = theme, icon, key, kind
        self.detail = detail
        self.setFixedHeight(height)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.ArrowCursor)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)

    def set_look(
        self, text: str | None = None, icon: str | None = None, kind: str | None = None,
        detail: str | None = None,
    ) -> None:  # fmt: skip
        """Change parts of the look."""
        if text is not None:
            self.setText(text)
        self.icon_name = self.icon_name if icon is None else icon
        self.kind = self.kind if kind is None else kind
        self.detail = self.detail if detail is None else detail
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        big = self.height() >= 40
        pad, gap = (12, 10) if big else (10, 7)
        parts = []
        if self.icon_name:
            parts.append(18 if big else 16)
        if self.text():
            parts.append(QFontMetrics(self._font()).horizontalAdvance(self.text()) + 1)
        if self.detail:
            parts.append(QFontMetrics(self._theme.font(13, 500)).horizontalAdvance(self.detail) + 1)
        if self.key:
            parts.append(cap_width(self._theme, self.key))
        width = sum(parts) + gap * max(0, len(parts) - 1) + 2 * pad
        if self.icon_name and not self.text() and not self.key:
            width = self.height()
        return QSize(width, self.height())

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    @property
    def shown_text(self) -> str:
        """Its words, shortened where a pane has no room for them (long ones of some languages)."""
        short_by = self.sizeHint().width() - self.width()
        if short_by <= 0:
            return self.text()
        font = QFontMetrics(self._font())
        room = font.horizontalAdvance(self.text()) - short_by
        return font.elidedText(self.text(), Qt.TextElideMode.ElideRight, max(0, room))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if not self.toolTip() and self.shown_text != self.text():
            self.setToolTip(self.text())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if not self.isEnabled():
            painter.setOpacity(0.55)
        self._paint_ground(painter)
        ink, strong = self._inks()
        big = self.height() >= 40
        pad, gap, size = (12.0, 10.0, 18) if big else (10.0, 7.0, 16)
        content = min(self.sizeHint().width(), self.width()) - 2 * pad
        left = (
            pad if self.key and self.width() > content + 2 * pad else (self.width() - content) / 2
        )
        middle = self.height() / 2
        if self.icon_name:
            alone = not self.text() and not self.key
            left = (self.width() - size) / 2 if alone else left
            pixmap = self._theme.pixmap(self.icon_name, ink, size, self.devicePixelRatioF())
            painter.drawPixmap(QPointF(left, middle - size / 2), pixmap)
            left += size + gap
        align = Qt.AlignmentFlag.AlignVCenter
        if self.text():
            shown = self.shown_text
            painter.setFont(self._font())
            painter.setPen(self._theme.color(strong))
            width = painter.fontMetrics().horizontalAdvance(shown) + 1
            painter.drawText(QRectF(left, 0, width + 4, self.height()), align, shown)
            left += width + gap
        if self.detail:
            painter.setFont(self._theme.font(13, 500))
            painter.setPen(self._theme.color("text"))
            painter.drawText(QRectF(left, 0, self.width(), self.height()), align, self.detail)
        if self.key:
            width = cap_width(self._theme, self.key)
            rect = QRectF(self.width() - pad - width + 2, middle - CAP / 2, width, CAP)
            edge = self.kind if self.kind in ("exclude", "keep") else "edge"
            tone = strong if self.kind != "primary" else "ink"
            paint_key_cap(painter, self._theme, rect, self.key, tone, edge)

    def _font(self) -> QFont:
        if self.height() >= 40 and self.kind in ("exclude", "keep"):
            return self._theme.font(15, 600)
        return self._theme.font(13, 500)

    def _inks(self) -> tuple[str, str]:
        if self.kind == "primary":
            return "ink", "ink"
        if self.kind in ("exclude", "keep"):
            return self.kind, self.kind
        return ("text", "text") if self.isChecked() else ("text2", "text")

    def _paint_ground(self, painter: QPainter) -> None:
        rect = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        ground, pen = self._ground()
        painter.setBrush(ground)
        painter.setPen(pen)
        painter.drawRoundedRect(rect, 6, 6)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(
                QPen(self._theme.color("ink" if self.kind == "primary" else "accent"), 2)
            )
            painter.drawRoundedRect(rect.adjusted(2, 2, -2, -2), 4, 4)

    def _ground(self) -> tuple[QColor, QPen]:
        theme, none = self._theme, QPen(Qt.PenStyle.NoPen)
        hot = self.underMouse() and self.isEnabled()
        if self.kind == "primary":
            return theme.color("accent", 225 if hot else 255), none
        if self.kind in ("exclude", "keep"):
            alpha = 70 if self.isDown() else 52 if hot else 36
            return theme.color(self.kind, alpha), QPen(theme.color(self.kind), 1.5)
        if self.isChecked():
            return theme.color("hover"), QPen(theme.color("edge"), 1)
        ground = theme.color("hover" if self.isDown() else "raised") if hot else QColor(0, 0, 0, 0)
        if self.kind == "outline":
            return theme.color("hover" if hot else "raised"), QPen(theme.color("edge"), 1)
        return ground, none if self.kind == "ghost" else QPen(theme.color("line"), 1)


def action_button(
    theme: Theme, actions: Actions, id: str, text: str = "", kind: str = "quiet", detail: str = "",
    height: int = 28, icon: str | None = None, show_key: bool = True,
) -> Button:  # fmt: skip
    """A button that is a command of the table: its word, icon, key, state and reason."""
    spec, action = actions.specs[id], actions.action(id)
    button = Button(
        theme, text or spec.said, spec.icon if icon is None else icon,
        actions.key(id) if show_key else "", kind, detail, height,
    )  # fmt: skip
    button.setAccessibleName(spec.said)
    button.setToolTip(action.toolTip())
    button.setCheckable(action.isCheckable())
    button.clicked.connect(lambda: actions.run(id))
    _follow(button, action, actions, id)
    return button


def _follow(button: Button, action: QAction, actions: Actions, id: str) -> None:
    def update() -> None:
        button.setEnabled(action.isEnabled())
        button.setChecked(action.isChecked())
        reason = actions.reason(id)
        button.setToolTip(f"{action.toolTip()}: {reason}" if reason else action.toolTip())

    def rekey() -> None:
        if button.key:
            button.key = actions.key(id)
            button.updateGeometry()
        update()

    actions.refreshed.connect(update)
    actions.keys_changed.connect(rekey)
    button.destroyed.connect(lambda: _disconnect(actions, update, rekey))
    update()


def _disconnect(actions: Actions, update: object, rekey: object) -> None:
    try:
        actions.refreshed.disconnect(update)
        actions.keys_changed.disconnect(rekey)
    except (RuntimeError, TypeError):
        # The table went first, with the whole window.
        return
