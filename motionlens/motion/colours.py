"""The flow wheel: directions of motion as colours of equal lightness.

OKLCh (Ottosson, 2020) with L 0.74 and C 0.13 keeps every hue inside sRGB and makes equal steps of
direction look equal. Hue = direction + 0.5 rad; direction 0 is to the right, and up is a quarter
turn on, as on paper (so minus y in pixels).
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

LIGHTNESS, CHROMA, HUE_SHIFT = 0.74, 0.13, 0.5
# Slow motion keeps a visible tint: the amount of colour is this power of the speed.
_AMOUNT_POWER = 0.75
_TABLE_HALF = 64


def direction_colours(directions: NDArray[np.floating]) -> NDArray[np.uint8]:
    """sRGB colours of directions.

    Parameters
    ----------
    directions : (...) float
        Radians, 0 to the right, growing counter-clockwise as seen.

    Returns
    -------
    (..., 3) uint8
        RGB.
    """
    hue = np.asarray(directions, np.float64) + HUE_SHIFT
    return _oklab_to_rgb(LIGHTNESS, CHROMA * np.cos(hue), CHROMA * np.sin(hue))


def two_axis_colours(directions: NDArray[np.floating]) -> NDArray[np.uint8]:
    """As :func:`direction_colours`, told apart by eyes of all kinds.

    Blue to yellow from left to right, dark to light from down to up: OKLab b = 0.13 cos and
    L = 0.64 + 0.22 sin of the direction. Any two of eight directions stay apart for people who do
    not see red or green, where two of a hue wheel's fall together.
    """
    angle = np.asarray(directions, np.float64)
    return _oklab_to_rgb(0.64 + 0.22 * np.sin(angle), np.zeros_like(angle), CHROMA * np.cos(angle))


WHEELS = {"hue": direction_colours, "two-axis": two_axis_colours}


@lru_cache(maxsize=2)
def flow_table(wheel: str = "hue") -> NDArray[np.float32]:
    """(129, 129, 4) float32: blue, green, red times amount, and amount, each 0 to 255.

    Row and column are the vector's y and x in 64ths of the greatest speed, plus 64. Not to be
    written to.
    """
    steps = np.arange(-_TABLE_HALF, _TABLE_HALF + 1) / _TABLE_HALF
    x, y = np.meshgrid(steps, steps)
    amount = np.minimum(np.hypot(x, y), 1) ** _AMOUNT_POWER
    colours = WHEELS[wheel](np.arctan2(-y, x))[..., ::-1].astype(np.float64)
    table = np.concatenate([colours, np.full((*x.shape, 1), 255.0)], axis=2)
    table = (table * amount[..., None]).astype(np.float32)
    table.setflags(write=False)
    return table


def legend_wheel(size: int, kind: str = "hue") -> NDArray[np.uint8]:
    """The wheel for a legend: motion towards a side has the colour at that side.

    Returns
    -------
    (size, size, 4) uint8
        RGBA, not premultiplied: a disc that is transparent in its middle (no motion), as it is
        drawn over a picture, with a smooth rim.
    """
    size = max(1, size)
    middle = (size - 1) / 2
    places = (np.arange(size) - middle) / max(size / 2, 1)
    x, y = np.meshgrid(places, places)
    radius = np.hypot(x, y)
    rim = np.clip((1 - radius) * size / 2 + 0.5, 0, 1)
    alpha = np.minimum(radius, 1) ** _AMOUNT_POWER * rim
    wheel = np.empty((size, size, 4), np.uint8)
    wheel[..., :3] = WHEELS[kind](np.arctan2(-y, x))
    wheel[..., 3] = np.round(255 * alpha)
    return wheel


def _oklab_to_rgb(
    lightness: float | NDArray[np.float64], a: NDArray[np.float64], b: NDArray[np.float64]
) -> NDArray[np.uint8]:
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    middle = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    linear = np.stack(
        [
            4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short,
            -1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short,
            -0.0041960863 * long - 0.7034186147 * middle + 1.7076147010 * short,
        ],
        axis=-1,
    )
    linear = np.clip(linear, 0, 1)
    coded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.round(255 * coded).astype(np.uint8)
