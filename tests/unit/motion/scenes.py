"""Small clips made for these tests, with motion that is known."""

from __future__ import annotations

import numpy as np

from motionlens.motion.opencv import cv2


def texture(height: int, width: int, seed: int = 0) -> np.ndarray:
    """(height, width, 3) uint8: smooth random colours, good to follow."""
    noise = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return cv2.normalize(cv2.GaussianBlur(noise, (0, 0), 2.0), None, 0, 255, cv2.NORM_MINMAX)


def pan(frames: int, step: int, height: int = 120, width: int = 160) -> np.ndarray:
    """A camera that moves to the right over a wide picture."""
    wide = texture(height, width + frames * step)
    return np.stack([wide[:, f * step : f * step + width] for f in range(frames)])


def sliding_disc(columns: np.ndarray) -> np.ndarray:
    """A disc at the given columns (fractions of a px count), before a still textured wall."""
    wall, clip = texture(480, 640, 1) // 2, []
    body = texture(113, 113, 2)
    y, x = np.mgrid[-56:57, -56:57]
    inside = x * x + y * y <= 56 * 56
    for column in columns:
        left, frame = round(4 * float(column)) - 56, wall.copy()
        frame[184:297, left : left + 113][inside] = body[inside]
        clip.append(cv2.resize(frame, (160, 120), interpolation=cv2.INTER_AREA))
    return np.stack(clip)


def disc(places: list[tuple[int, int]], height: int = 120, width: int = 160) -> np.ndarray:
    """A textured disc of radius 14 at the given places, before a still textured wall."""
    wall, body = texture(height, width, 1) // 2, texture(29, 29, 2)
    y, x = np.mgrid[-14:15, -14:15]
    inside = x * x + y * y <= 14 * 14
    clip = []
    for cx, cy in places:
        frame = wall.copy()
        frame[cy - 14 : cy + 15, cx - 14 : cx + 15][inside] = body[inside]
        clip.append(frame)
    return np.stack(clip)
