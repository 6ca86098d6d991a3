"""Arrows and tracks as painted."""

from __future__ import annotations

import math

import numpy as np
import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QImage, QPainter

from motionlens.ui.player.vectors import Sprites, paint_arrows, paint_tracks
from motionlens.ui.player.wheel import direction_color

SIZE = 200


def painted(paint, ratio=1.0):
    pixels = round(SIZE * ratio)
    image = QImage(pixels, pixels, QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(ratio)
    image.fill(QColor(0, 0, 0))
    painter = QPainter(image)
    paint(painter, QRectF(0, 0, SIZE, SIZE), Sprites())
    painter.end()
    found = np.frombuffer(image.constBits(), np.uint8).reshape(pixels, pixels, 4)
    return found[..., 2::-1].astype(int)


@pytest.mark.parametrize("ratio", [1.0, 2.0])
@pytest.mark.parametrize("degrees", [0, 90, 200])
def test_an_arrow_stands_on_its_place_in_the_colour_of_its_direction(qapp, degrees, ratio):
    turned = math.radians(degrees)
    # Image rows grow downwards, directions against the clock as seen.
    arrow = np.array([[0.5, 0.5, 9 * math.cos(turned), -9 * math.sin(turned)]], np.float32)
    shown = painted(lambda p, rect, s: paint_arrows(p, rect, arrow, SIZE, s), ratio)
    rows, columns = np.nonzero(shown.max(axis=2) > 90)
    middle = SIZE * ratio / 2
    assert abs(rows.mean() - middle) < 4 * ratio
    assert abs(columns.mean() - middle) < 4 * ratio
    wanted = direction_color(turned)
    strongest = shown[rows, columns][shown[rows, columns].sum(axis=1).argmax()]
    assert np.abs(strongest - [wanted.red(), wanted.green(), wanted.blue()]).max() < 40
    # The head lies where the motion goes to: more is painted on that side.
    ahead = (columns - middle) * math.cos(turned) - (rows - middle) * math.sin(turned)
    assert (ahead > 0).sum() > (ahead < 0).sum()


def test_a_track_fades_to_its_tail_and_leaves_out_what_is_unknown(qapp):
    trail = np.stack([np.linspace(0.9, 0.1, 12), np.full(12, 0.5)], axis=1)[None]
    trail[0, -3:] = np.nan
    shown = painted(lambda p, rect, s: paint_tracks(p, rect, trail.astype(np.float32), s)).max(
        axis=2
    )
    assert shown[100, 180] > 220
    middle, tail = shown[98:103, 150].max(), shown[98:103, 75].max()
    assert middle > tail > 0
    assert shown[:, :58].max() == 0


def test_nothing_moves_nothing_is_painted(qapp):
    none = np.zeros((0, 4), np.float32)
    assert painted(lambda p, rect, s: paint_arrows(p, rect, none, SIZE, s)).max() == 0
