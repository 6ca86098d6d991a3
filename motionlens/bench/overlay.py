"""Overlays against copying the frame, plain NumPy beside them; fields read and computed."""

from __future__ import annotations

import itertools
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from motionlens.bench.case import Row, compared
from motionlens.motion.colours import direction_colours
from motionlens.motion.flow.fields import pair_field
from motionlens.motion.flow.store import FieldFolder
from motionlens.motion.opencv import cv2
from motionlens.motion.overlay import compose

_OPACITY, _SCALE = 0.8, 9.0
_CONTENT = "00" * 32


def overlay(quick: bool) -> list[Row]:
    """Flow and mask on a frame, blended, against copying that frame; then the same by NumPy."""
    height, width = (360, 640) if quick else (1080, 1920)
    rng = np.random.default_rng(0)
    frame = rng.integers(0, 255, (height, width, 3), dtype=np.uint8)
    # As smooth as a field is, on its own grid.
    coarse = rng.normal(0, 6, (9, 16, 2)).astype(np.float32)
    field = cv2.resize(coarse, (256, 144), interpolation=cv2.INTER_CUBIC)
    mask = np.clip(np.hypot(field[..., 0], field[..., 1]) / _SCALE, 0, 1)
    drawn = {"flow", "mask"}
    size = f"{width}x{height}"

    def ours() -> object:
        return compose(frame, field, mask, drawn, _OPACITY, _SCALE, (width, height))

    def plain() -> object:
        return _plain(frame, field, mask)

    runs = 5 if quick else 15
    return [
        compared("overlay", f"flow and mask, {size}", "copying the frame", ours, frame.copy,
                 limit=11.0, runs=runs),
        compared("overlay", f"the same, {size}", "plain NumPy", ours, plain, runs=3),
        *_fields(quick),
    ]  # fmt: skip


def _fields(quick: bool) -> list[Row]:
    """A block of 16 fields from the cache, against computing one of them."""
    rng = np.random.default_rng(1)
    noise = rng.integers(0, 255, (288, 512 + 17 * 3), dtype=np.uint8)
    wide = cv2.GaussianBlur(noise, (0, 0), 3)
    frames = [np.ascontiguousarray(wide[:, 3 * n : 3 * n + 512]) for n in range(17)]
    pairs = list(itertools.pairwise(frames))
    fields = np.stack([pair_field(a, b, 1920) for a, b in pairs])
    with tempfile.TemporaryDirectory() as folder:
        store = FieldFolder(Path(folder))
        store.write(_CONTENT, 0, fields)
        return [
            compared(
                "overlay",
                "16 fields from the cache",
                "computing one field",
                lambda: store.read(_CONTENT, 0),
                lambda: pair_field(frames[0], frames[1], 1920),
                runs=3 if quick else 9,
            )
        ]


def _plain(
    frame: NDArray[np.uint8], field: NDArray[np.float32], mask: NDArray[np.float32]
) -> NDArray[np.uint8]:
    """The same picture as one would write it down: floats, at full size, with angles."""
    size = (frame.shape[1], frame.shape[0])
    flow = cv2.resize(field, size, interpolation=cv2.INTER_LINEAR)
    amount = np.minimum(np.hypot(flow[..., 0], flow[..., 1]) / _SCALE, 1)[..., None] ** 0.75
    colour = direction_colours(np.arctan2(-flow[..., 1], flow[..., 0])).astype(np.float64)
    grey = (frame.astype(np.float64) @ (0.299, 0.587, 0.114))[..., None]
    share = _OPACITY * amount
    light = 0.28 + 0.72 * cv2.resize(mask, size)[..., None]
    picture = (grey * (1 - 0.45 * _OPACITY) * (1 - share) + colour * share) * light
    bgra = np.full((*frame.shape[:2], 4), 255, np.uint8)
    bgra[..., :3] = np.rint(np.clip(picture[..., ::-1], 0, 255))
    return bgra
