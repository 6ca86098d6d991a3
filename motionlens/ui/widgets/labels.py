"""Labels, lines and rows with the theme's fonts and tones."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QWidget

from motionlens.ui.theme import Theme


def label(
    theme: Theme,
    text: str = "",
    tone: str = "text",
    size: int = 13,
    weight: int = 400,
    wrap: bool = False,
) -> QLabel:
    """A plain-text label; `tone` is a colour token."""
    made = QLabel(text)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setFont(theme.font(size, weight))
    made.setProperty("tone", tone)
    made.setWordWrap(wrap)
    return made


def heading(theme: Theme, text: str) -> QLabel:
    """A heading of a side pane or key group, in capitals."""
    made = label(theme, text, "text3", 11, 600)
    font = made.font()
    font.setCapitalization(font.Capitalization.AllUppercase)
    font.setLetterSpacing(font.SpacingType.AbsoluteSpacing, 0.3)
    made.setFont(font)
    return made


class ElidedLabel(QLabel):
    """A label of one line that shortens its text with dots and tells the whole in its tooltip.

    Ours, because importing superqt's costs a second of the start (it loads Qt through qtpy).
    """

    def __init__(
        self, theme: Theme, text: str = "", tone: str = "text", size: int = 13, weight: int = 400,
        mode: Qt.TextElideMode = Qt.TextElideMode.ElideRight,
    ) -> None:  # fmt: skip
        super().__init__()
        self._whole, self._mode = "", mode
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setFont(theme.font(size, weight))
        self.setProperty("tone", tone)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setText(text)

    def text(self) -> str:
        """The whole text."""
        return self._whole

    def setText(self, text: str) -> None:
        """Show a text, shortened to the room there is."""
        self._whole = text
        self.setToolTip(text)
        self.setAccessibleName(text)
        self.updateGeometry()
        self._elide()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._elide()

    def minimumSizeHint(self) -> QSize:
        return QSize(0, super().minimumSizeHint().height())

    def sizeHint(self) -> QSize:
        width = self.fontMetrics().horizontalAdvance(self._whole) + 2
        return QSize(width, super().sizeHint().height())

    def _elide(self) -> None:
        super().setText(self.fontMetrics().elidedText(self._whole, self._mode, self.width()))


def line(vertical: bool = False) -> QFrame:
    """The one separator: 1 px."""
    made = QFrame()
    made.setProperty("line", "v" if vertical else "h")
    return made


def row(*widgets: QWidget | int | None, spacing: int = 8) -> QHBoxLayout:
    """Widgets beside each other; a number is a gap, None takes the room that is left."""
    layout = QHBoxLayout()
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(spacing)
    for widget in widgets:
        if widget is None:
            layout.addStretch(1)
        elif isinstance(widget, int):
            layout.addSpacing(widget)
        else:
            layout.addWidget(widget)
    return layout


class IconLabel(QLabel):
    """An icon that stands by itself."""

    def __init__(self, theme: Theme, name: str, tone: str = "text2", size: int = 16) -> None:
        super().__init__()
        self._theme, self._size = theme, size
        self._shown = (name, tone)
        self.set_icon(name, tone)
        theme.changed.connect(self._tint)

    def set_icon(self, name: str, tone: str = "text2") -> None:
        """Show another one."""
        self._shown = (name, tone)
        self.setPixmap(self._theme.pixmap(name, tone, self._size, self.devicePixelRatioF()))
        self.setFixedSize(self._size, self._size)

    def _tint(self) -> None:
        self.set_icon(*self._shown)
