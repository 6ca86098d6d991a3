"""Phosphor icons by name, tinted, crisp at any scale.

The font and its table of names come in qtawesome's wheel. They are read from there without
importing qtawesome: it loads all of Qt again through qtpy, which costs 0.6 s of the start.
"""

from __future__ import annotations

import json
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from PySide6.QtCore import QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontDatabase,
    QIcon,
    QIconEngine,
    QPainter,
    QPixmap,
)

from motionlens.domain.errors import MotionLensError

_FONT, _NAMES = "phosphor-*.ttf", "phosphor-charmap-*.json"


@lru_cache(maxsize=512)
def icon(name: str, color: str) -> QIcon:
    """The Phosphor icon `name` in one colour (`#RRGGBB`); KeyError for an unknown name."""
    return QIcon(_Engine(_glyphs()[name], color))


@lru_cache(maxsize=1024)
def pixmap(name: str, color: str, size: int, ratio: float) -> QPixmap:
    """The icon as a pixmap of `size` logical px on a screen of this pixel ratio."""
    made = QPixmap(round(size * ratio), round(size * ratio))
    made.setDevicePixelRatio(ratio)
    made.fill(Qt.GlobalColor.transparent)
    painter = QPainter(made)
    _draw(painter, QRect(0, 0, size, size), _glyphs()[name], color)
    painter.end()
    return made


class _Engine(QIconEngine):
    def __init__(self, glyph: str, color: str) -> None:
        super().__init__()
        self._glyph, self._color = glyph, color

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        painter.setOpacity(0.5 if mode == QIcon.Mode.Disabled else 1.0)
        _draw(painter, rect, self._glyph, self._color)

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        made = QPixmap(size)
        made.fill(Qt.GlobalColor.transparent)
        painter = QPainter(made)
        self.paint(painter, QRect(QPoint(0, 0), size), mode, state)
        painter.end()
        return made

    def clone(self) -> QIconEngine:
        return _Engine(self._glyph, self._color)


def _draw(painter: QPainter, rect: QRect, glyph: str, color: str) -> None:
    font = QFont(_family())
    font.setPixelSize(max(1, min(rect.width(), rect.height())))
    font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    painter.setRenderHint(QPainter.RenderHint.TextAntialiasing)
    painter.setFont(font)
    painter.setPen(QColor(color))
    painter.drawText(QRectF(rect), Qt.AlignmentFlag.AlignCenter, glyph)


@lru_cache(maxsize=1)
def _family() -> str:
    number = QFontDatabase.addApplicationFont(str(_file(_FONT)))
    families = QFontDatabase.applicationFontFamilies(number)
    if not families:
        raise _broken(_FONT)
    return families[0]


@lru_cache(maxsize=1)
def _glyphs() -> dict[str, str]:
    names: dict[str, str] = json.loads(_file(_NAMES).read_text(encoding="utf-8"))
    return {name: chr(int(code, 16)) for name, code in names.items()}


def _file(pattern: str) -> Path:
    spec = find_spec("qtawesome")
    folder = Path(spec.origin).parent / "fonts" if spec and spec.origin else Path()
    found = sorted(folder.glob(pattern))
    if not found:
        raise _broken(pattern)
    return found[-1]


def _broken(what: str) -> MotionLensError:
    return MotionLensError(
        "The icons cannot be loaded",
        f"{what} of the package qtawesome is missing or broken",
        "Install MotionLens again",
    )
