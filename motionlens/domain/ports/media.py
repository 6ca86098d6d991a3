"""Media files, flow and masks, as operations see them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from motionlens.domain.clip import Flag, MediaInfo, MotionSummary
from motionlens.domain.ports.common import Flow, Frames, Mask


class ClipReader(Protocol):
    """Media files, read exactly (`media/`)."""

    def probe(self, path: str | Path) -> MediaInfo:
        """Facts of a file; :class:`MediaError` if it holds no readable video."""
        ...

    def frames(
        self,
        path: str | Path,
        start: int = 0,
        stop: int | None = None,
        max_side: int | None = None,
        indices: Sequence[int] | None = None,
    ) -> Frames:
        """Frames `start` to `stop`, or those listed; scaled down so that the longer side is at
        most `max_side` px (area interpolation), never up."""
        ...

    def write(self, path: str | Path, frames: Frames, fps: float) -> None:
        """Write an H.264 mp4, atomically."""
        ...

    def decodes(self, codec: str) -> bool:
        """Whether FFmpeg here can decode a codec of this name."""
        ...

    def thumbnail(self, path: str | Path, frame: int, width: int, height: int) -> Frames:
        """(height, width, 3) RGB, cropped to fill."""
        ...


class FlowBackend(Protocol):
    """Dense optical flow (`motion/flow/`)."""

    name: str

    def flow(self, a: NDArray[np.uint8], b: NDArray[np.uint8]) -> Flow:
        """Displacement of each pixel of `a` to `b`; both (H, W) grey or (H, W, 3) RGB uint8."""
        ...


class Motion(Protocol):
    """Flow, masks, overlays and flaggers (`motion/`)."""

    backend: str

    def mask(self, frames: Frames, recipe: str = "adjacent", stabilise: bool = False) -> Mask: ...

    def sampled_mask(self, frames: Frames, following: Frames, recipe: str = "adjacent") -> Mask:
        """The mask of some frames of a clip, each given with the one after it."""
        ...

    def overlay(self, frames: Frames, n: int, overlays: Sequence[str]) -> NDArray[np.uint8]:
        """Frame `n` (H, W, 3) RGB with overlays drawn."""
        ...

    def analyse(
        self, frames: Frames, info: MediaInfo, scale: float
    ) -> tuple[MotionSummary, list[Flag], NDArray[np.uint8]]:
        """Summary, the flags of this clip alone, and its signature for near copies. `scale` is
        shown width / width of `frames`, to give px of the clip as shown."""
        ...

    def flow(self, a: NDArray[np.uint8], b: NDArray[np.uint8]) -> Flow:
        """Flow of two (H, W, 3) RGB images by this backend."""
        ...

    def camera_only(self, frames: Frames) -> bool:
        """Whether a global camera model explains (nearly) all motion."""
        ...

    def scene_cuts(self, frames: Frames) -> list[int]:
        """The first frame of each scene but the first, from hard cuts."""
        ...

    def tracks(self, frames: Frames, grid: int) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """(F, P, 2) px and (F, P) visible, from a grid x grid of points in frame 0."""
        ...

    def load_image(self, path: str | Path) -> NDArray[np.uint8]:
        """(H, W, 3) RGB; :class:`MediaError` if it is no image."""
        ...

    def save_image(self, path: str | Path, image: NDArray[np.uint8]) -> None:
        """PNG, atomically."""
        ...

    def save_flow(self, path: str | Path, flow: Flow) -> None:
        """Middlebury .flo or KITTI 16-bit .png by suffix, atomically."""
        ...

    def near_copies(self, signatures: Mapping[str, NDArray[np.uint8]]) -> dict[str, Flag]:
        """Clip id -> flag, from the signatures of all clips."""
        ...
