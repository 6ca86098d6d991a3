"""A stage: one player's frame, its vector overlays, legend and frame number."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QImage,
    QLinearGradient,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from motionlens.domain.requests import FrameImage
from motionlens.session.player import PlayerState
from motionlens.ui.player.vectors import Sprites, paint_arrows, paint_tracks
from motionlens.ui.player.wheel import paint_wheel
from motionlens.ui.theme import Theme

# Black at 73 %: text on it is readable over a white frame.
_PLATE = QColor(0, 0, 0, 186)
_WORDS = QColor(255, 255, 255)
_QUIET = QColor(200, 200, 206)
# A prefetched clip arrives sooner than this, and the stage goes over to it without a black flash.
_PATIENCE_MS = 40


class Canvas(QWidget):
    """Shows a `PlayerState`; it never decodes, scales or blends.

    Signals
    -------
    painted : str, int, int
        Clip, frame and turn of the image that was just painted, at the end of `paintEvent`.
    """

    painted = Signal(str, int, int)
    clicked = Signal()

    def __init__(
        self, theme: Theme, state: PlayerState, legend: bool, enlarge: float = 2.0
    ) -> None:
        super().__init__()
        self._theme = theme
        self._state = state
        self._legend = legend
        self._enlarge = enlarge
        self._picture: QImage | None = None
        self._pixels: np.ndarray | None = None
        self._sprites = Sprites()
        self.empty_text = ""
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(120, 68)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._late = QTimer(self)
        self._late.setSingleShot(True)
        self._late.setInterval(_PATIENCE_MS)
        self._late.timeout.connect(self.update)
        state.image_changed.connect(self._take)
        state.clip_changed.connect(self._clip_changed)
        state.failed.connect(self._failed)

    def set_enlarge(self, enlarge: float) -> None:
        """How far a small clip may be enlarged."""
        self._enlarge = enlarge
        self._tell_size()

    def sizeHint(self) -> QSize:
        return QSize(640, 360)

    def picture_rect(self) -> QRectF:
        """Where the frame lies, in px of the widget; empty without one."""
        if self._picture is None:
            return QRectF()
        size = self._picture.deviceIndependentSize()
        ratio = self.devicePixelRatioF()
        # On whole device px, or the painter would blur the frame.
        left = round((self.width() - size.width()) / 2 * ratio) / ratio
        top = round((self.height() - size.height()) / 2 * ratio) / ratio
        return QRectF(left, top, size.width(), size.height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._tell_size()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        if event.button() is Qt.MouseButton.LeftButton:
            self.clicked.emit()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), self._theme.color("stage"))
        image = self._fitting_image()
        if image is None or self._picture is None:
            self._paint_words(painter)
        else:
            rect = self.picture_rect()
            painter.drawImage(rect.topLeft(), self._picture)
            self._paint_vectors(painter, rect, image)
            self._paint_chip(painter, image)
            if self._legend:
                self._paint_legend(painter, image)
        if self.hasFocus():
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(self._theme.color("accent", 110), 1))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()
        if image is not None:
            self.painted.emit(image.clip, image.frame, image.turn)

    def _fitting_image(self) -> FrameImage | None:
        """The delivered image, refused unless it is of the clip and overlays that are on now."""
        image, clip = self._state.image, self._state.clip
        if image is None or clip is None or image.clip != clip.id:
            return None
        return image if image.turn == self._state.turn else None

    def _take(self, image: FrameImage) -> None:
        self._late.stop()
        height, width = image.pixels.shape[:2]
        picture = QImage(
            image.pixels.data, width, height, image.pixels.strides[0], QImage.Format.Format_RGB32
        )
        picture.setDevicePixelRatio(self.devicePixelRatioF())
        # The QImage only wraps the array: both live until the next frame.
        self._pixels, self._picture = image.pixels, picture
        self.update()

    def _clip_changed(self) -> None:
        self.setAccessibleDescription("")
        if self._state.clip is None:
            self._picture = self._pixels = None
            self.update()
        else:
            self._late.start()

    def _failed(self, error: object) -> None:
        del error
        self._late.stop()
        # What is painted instead of a frame is told to who cannot see it, too.
        self.setAccessibleDescription(". ".join(filter(None, self._words())))
        self.update()

    def _tell_size(self) -> None:
        ratio = self.devicePixelRatioF()
        self._state.resize(
            round(self.width() * ratio), round(self.height() * ratio), ratio, self._enlarge
        )

    def _words(self) -> tuple[str, str]:
        """What is said where no frame can be shown: a title and more words."""
        error = self._state.error
        if self._state.clip is None:
            return self.empty_text, ""
        if error is None:
            return "", ""
        return error.what, ". ".join(filter(None, (error.why, error.next_step)))

    def _paint_words(self, painter: QPainter) -> None:
        title, words = self._words()
        if not title:
            return
        area = QRectF(self.rect()).adjusted(24, 0, -24, 0)
        flags = Qt.AlignmentFlag.AlignHCenter | Qt.TextFlag.TextWordWrap
        painter.setFont(self._theme.font(13, 600))
        painter.setPen(self._theme.color("text"))
        middle = self.height() / 2
        painter.drawText(QRectF(area.left(), middle - 24, area.width(), 20), flags, title)
        painter.setFont(self._theme.font(12))
        painter.setPen(self._theme.color("text2"))
        painter.drawText(QRectF(area.left(), middle, area.width(), 80), flags, words)

    def _paint_vectors(self, painter: QPainter, rect: QRectF, image: FrameImage) -> None:
        clip = self._state.clip
        if clip is None:
            return
        painter.save()
        painter.setClipRect(rect)
        if image.tracks is not None:
            paint_tracks(painter, rect, image.tracks, self._sprites)
        if image.arrows is not None:
            paint_arrows(painter, rect, image.arrows, clip.width, self._sprites)
        painter.restore()

    def _paint_chip(self, painter: QPainter, image: FrameImage) -> None:
        clip = self._state.clip
        if clip is None:
            return
        text = f"{image.frame} / {clip.frames}"
        painter.setFont(self._theme.font(12, 600))
        width = painter.fontMetrics().horizontalAdvance(text) + 18
        rect = QRectF(self.width() - width - 8, self.height() - 28, width, 20)
        _plate(painter, rect)
        painter.setPen(_WORDS)
        painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, text)

    def _paint_legend(self, painter: QPainter, image: FrameImage) -> None:
        wheel = bool(image.overlays & {"flow", "arrows"})
        mask = "mask" in image.overlays
        if not (wheel or mask):
            return
        width = 18 + (98 if wheel else 0) + (112 if mask else 0)
        plate = QRectF(self.width() - width - 8, 8, width, 44)
        _plate(painter, plate)
        left = plate.left() + 8
        if wheel:
            paint_wheel(painter, QRectF(left, plate.top() + 5, 34, 34))
            most = max(1, round(image.flow_scale_px))
            scaled = "flow" in image.overlays
            words = (f"0–{most} px", "a frame") if scaled else ("Arrows", "direction")
            self._two_lines(painter, QPointF(left + 42, plate.top() + 6), *words)
            left += 98
        if mask:
            self._paint_ramp(painter, QRectF(left, plate.top() + 6, 106, 32))

    def _two_lines(self, painter: QPainter, at: QPointF, first: str, second: str) -> None:
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        painter.setFont(self._theme.font(12, 600))
        painter.setPen(_WORDS)
        painter.drawText(QRectF(at.x(), at.y(), 60, 16), left, first)
        painter.setFont(self._theme.font(11))
        painter.setPen(_QUIET)
        painter.drawText(QRectF(at.x(), at.y() + 16, 60, 16), left, second)

    def _paint_ramp(self, painter: QPainter, rect: QRectF) -> None:
        painter.setFont(self._theme.font(12, 600))
        painter.setPen(_WORDS)
        painter.drawText(rect.adjusted(0, -2, 0, -18), Qt.AlignmentFlag.AlignLeft, "Motion mask")
        bar = QRectF(rect.left() + 12, rect.top() + 20, rect.width() - 24, 6)
        ramp = QLinearGradient(bar.topLeft(), bar.topRight())
        ramp.setColorAt(0, QColor(72, 72, 76))
        ramp.setColorAt(1, QColor(255, 255, 255))
        painter.fillRect(bar, ramp)
        painter.setFont(self._theme.font(11))
        painter.setPen(_QUIET)
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(QRectF(rect.left(), bar.top() - 5, 10, 16), middle, "0")
        painter.drawText(QRectF(bar.right() + 5, bar.top() - 5, 10, 16), middle, "1")


def _plate(painter: QPainter, rect: QRectF) -> None:
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(_PLATE)
    painter.drawRoundedRect(rect, 4, 4)
    painter.restore()
