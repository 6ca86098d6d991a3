"""The flow wheel's colours: direction as hue, equally light and strong in every direction.

OKLCh with L 0.74, C 0.13, hue = direction + 0.5 rad (Ottosson 2020, "A perceptual color space for
image processing"); direction 0 is to the right and grows against the clock as seen.
"""

from __future__ import annotations

import math
from functools import lru_cache

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QConicalGradient, QPainter, QPixmap, QRadialGradient

DIRECTIONS = 24


@lru_cache(maxsize=1)
def direction_colors() -> tuple[QColor, ...]:
    """24 colours, the first for motion to the right, going on against the clock as seen."""
    return tuple(direction_color(2 * math.pi * n / DIRECTIONS) for n in range(DIRECTIONS))


def direction_color(radians: float) -> QColor:
    """The colour of one direction."""
    hue = radians + 0.5
    a, b = 0.13 * math.cos(hue), 0.13 * math.sin(hue)
    light = 0.74
    long = (light + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (light - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (light - 0.0894841775 * a - 1.2914855480 * b) ** 3
    linear = (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )
    return QColor.fromRgbF(*(_encode(part) for part in linear))


def paint_wheel(painter: QPainter, rect: QRectF) -> None:
    """The wheel of the legend: hue round, fading to grey in the middle, where nothing moves."""
    centre, radius = rect.center(), rect.width() / 2
    around = QConicalGradient(centre, 0)
    colors = direction_colors()
    for n in range(DIRECTIONS + 1):
        around.setColorAt(n / DIRECTIONS, colors[n % DIRECTIONS])
    painter.save()
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(around)
    painter.drawEllipse(rect)
    fade = QRadialGradient(QPointF(centre), radius)
    fade.setColorAt(0.0, QColor(60, 60, 64, 255))
    fade.setColorAt(0.9, QColor(60, 60, 64, 0))
    painter.setBrush(fade)
    painter.drawEllipse(rect)
    painter.restore()


@lru_cache(maxsize=8)
def wheel_pixmap(size: int, ratio: float) -> QPixmap:
    """The same, drawn once for a screen of this pixel ratio."""
    pixmap = QPixmap(round(size * ratio), round(size * ratio))
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    paint_wheel(painter, QRectF(0, 0, size, size))
    painter.end()
    return pixmap


def _encode(value: float) -> float:
    value = min(1.0, max(0.0, value))
    return 12.92 * value if value <= 0.0031308 else 1.055 * value ** (1 / 2.4) - 0.055
