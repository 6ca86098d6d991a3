"""Small pictures of clips: made on the media lane when first wanted, kept in memory and on disk."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QObject, QSize, Qt, Signal
from PySide6.QtGui import QImage, QPixmap

from motionlens.domain.clip import Clip
from motionlens.domain.errors import MediaError, MotionLensError
from motionlens.domain.language import retell
from motionlens.files import write_atomically
from motionlens.lanes import CancelToken, Priority
from motionlens.operations.rooms import present_path
from motionlens.session.playable import Playable
from motionlens.session.work import Hop, OpenProject

WIDTH, HEIGHT = 384, 216
_KEPT = 600
_WAITING = 200
_PAGE_S = 0.08
# Clip, width and height in logical px, and device px of one of them.
_Key = tuple[str, int, int, float]


class Thumbnails(QObject):
    """Pixmaps by clip; one that is not there yet is asked for and announced by `ready`.

    The newest page is served first: it is what is on the screen.
    """

    ready = Signal(str)

    def __init__(self, project: OpenProject, hop: Hop) -> None:
        super().__init__()
        self._project = project
        self._hop = hop
        self._folder = project.folder.cache / "thumbnails"
        self._lock = threading.Lock()
        self._wanted: OrderedDict[str, tuple[int, Clip, _Key]] = OrderedDict()
        self._batch, self._asked_s = 0, 0.0
        self._busy = False
        self._images: OrderedDict[str, QImage] = OrderedDict()
        self._scaled: OrderedDict[_Key, QPixmap] = OrderedDict()
        self.missing: dict[str, str] = {}

    def pixmap(self, clip: Clip, size: QSize, ratio: float = 1.0) -> QPixmap | None:
        """The picture cropped to `size` logical px, or None while it is being made.

        A clip whose media cannot be read stays None; `missing[clip.id]` then says why.
        """
        key = (clip.id, size.width(), size.height(), ratio)
        if key in self._scaled:
            self._scaled.move_to_end(key)
            return self._scaled[key]
        image = self._images.get(clip.id)
        if image is None:
            self._want(clip, key)
            return None
        # Wanted in another size than it was made for.
        return self._keep(key, _cut(image, key))

    def poster(self, clip: Playable, size: QSize, ratio: float) -> QPixmap | None:
        """The picture as :meth:`pixmap` gives it, if it is in memory; asks for nothing."""
        image = self._images.get(clip.id)
        if image is None or size.isEmpty():
            return None
        key = (clip.id, size.width(), size.height(), ratio)
        return _pixmap(_cut(image, key), ratio)

    @property
    def kept(self) -> int:
        """How many pictures are in memory."""
        return len(self._images)

    @property
    def idle(self) -> bool:
        """Whether every picture that was asked for is made."""
        with self._lock:
            return not self._busy

    def _keep(self, key: _Key, part: QImage) -> QPixmap:
        self._scaled[key] = _pixmap(part, key[3])
        _trim(self._scaled, _KEPT)
        return self._scaled[key]

    def _want(self, clip: Clip, key: _Key) -> None:
        if clip.id in self.missing:
            return
        with self._lock:
            now = time.monotonic()
            # What one painting of a page asks for belongs together, from top to bottom.
            self._batch += now - self._asked_s > _PAGE_S
            self._asked_s = now
            self._wanted[clip.id] = (self._batch, clip, key)
            self._wanted.move_to_end(clip.id)
            _trim(self._wanted, _WAITING)
            start, self._busy = not self._busy, True
        if start:
            self._next()

    def _next(self) -> None:
        # One job a picture, so that a frame for a player never waits for more than one of them.
        self._project.lanes.media.submit("thumbnail", self._serve, Priority.BULK)

    def _serve(self, token: CancelToken) -> None:
        with self._lock:
            if not self._wanted:
                self._busy = False
                return
            newest = max(batch for batch, _, _ in self._wanted.values())
            id = next(id for id, (batch, _, _) in self._wanted.items() if batch == newest)
            _, clip, key = self._wanted.pop(id)
        try:
            image, why = self._make(clip), ""
        except (MotionLensError, OSError) as error:
            image, why = (
                QImage(),
                retell(error.why) if isinstance(error, MediaError) else str(error),
            )
        # Scaled here, where nobody waits for it: a page of 25 would cost the GUI thread 10 ms.
        part = QImage() if image.isNull() else _cut(image, key)
        self._hop(lambda: self._take(key, image, part, why))
        self._next()

    def _make(self, clip: Clip) -> QImage:
        cached = self._folder / f"{clip.id}.jpg"
        image = QImage(str(cached)) if cached.exists() else QImage()
        if not image.isNull():
            return image
        path = present_path(clip)
        start = clip.span.start if clip.span else 0
        reader = self._project.rooms.reader
        pixels = reader.thumbnail(path, start + clip.info.frames // 2, WIDTH, HEIGHT)
        image = QImage(
            pixels.tobytes(), WIDTH, HEIGHT, WIDTH * 3, QImage.Format.Format_RGB888
        ).copy()
        _save(image, cached)
        return image

    def _take(self, key: _Key, image: QImage, part: QImage, why: str) -> None:
        id = key[0]
        if image.isNull():
            self.missing[id] = why
        else:
            self._images[id] = image
            _trim(self._images, _KEPT)
            self._keep(key, part)
        self.ready.emit(id)


def _save(image: QImage, path: Path) -> None:
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QBuffer.OpenModeFlag.WriteOnly)
    if not image.save(buffer, "JPG", 88):  # type: ignore[call-overload]
        return
    try:
        write_atomically(path, bytes(data.data()))
    except OSError:
        # A cache on a full or read-only disk is only slower, never wrong.
        return


def _cut(image: QImage, key: _Key) -> QImage:
    """The middle of a picture, scaled to fill a size; on any thread."""
    _, width, height, ratio = key
    wide, high = round(width * ratio), round(height * ratio)
    scaled = image.scaled(
        wide, high,
        Qt.AspectRatioMode.KeepAspectRatioByExpanding,
        Qt.TransformationMode.SmoothTransformation,
    )  # fmt: skip
    return scaled.copy((scaled.width() - wide) // 2, (scaled.height() - high) // 2, wide, high)


def _pixmap(part: QImage, ratio: float) -> QPixmap:
    pixmap = QPixmap.fromImage(part)
    pixmap.setDevicePixelRatio(ratio)
    return pixmap


def _trim(kept: OrderedDict[object, object] | OrderedDict, most: int) -> None:  # type: ignore[type-arg]
    while len(kept) > most:
        kept.popitem(last=False)
