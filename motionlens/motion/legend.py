"""A legend drawn into files, so that they explain themselves; the window paints its own."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from motionlens.motion.colours import legend_wheel
from motionlens.motion.opencv import cv2

_MARGIN, _HEIGHT, _WHEEL, _RAMP = 8, 44, 34, 70
_PLATE_LEFT = 0.27  # of the picture behind the plate
_FONT, _FONT_SIZE = cv2.FONT_HERSHEY_SIMPLEX, 0.38
_WORDS = (236, 236, 240)
# Lightness of a still and of a moving part under the mask.
_DARK, _LIGHT = 72, 255


def draw_legend(rgb: NDArray[np.uint8], overlays: Collection[str], scale_px: float) -> None:
    """Draw the flow wheel with its scale, and the mask's ramp, into the top right corner.

    Nothing is drawn where neither is shown, or where the picture is too small to hold it.
    """
    wheel = bool(set(overlays) & {"flow", "arrows"})
    width = (124 if wheel else 0) + (104 if "mask" in overlays else 0) + 2 * _MARGIN
    height, columns = rgb.shape[:2]
    if width == 2 * _MARGIN or width + _MARGIN > columns or height < _HEIGHT + _MARGIN:
        return
    left = columns - width - _MARGIN
    plate = rgb[_MARGIN : _MARGIN + _HEIGHT, left : left + width]
    plate[:] = np.rint(plate * _PLATE_LEFT).astype(np.uint8)
    place = left + _MARGIN
    if wheel:
        _draw_wheel(rgb, place)
        scaled = "flow" in overlays
        first = f"0-{max(1, round(scale_px))} px" if scaled else "arrows"
        _write(rgb, first, place + _WHEEL + 8, _MARGIN + 19)
        _write(rgb, "a frame" if scaled else "direction", place + _WHEEL + 8, _MARGIN + 35)
        place += 124
    if "mask" in overlays:
        _write(rgb, "motion mask", place, _MARGIN + 19)
        ramp = np.rint(np.linspace(_DARK, _LIGHT, _RAMP)).astype(np.uint8)
        rgb[_MARGIN + 28 : _MARGIN + 34, place + 12 : place + 12 + _RAMP] = ramp[None, :, None]
        _write(rgb, "0", place, _MARGIN + 35)
        _write(rgb, "1", place + _RAMP + 17, _MARGIN + 35)


def _draw_wheel(rgb: NDArray[np.uint8], left: int) -> None:
    wheel = legend_wheel(_WHEEL)
    alpha = wheel[..., 3:].astype(np.float32) / 255
    top = _MARGIN + (_HEIGHT - _WHEEL) // 2
    behind = rgb[top : top + _WHEEL, left : left + _WHEEL]
    behind[:] = np.rint(behind * (1 - alpha) + wheel[..., :3] * alpha).astype(np.uint8)


def _write(rgb: NDArray[np.uint8], text: str, x: int, y: int) -> None:
    cv2.putText(rgb, text, (x, y), _FONT, _FONT_SIZE, _WORDS, 1, cv2.LINE_AA)
