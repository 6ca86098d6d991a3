"""The signature of a clip: tiny pictures at fixed times, for finding the same in other clips."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from motionlens.motion.grids import Grey
from motionlens.motion.opencv import cv2

# Times a second. Two copies that start at another time are compared at most half a step apart.
RATE = 8.0
ROWS, COLUMNS = 8, 9
PICTURE_BYTES = ROWS * COLUMNS
# 64 seconds; what a longer clip shows afterwards is not compared.
MOST_PICTURES = 512
# Raised when signatures are made in another way: clips with an older one are measured again.
_VERSION = 2
_HEAD = np.array([77, 76, 83, _VERSION], np.uint8)  # "MLS"


class Signature:
    """Collects 9x8 px luma, 8 times a second of the clip's own time."""

    def __init__(self, fps: float) -> None:
        # Without a rate, frames count as eighths of a second.
        self._fps = fps if fps > 0 and math.isfinite(fps) else RATE
        self._pictures: list[NDArray[np.uint8]] = []
        self._seen = 0

    def add(self, image: Grey) -> None:
        """Take the next frame, (h, w) uint8."""
        due = len(self._pictures) / RATE
        while self._seen / self._fps >= due - 1e-9 and len(self._pictures) < MOST_PICTURES:
            small = cv2.resize(image, (COLUMNS, ROWS), interpolation=cv2.INTER_AREA)
            self._pictures.append(np.asarray(small, np.uint8).ravel())
            due = len(self._pictures) / RATE
        self._seen += 1

    def packed(self) -> NDArray[np.uint8]:
        """(4 + 72 times the pictures,) uint8: a head with the version, then the pictures."""
        return np.concatenate([_HEAD, *self._pictures])


def is_current(signature: NDArray[np.uint8]) -> bool:
    """Whether a signature was made by this version."""
    return (
        len(signature) > len(_HEAD)
        and (len(signature) - len(_HEAD)) % PICTURE_BYTES == 0
        and bool((signature[: len(_HEAD)] == _HEAD).all())
    )


def pictures_of(signature: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(T, 8, 9) uint8: the pictures in a signature."""
    return signature[len(_HEAD) :].reshape(-1, ROWS, COLUMNS)
