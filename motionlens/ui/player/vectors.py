"""Arrows and tracks, painted over a frame."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from motionlens.ui.player.wheel import DIRECTIONS, direction_colors

# An arrow is drawn longer than the motion of one frame, which is a few px, and never so long that
# it reaches its neighbour.
_LEAST, _MOST, _GAIN = 7.0, 20.0, 2.2
_HEAD = 4.0
_OUTLINE = QColor(0, 0, 0, 170)


def paint_arrows(
    painter: QPainter, rect: QRectF, arrows: NDArray[np.float32], clip_width: int
) -> None:
    """One arrow a row of `arrows` (N, 4): x, y in fractions of `rect`, dx, dy in px of the clip."""
    if not len(arrows):
        return
    groups = _arrow_lines(rect, arrows, rect.width() / max(1, clip_width))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    _draw(painter, [line for lines in groups.values() for line in lines], _OUTLINE, 3.0)
    colors = direction_colors()
    for direction, lines in groups.items():
        _draw(painter, lines, colors[direction], 1.3)


def paint_tracks(painter: QPainter, rect: QRectF, tracks: NDArray[np.float32]) -> None:
    """Fading tails of `tracks` (P, T, 2), newest point first, in fractions of `rect`."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    points = tracks * np.array([rect.width(), rect.height()], np.float32)
    points += np.array([rect.left(), rect.top()], np.float32)
    steps = points.shape[1]
    for step in range(steps - 1, 0, -1):
        older, newer = points[:, step], points[:, step - 1]
        known = np.isfinite(older).all(axis=1) & np.isfinite(newer).all(axis=1)
        lines = [
            QLineF(float(a[0]), float(a[1]), float(b[0]), float(b[1]))
            for a, b in zip(older[known], newer[known], strict=True)
        ]
        _draw(painter, lines, QColor(255, 255, 255, int(190 * (1 - step / steps)) + 20), 1.2)
    heads = points[:, 0]
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(255, 255, 255, 240))
    for x, y in heads[np.isfinite(heads).all(axis=1)]:
        painter.drawEllipse(QPointF(float(x), float(y)), 2.0, 2.0)


def _arrow_lines(
    rect: QRectF, arrows: NDArray[np.float32], scale: float
) -> dict[int, list[QLineF]]:
    x = rect.left() + arrows[:, 0] * rect.width()
    y = rect.top() + arrows[:, 1] * rect.height()
    angle = np.arctan2(arrows[:, 3], arrows[:, 2])
    length = np.clip(np.hypot(arrows[:, 2], arrows[:, 3]) * scale * _GAIN, _LEAST, _MOST)
    bins = np.round(-angle / (2 * math.pi) * DIRECTIONS).astype(int) % DIRECTIONS
    half_x, half_y = np.cos(angle) * length / 2, np.sin(angle) * length / 2
    groups: dict[int, list[QLineF]] = {}
    ends = [(x - half_x, y - half_y, x + half_x, y + half_y)]
    for turn in (2.55, -2.55):
        tip_x, tip_y = x + half_x, y + half_y
        barb = angle + turn
        ends.append((tip_x, tip_y, tip_x + np.cos(barb) * _HEAD, tip_y + np.sin(barb) * _HEAD))
    for a, b, c, d in ends:
        for n, direction in enumerate(bins):
            line = QLineF(float(a[n]), float(b[n]), float(c[n]), float(d[n]))
            groups.setdefault(int(direction), []).append(line)
    return groups


def _draw(painter: QPainter, lines: list[QLineF], color: QColor, width: float) -> None:
    pen = QPen(color, width)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    painter.setPen(pen)
    painter.drawLines(lines)
