"""Flow against OpenCV's preset as it comes; overlays against copying the frame."""

from __future__ import annotations

import numpy as np

from motionlens.bench.case import Row, compared
from motionlens.motion import flow_backend
from motionlens.motion.opencv import cv2
from motionlens.motion.overlay import compose


def flow(quick: bool) -> list[Row]:
    """Our default (started from third-size flow) against DIS MEDIUM."""
    a, b = _pair(*((120, 214) if quick else (480, 854)))
    ours = flow_backend("dis")
    plain = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    return [
        compared(
            "flow",
            f"{a.shape[1]}x{a.shape[0]}",
            "OpenCV DIS MEDIUM",
            lambda: ours.flow(a, b),
            lambda: plain.calc(a, b, None),
            limit=1.5,
            runs=3 if quick else 9,
        )
    ]


def overlay(quick: bool) -> list[Row]:
    """Flow and mask on a frame, blended, against copying that frame."""
    height, width = (360, 640) if quick else (1080, 1920)
    rng = np.random.default_rng(0)
    frame = rng.integers(0, 255, (height, width, 3), dtype=np.uint8)
    field = rng.normal(0, 3, (height // 4, width // 4, 2)).astype(np.float32)
    mask = rng.random((height // 4, width // 4), dtype=np.float32)
    return [
        compared(
            "overlay",
            f"flow and mask, {width}x{height}",
            "copying the frame",
            lambda: compose(
                frame, field, mask, frozenset({"flow", "mask"}), 0.8, 9.0, (width, height)
            ),
            frame.copy,
            runs=5 if quick else 15,
        )
    ]


def _pair(height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    noise = cv2.GaussianBlur(rng.integers(0, 255, (height, width + 8), dtype=np.uint8), (0, 0), 3)
    return np.ascontiguousarray(noise[:, :width]), np.ascontiguousarray(noise[:, 3 : width + 3])
