"""Tiny pictures of a clip's frames, for comparing any frame with any other."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from motionlens.motion.grids import Grey
from motionlens.motion.opencv import cv2

THUMB_SIDE = 32
# From here on every second picture is dropped again and again: memory stays bounded (2 MB), and a
# minute at 30 frames a second is still compared frame for frame.
MOST_THUMBS = 2048


class Thumbs:
    """32x32 px luma of every frame, or of every 2nd, 4th ... frame of a long clip.

    Attributes
    ----------
    stride : int
        The pictures are `stride` frames apart.
    """

    def __init__(self) -> None:
        self.stride = 1
        self._kept: list[NDArray[np.uint8]] = []
        self._seen = 0
        self._apart: NDArray[np.float32] | None = None

    def add(self, image: Grey) -> NDArray[np.uint8]:
        """Take a frame, (h, w) uint8, and give its tiny picture back."""
        small = cv2.resize(image, (THUMB_SIDE, THUMB_SIDE), interpolation=cv2.INTER_AREA)
        thumb = np.asarray(small, np.uint8)
        self._apart = None
        if self._seen % self.stride == 0:
            self._kept.append(thumb)
            if len(self._kept) > MOST_THUMBS:
                self._kept = self._kept[::2]
                self.stride *= 2
        self._seen += 1
        return thumb

    def __len__(self) -> int:
        return len(self._kept)

    def pictures(self) -> NDArray[np.uint8]:
        """(T, 32, 32) uint8."""
        return np.stack(self._kept) if self._kept else np.zeros((0, 32, 32), np.uint8)

    def distances(self) -> NDArray[np.float32]:
        """(T, T) float32: root mean square difference of any two pictures, levels."""
        if self._apart is None:
            self._apart = self._compared()
        return self._apart

    def _compared(self) -> NDArray[np.float32]:
        rows = self.pictures().reshape(len(self), -1).astype(np.float32)
        if not len(rows):
            return np.zeros((0, 0), np.float32)
        # What all share is taken off first: differences of large numbers lose digits.
        rows -= rows.mean(axis=0)
        square = (rows * rows).sum(axis=1)
        apart = square[:, None] + square[None] - 2 * (rows @ rows.T)
        return np.asarray(np.sqrt(np.maximum(apart, 0) / rows.shape[1]), np.float32)
