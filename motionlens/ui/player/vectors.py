"""Arrows and tracks, painted over a frame.

Stroking three antialiased lines an arrow costs some 25 ms for a full grid of them, more than a
frame has. An arrow has one of few lengths and directions and stands on a fixed grid, so each kind
is stroked once and then only copied.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen, QPixmap

from motionlens.ui.player.wheel import direction_color

# An arrow is drawn longer than the motion of one frame, which is a few px, and never so long that
# it reaches its neighbour.
_LEAST, _MOST, _GAIN = 7.0, 20.0, 2.2
_HEAD = 4.0
_OUTLINE = QColor(0, 0, 0, 170)
# Every 5 degrees and every px of length: finer than the eye tells on arrows of this size.
_DIRECTIONS = 72
_SPRITE = 32
_DOT = 8
# Tails fade in so many steps.
_FADES = 4


class Sprites:
    """Small pictures of arrows and of a track's head, made when first needed.

    One set for each stage, in device px of the screen that it is on.
    """

    def __init__(self) -> None:
        self._ratio = 0.0
        self._arrows: dict[int, QPixmap] = {}
        self._dot: QPixmap | None = None

    def on(self, ratio: float) -> Sprites:
        """Forget the pictures of a screen with another density."""
        if ratio != self._ratio:
            self._ratio, self._dot = ratio, None
            self._arrows.clear()
        return self

    def arrow(self, key: int) -> QPixmap:
        """The arrow of `key` = length x 72 + direction (against the clock as seen)."""
        found = self._arrows.get(key)
        if found is None:
            found = self._arrows[key] = self._make_arrow(*divmod(key, _DIRECTIONS))
        return found

    def dot(self) -> QPixmap:
        """The head of a track."""
        if self._dot is None:
            picture, painter = self._blank(_DOT)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(255, 255, 255, 240))
            painter.drawEllipse(QPointF(_DOT / 2, _DOT / 2), 2.0, 2.0)
            painter.end()
            self._dot = _in_device_px(picture)
        return self._dot

    def _make_arrow(self, length: int, direction: int) -> QPixmap:
        picture, painter = self._blank(_SPRITE)
        turned = 2 * math.pi * direction / _DIRECTIONS
        angle = -turned
        middle, half = _SPRITE / 2, length / 2
        tip = QPointF(middle + math.cos(angle) * half, middle + math.sin(angle) * half)
        tail = QPointF(middle - math.cos(angle) * half, middle - math.sin(angle) * half)
        lines = [QLineF(tail, tip)]
        for barb in (angle + 2.55, angle - 2.55):
            end = tip + QPointF(math.cos(barb) * _HEAD, math.sin(barb) * _HEAD)
            lines.append(QLineF(tip, end))
        _draw(painter, lines, _OUTLINE, 3.0)
        _draw(painter, lines, direction_color(turned), 1.3)
        painter.end()
        return _in_device_px(picture)

    def _blank(self, size: int) -> tuple[QImage, QPainter]:
        pixels = round(size * self._ratio)
        picture = QImage(pixels, pixels, QImage.Format.Format_ARGB32_Premultiplied)
        picture.setDevicePixelRatio(self._ratio)
        picture.fill(0)
        painter = QPainter(picture)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        return picture, painter


def _in_device_px(picture: QImage) -> QPixmap:
    pixmap = QPixmap.fromImage(picture)
    pixmap.setDevicePixelRatio(1.0)
    return pixmap


def paint_arrows(
    painter: QPainter,
    rect: QRectF,
    arrows: NDArray[np.float32],
    clip_width: int,
    sprites: Sprites,
) -> None:
    """One arrow a row of `arrows` (N, 4): x, y in fractions of `rect`, dx, dy in px of the clip."""
    if not len(arrows):
        return
    ratio = painter.device().devicePixelRatioF()
    sprites.on(ratio)
    scale = rect.width() / max(1, clip_width)
    angle = np.arctan2(arrows[:, 3], arrows[:, 2])
    length = np.clip(np.hypot(arrows[:, 2], arrows[:, 3]) * scale * _GAIN, _LEAST, _MOST)
    directions = np.round(-angle / (2 * math.pi) * _DIRECTIONS).astype(int) % _DIRECTIONS
    keys = (np.round(length).astype(int) * _DIRECTIONS + directions).tolist()
    painter.save()
    painter.scale(1 / ratio, 1 / ratio)
    for key, at in zip(keys, _corners(rect, arrows[:, :2], _SPRITE, ratio), strict=True):
        painter.drawPixmap(*at, sprites.arrow(key))
    painter.restore()


def paint_tracks(
    painter: QPainter, rect: QRectF, tracks: NDArray[np.float32], sprites: Sprites
) -> None:
    """Fading tails of `tracks` (P, T, 2), newest point first, in fractions of `rect`."""
    if not len(tracks):
        return
    ratio = painter.device().devicePixelRatioF()
    sprites.on(ratio)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    size = np.array([rect.width(), rect.height()], np.float32)
    # Every second place: on a tail this short nobody sees the corners, and it costs half.
    points = tracks[:, ::2] * size + np.array([rect.left(), rect.top()], np.float32)
    steps = points.shape[1] - 1
    ends = np.concatenate([points[:, :-1], points[:, 1:]], axis=2)
    known = np.isfinite(ends).all(axis=2)
    for part in reversed(range(_FADES)):
        first, last = steps * part // _FADES, steps * (part + 1) // _FADES
        chosen = ends[:, first:last][known[:, first:last]].tolist()
        # A px wide at most: Qt draws such lines without stroking a shape for each.
        color = QColor(255, 255, 255, int(190 * (1 - (part + 0.5) / _FADES)) + 20)
        _draw(painter, [QLineF(*line) for line in chosen], color, 1.0)
    heads = tracks[:, 0]
    heads = heads[np.isfinite(heads).all(axis=1)]
    painter.save()
    painter.scale(1 / ratio, 1 / ratio)
    for at in _corners(rect, heads, _DOT, ratio):
        painter.drawPixmap(*at, sprites.dot())
    painter.restore()


def _corners(
    rect: QRectF, places: NDArray[np.float32], size: int, ratio: float
) -> list[tuple[int, int]]:
    """Upper left corners, in device px, of pictures centred on `places`."""
    across = rect.left() + places[:, 0] * rect.width() - size / 2
    down = rect.top() + places[:, 1] * rect.height() - size / 2
    on_px = np.round(np.column_stack([across, down]) * ratio).astype(int)
    return [(x, y) for x, y in on_px.tolist()]


def _draw(painter: QPainter, lines: list[QLineF], color: QColor, width: float) -> None:
    pen = QPen(color, width)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    painter.setPen(pen)
    painter.drawLines(lines)
