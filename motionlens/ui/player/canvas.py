"""A stage: one player's frame, its vector overlays, legend and frame number."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QImage,
    QPainter,
    QPaintEvent,
    QPixmap,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy

from motionlens.domain.clip import Region
from motionlens.domain.language import retell
from motionlens.domain.requests import FrameImage
from motionlens.operations.influence_layer import InfluenceLayer
from motionlens.operations.model_sight import words
from motionlens.session.influence import InfluenceState
from motionlens.session.playable import Playable
from motionlens.session.player import PlayerState
from motionlens.ui.player.legend import paint_chip, paint_legend, paint_line, paint_timing
from motionlens.ui.player.pan import PanArea
from motionlens.ui.player.vectors import Sprites, paint_arrows, paint_tracks
from motionlens.ui.theme import Theme

# A prefetched clip arrives sooner than this. Until then the stage keeps the last picture, without
# its number and overlays; from then on the clip's thumbnail, or nothing, stands there.
_PATIENCE_MS = 40
# An overlay that was not ready is asked for again so often.
_AGAIN_MS = 250
_THUMB = 16 / 9
_WHOLE = Region(0.0, 0.0, 1.0, 1.0)

Poster = Callable[[Playable, QSize, float], QPixmap | None]


class Canvas(PanArea):
    """Shows a `PlayerState`; it never decodes, scales or blends.

    Signals
    -------
    painted : str, int, int
        Clip, frame and turn of the image that was just painted, at the end of `paintEvent`.
    """

    painted = Signal(str, int, int)

    def __init__(
        self,
        theme: Theme,
        state: PlayerState,
        legend: bool,
        enlarge: float = 2.0,
        poster: Poster | None = None,
    ) -> None:
        super().__init__(state)
        self._theme = theme
        self._state = state
        self._legend = legend
        self._enlarge = enlarge
        self._poster = poster
        self._image: FrameImage | None = None
        self._picture: QImage | None = None
        self._pixels: np.ndarray | None = None
        self._sprites = Sprites()
        self._kept = False
        self.empty_text = ""
        self.influence: InfluenceState | None = None
        self.timing_shown = False
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(120, 68)
        self._late = self._timer(_PATIENCE_MS, self._too_late)
        self._again = self._timer(_AGAIN_MS, self._ask_again)
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
        return self._middle(self._picture.width(), self._picture.height())

    def seen_part(self) -> Region:
        return (self._image.view if self._image else None) or _WHOLE

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._tell_size()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        began_s = time.perf_counter()
        painter = QPainter(self)
        image = self._own_image()
        if image is not None or (self._kept and self._picture is not None):
            self._paint_picture(painter)
        else:
            painter.fillRect(self.rect(), self._theme.color("stage"))
            if self._state.error is not None or not self._paint_poster(painter):
                self._paint_words(painter)
        if image is not None:
            self._paint_over(painter, image, began_s)
        if self.hasFocus():
            self._paint_focus(painter)
        painter.end()
        if image is not None and image.turn == self._state.turn:
            now_s = time.perf_counter()
            self._state.painted(image, now_s, now_s - began_s)
            self.painted.emit(image.clip, image.frame, image.turn)

    def _own_image(self) -> FrameImage | None:
        """The image on the stage, refused unless it is of the clip that is on it."""
        clip = self._state.clip
        if self._image is None or clip is None or self._image.clip != clip.id:
            return None
        return self._image

    def _take(self, image: FrameImage) -> None:
        self._late.stop()
        self._kept = False
        height, width = image.pixels.shape[:2]
        picture = QImage(
            image.pixels.data, width, height, image.pixels.strides[0], QImage.Format.Format_RGB32
        )
        picture.setDevicePixelRatio(self.devicePixelRatioF())
        # The QImage only wraps the array: both live until the next frame.
        self._pixels, self._picture, self._image = image.pixels, picture, image
        if image.pending:
            self._again.start()
        else:
            self._again.stop()
        self.update()

    def _clip_changed(self) -> None:
        self.setAccessibleDescription("")
        self._again.stop()
        if self._state.clip is None:
            self._picture = self._pixels = self._image = None
            self._kept = False
            self.update()
        else:
            self._kept = True
            self._late.start()

    def _too_late(self) -> None:
        self._kept = False
        self.update()

    def _ask_again(self) -> None:
        # In playback the next frames say by themselves whether it is ready.
        if self._image is not None and self._image is self._state.image:
            self._state.ask_again()

    def _failed(self, error: object) -> None:
        del error
        self._late.stop()
        self._kept = False
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
        more = filter(None, (retell(error.why), retell(error.next_step)))
        return retell(error.what), ". ".join(more)

    def _paint_picture(self, painter: QPainter) -> None:
        if self._picture is None:
            return
        rect = self.picture_rect()
        # Only the ground that the picture leaves free: each px is written once.
        whole, stage = QRectF(self.rect()), self._theme.color("stage")
        for part in (
            QRectF(0, 0, whole.width(), rect.top()),
            QRectF(0, rect.bottom(), whole.width(), whole.bottom() - rect.bottom()),
            QRectF(0, rect.top(), rect.left(), rect.height()),
            QRectF(rect.right(), rect.top(), whole.right() - rect.right(), rect.height()),
        ):
            if part.width() > 0 and part.height() > 0:
                painter.fillRect(part, stage)
        painter.drawImage(rect.topLeft(), self._picture)

    def _paint_focus(self, painter: QPainter) -> None:
        # Four thin boxes without blending: stroking one rectangle of this size costs as much as a
        # frame, and a line that is blended row by row a third of that.
        strong, stage = self._theme.color("accent"), self._theme.color("stage")
        accent = QColor(
            (43 * strong.red() + 57 * stage.red()) // 100,
            (43 * strong.green() + 57 * stage.green()) // 100,
            (43 * strong.blue() + 57 * stage.blue()) // 100,
        )
        right, bottom = self.width(), self.height()
        painter.fillRect(0, 0, right, 1, accent)
        painter.fillRect(0, bottom - 1, right, 1, accent)
        painter.fillRect(0, 1, 1, bottom - 2, accent)
        painter.fillRect(right - 1, 1, 1, bottom - 2, accent)

    def _paint_poster(self, painter: QPainter) -> bool:
        """The clip's thumbnail where its frame will be; False where there is none yet."""
        clip = self._state.clip
        if clip is None or self._poster is None:
            return False
        ratio = self.devicePixelRatioF()
        scale = min(self.width() / clip.width, self.height() / clip.height, self._enlarge)
        # Thumbnails hold the middle of a frame in their own shape.
        wide = min(clip.width, clip.height * _THUMB) * scale * ratio
        rect = self._middle(wide, wide / _THUMB)
        pixmap = self._poster(clip, rect.size().toSize(), ratio)
        if pixmap is None:
            return False
        painter.drawPixmap(rect.toRect(), pixmap)
        return True

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

    def _paint_over(self, painter: QPainter, image: FrameImage, now_s: float) -> None:
        clip = self._state.clip
        if clip is None:
            return
        layer = self._layer(image)
        if layer is not None:
            self._paint_influence(painter, image, layer)
        self._paint_vectors(painter, image, clip)
        area, theme = QRectF(self.rect()), self._theme
        corner = QPointF(area.right() - 8, area.bottom() - 8)
        chip = paint_chip(painter, theme, corner, f"{image.frame} / {clip.frames}")
        zoom = self._state.zoom
        if zoom is not None:
            paint_chip(painter, theme, chip.bottomLeft() - QPointF(6, 0), zoom.words)
        if self._state.sight is not None and self._legend:
            said = words(self._state.sight)
            paint_line(painter, theme, area.adjusted(0, 0, -140, 0), said)
        if self._state.error is not None:
            paint_line(painter, theme, area.adjusted(0, 0, -140, 0), retell(self._state.error.what))
        if self._legend:
            told = self.influence.words if self.influence is not None else ""
            paint_legend(painter, theme, area, image, layer.scale if layer else None, told)
        if self.timing_shown:
            paint_timing(painter, theme, area, self._state.timing, now_s)

    def _layer(self, image: FrameImage) -> InfluenceLayer | None:
        """The map of the clip whose frame this is, while it is shown."""
        if self.influence is None or "influence" not in image.overlays:
            return None
        return self.influence.layer(image.clip)

    def _paint_influence(self, painter: QPainter, image: FrameImage, layer: InfluenceLayer) -> None:
        cells = layer.picture(image.frame)
        rows, columns = cells.shape[:2]
        picture = QImage(cells.data, columns, rows, cells.strides[0], QImage.Format.Format_ARGB32)
        part = self.seen_part()
        source = QRectF(part.x * columns, part.y * rows, part.width * columns, part.height * rows)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.setOpacity(self._state.opacity)
        painter.drawImage(self.picture_rect(), picture, source)
        painter.restore()

    def _paint_vectors(self, painter: QPainter, image: FrameImage, clip: Playable) -> None:
        if image.tracks is None and image.arrows is None:
            return
        rect = self.picture_rect()
        painter.save()
        painter.setClipRect(rect)
        if image.tracks is not None:
            paint_tracks(painter, rect, image.tracks, self._sprites)
        if image.arrows is not None:
            across = max(1, round(clip.width * self.seen_part().width))
            paint_arrows(painter, rect, image.arrows, across, self._sprites)
        painter.restore()

    def _middle(self, width: float, height: float) -> QRectF:
        """The middle of the stage, for so many device px; on whole ones, or the painter would
        blur the frame."""
        ratio = self.devicePixelRatioF()
        left = round((self.width() * ratio - width) / 2) / ratio
        top = round((self.height() * ratio - height) / 2) / ratio
        return QRectF(left, top, width / ratio, height / ratio)

    def _timer(self, interval_ms: int, call: Callable[[], object]) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.setInterval(interval_ms)
        timer.timeout.connect(call)
        return timer
