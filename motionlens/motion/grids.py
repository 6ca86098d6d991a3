"""Grids of pixels: grey pictures, sizes to compute at, and padding of tiny pictures."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from motionlens.domain.errors import UsageError
from motionlens.domain.ports import Flow
from motionlens.motion.opencv import cv2

Grey = NDArray[np.uint8]

# Flow finer than this adds cost, not knowledge: masks end on a grid of 8 px and coarser.
FLOW_SIDE = 512
# Side of the blocks that "something moves here" is decided on, px.
BLOCK = 8


def grey(image: NDArray[np.uint8]) -> Grey:
    """(H, W) uint8 luma of an (H, W, 3) RGB picture; a grey one is given back as it is."""
    if image.ndim == 2:
        return np.ascontiguousarray(image)
    if image.ndim != 3 or image.shape[2] != 3:
        raise UsageError(
            "A picture cannot be used",
            f"its shape is {image.shape}, not rows, columns and 3 colours",
            "Give 8-bit grey or RGB pictures",
        )
    return np.asarray(cv2.cvtColor(np.ascontiguousarray(image), cv2.COLOR_RGB2GRAY), np.uint8)


def computing_size(height: int, width: int, side: int = FLOW_SIDE) -> tuple[int, int]:
    """(height, width) with the longer side at most `side` px, never larger than given."""
    ratio = min(1.0, side / max(height, width))
    return max(1, round(height * ratio)), max(1, round(width * ratio))


def shrink(image: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """The picture at (height, width), by area, so that detail does not alias into motion."""
    if image.shape[:2] == size:
        return image
    scaled = cv2.resize(image, (size[1], size[0]), interpolation=cv2.INTER_AREA)
    return np.asarray(scaled, np.uint8)


def resize_flow(flow: Flow, size: tuple[int, int]) -> Flow:
    """The flow field on a grid of (height, width), its vectors in px of that grid."""
    height, width = flow.shape[:2]
    if (height, width) == size:
        return flow
    scaled = cv2.resize(flow, (size[1], size[0]), interpolation=cv2.INTER_LINEAR)
    factors = np.array([size[1] / width, size[0] / height], np.float32)
    return np.asarray(scaled, np.float32) * factors


def lengths(flow: Flow) -> NDArray[np.float32]:
    """(H, W) float32 length of each vector, px."""
    # Not cv2.magnitude: its last bit depends on where the array lies in memory, and an index that
    # is resumed must equal one that was not interrupted.
    x, y = flow[..., 0], flow[..., 1]
    return np.asarray(np.sqrt(x * x + y * y), np.float32)


def block_means(values: NDArray[np.uint8] | NDArray[np.float32]) -> NDArray[np.float32]:
    """(rows, columns) float32: means over blocks of about 8x8 px, at least one block."""
    rows, columns = (max(1, round(side / BLOCK)) for side in values.shape)
    mean = cv2.resize(values.astype(np.float32), (columns, rows), interpolation=cv2.INTER_AREA)
    return np.asarray(mean, np.float32).reshape(rows, columns)


def require_frames(frames: NDArray[np.uint8]) -> None:
    """Refuse what is not (F, H, W, 3) uint8 with at least one frame and one pixel."""
    if frames.ndim != 4 or frames.shape[3] != 3 or 0 in frames.shape or frames.dtype != np.uint8:
        raise UsageError(
            "The frames cannot be used",
            f"their shape is {frames.shape} and their type {frames.dtype}",
            "Give at least one frame as (frames, rows, columns, 3) of 8-bit RGB",
        )


def require_one_of(what: str, name: str, known: Sequence[str]) -> None:
    """Refuse a name that is not known, and list those that are."""
    if name not in known:
        raise UsageError(
            f"There is no {what} {name!r}", "the name is unknown", f"Known: {', '.join(known)}"
        )
