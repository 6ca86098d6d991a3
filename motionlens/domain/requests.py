"""Frozen requests and answers that cross from one lane to another; the turn says what matters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from motionlens.domain.clip import MediaInfo, Span

# Drawing order of overlays; flow and influence are fills and exclude each other.
OVERLAYS = ("flow", "mask", "tracks", "arrows")


@dataclass(frozen=True)
class FrameRequest:
    """One frame of a clip, wanted at most `width` x `height` device pixels.

    `frame` counts from the clip's own first frame; `span` says which part of the file the clip is
    (None: all of it). A frame is never enlarged more than `enlarge` times.
    """

    clip: str
    path: str
    frame: int
    overlays: frozenset[str]
    width: int
    height: int
    turn: int
    opacity: float = 0.8
    span: Span | None = None
    info: MediaInfo | None = None  # facts of the whole file, so that opening need not scan it
    enlarge: float = 2.0
    ratio: float = 1.0  # device px of one px of the screen's own measure


@dataclass(frozen=True, eq=False)
class FrameImage:
    """The answer: `pixels` is (H, W, 4) uint8 BGRA, what Qt paints without conversion."""

    clip: str
    frame: int
    time_s: float
    turn: int
    pixels: NDArray[np.uint8]
    overlays: frozenset[str]
    arrows: NDArray[np.float32] | None = None  # (N, 4) x, y, dx, dy in fractions of the frame
    tracks: NDArray[np.float32] | None = None  # (P, T, 2) in fractions of the frame, NaN unseen
    flow_scale_px: float = 0.0  # 98th percentile over the clip, px a frame; 0 without a fill


class ClipDecoder(Protocol):
    """An open clip: any frame, exactly, with a window of decoded frames round the cursor."""

    @property
    def info(self) -> MediaInfo: ...

    def frame_of_size(self, number: int, width: int, height: int) -> NDArray[np.uint8]:
        """(height, width, 3) RGB, scaled by area."""
        ...

    def luma(self, number: int, max_side: int | None = None) -> NDArray[np.uint8]:
        """(H, W) brightness, the longer side at most `max_side` px."""
        ...

    def close(self) -> None: ...


class Compose(Protocol):
    """Blends the fills over a frame (`motion/overlay`)."""

    def __call__(
        self,
        rgb: NDArray[np.uint8],
        flow: NDArray[np.float32] | None,
        mask: NDArray[np.float32] | None,
        overlays: frozenset[str],
        opacity: float,
        scale_px: float,
        size: tuple[int, int],
    ) -> NDArray[np.uint8]:
        """(height, width, 4) BGRA for `size` = (width, height); `flow` (h, w, 2) in px of the
        frame and `mask` (h, w) may lie on a coarser grid."""
        ...


class FrameRenderer(Protocol):
    """Owned by the media lane: frames with overlays, as the players want them."""

    def render(self, request: FrameRequest) -> FrameImage:
        """The frame that was asked for; :class:`MediaError` if it cannot be read."""
        ...

    def close(self) -> None: ...


OpenClipper = Callable[[str, MediaInfo | None], ClipDecoder]
