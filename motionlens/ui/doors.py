"""One door of the start page: picture, title, text, button, hint; or what is being done."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPaintEvent, QPixmap
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from motionlens.domain.language import say
from motionlens.files import resource
from motionlens.ui.theme import Theme
from motionlens.ui.widgets import Button, ElidedLabel, ThinProgress, label, row

WIDTH, PICTURE = 372, 208


class _Picture(QWidget):
    def __init__(self, name: str) -> None:
        super().__init__()
        self._pixmap = QPixmap(str(resource(f"pictures/{name}.jpg")))
        self.setFixedHeight(PICTURE)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        path = QPainterPath()
        path.addRoundedRect(QRectF(1, 1, self.width() - 2, self.height() + 12), 7, 7)
        painter.setClipPath(path)
        painter.drawPixmap(QRectF(self.rect()), self._pixmap, QRectF(self._pixmap.rect()))


class Door(QFrame):
    """A way in."""

    def __init__(
        self, theme: Theme, picture: str, title: str, text: str, button: str, icon: str, hint: str,
        primary: bool = False,
    ) -> None:  # fmt: skip
        super().__init__()
        self.setProperty("card", "true")
        self.setFixedWidth(WIDTH)
        self.setObjectName(f"door.{picture}")
        self._words, self._icon = (button, hint), icon
        self.button = Button(theme, button, icon, kind="primary" if primary else "quiet", height=36)
        self._hint = ElidedLabel(theme, hint, "text2", 12)
        self._hint.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._bar = ThinProgress(theme)
        # Its place is kept, so that this door's words stay in line with the others'.
        kept = self._bar.sizePolicy()
        kept.setRetainSizeWhenHidden(True)
        self._bar.setSizePolicy(kept)
        self._bar.hide()
        words = label(theme, text, "text2", 13, wrap=True)
        words.setAlignment(Qt.AlignmentFlag.AlignTop)
        words.setMinimumHeight(76)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(_Picture(picture))
        inner = QVBoxLayout()
        inner.setContentsMargins(20, 16, 20, 18)
        inner.setSpacing(6)
        inner.addWidget(label(theme, title, size=18, weight=600))
        inner.addWidget(words)
        inner.addWidget(self._bar)
        inner.addSpacing(8)
        inner.addLayout(row(self.button, self._hint, spacing=12))
        layout.addLayout(inner)

    def sizeHint(self) -> QSize:
        return QSize(WIDTH, 404)

    def tell(self, words: str, share: float) -> None:
        """Show what is being done; the button stops it."""
        self.button.set_look(text=say("Stop"), icon="stop")
        self._hint.setText(words)
        self._bar.show()
        self._bar.set_share(max(0.0, share))

    def rest(self) -> None:
        """Nothing is being done."""
        self.button.set_look(text=self._words[0], icon=self._icon)
        self._hint.setText(self._words[1])
        self._bar.hide()
