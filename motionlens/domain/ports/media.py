"""Media files, flow and masks, as operations see them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from motionlens.domain.clip import Flag, MediaInfo, MotionSummary
from motionlens.domain.ports.common import Flow, Frames, Mask

# A frame's number, and its flow field (h, w, 2) float16.
KeepField = Callable[[int, NDArray[np.float16]], None]


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

    def pieces(
        self,
        path: str | Path,
        start: int = 0,
        stop: int | None = None,
        max_side: int | None = None,
        luma: bool = False,
        size: int = 32,
    ) -> Iterator[NDArray[np.uint8]]:
        """The same frames in one pass, in pieces of at most `size`: (f, H, W, 3) RGB, or with
        `luma` (f, H, W) full-range brightness. For clips that are too long to hold."""
        ...

    def write(self, path: str | Path, frames: Frames, fps: float) -> None:
        """Write an H.264 mp4, atomically."""
        ...

    def write_pictures(
        self, path: str | Path, pictures: Iterable[NDArray[np.uint8]], fps: float
    ) -> None:
        """The same from (H, W, 3) pictures that come one at a time."""
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


class TrackBackend(Protocol):
    """Point tracks by a network (`models/motion_nets`, or a plugin's)."""

    name: str

    def tracks(self, frames: Frames, grid: int) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """(F, P, 2) px and (F, P) visible, from a grid x grid of points in frame 0."""
        ...


class FieldStore(Protocol):
    """Flow fields on disk (`cache/flow`): compact, bounded, safe to delete at any time.

    A block holds the fields of 16 consecutive frames of a file, fewer at its end.
    """

    def read(self, content: str, block: int) -> NDArray[np.float16] | None:
        """(f, h, w, 2) px of the clip as shown; None where there is none that can be used."""
        ...

    def write(self, content: str, block: int, fields: NDArray[np.float16]) -> None:
        """Keep a block; a full disk is no error, as everything can be computed again."""
        ...


class MaskStream(Protocol):
    """The motion mask of a clip that is too long to hold."""

    frames: int

    def push(self, luma: NDArray[np.uint8]) -> None:
        """The next frame's brightness, 512 px on the longer side at most."""
        ...

    @property
    def camera_only(self) -> bool: ...

    @property
    def inlier_share(self) -> float:
        """Mean share of the flow that agrees with the camera model, 0 to 1."""
        ...

    def rows(self, height: int, width: int) -> Iterator[NDArray[np.float32]]:
        """The mask of each frame, in [0, 1]; once all frames are known."""
        ...

    def close(self) -> None: ...


class Motion(Protocol):
    """Flow, masks, overlays and flaggers (`motion/`)."""

    backend: str

    def mask(self, frames: Frames, recipe: str = "adjacent", stabilise: bool = False) -> Mask: ...

    def sampled_mask(self, frames: Frames, following: Frames, recipe: str = "adjacent") -> Mask:
        """The mask of some frames of a clip, each given with the one after it."""
        ...

    def mask_stream(
        self, shown: tuple[int, int], recipe: str = "adjacent", stabilise: bool = False
    ) -> MaskStream:
        """The mask of a clip of that size as shown, whose frames come one at a time."""
        ...

    def analyse(
        self,
        luma: Iterable[NDArray[np.uint8]],
        pictures: Frames,
        info: MediaInfo,
        keep: KeepField | None = None,
    ) -> tuple[MotionSummary, list[Flag], NDArray[np.uint8]]:
        """Summary, the flags of this clip alone, and its signature for near copies, in one pass
        over pieces of (f, h, w) full-range luma of 512 px at most; `pictures` are some RGB frames.
        `keep` is given each frame but the last with its flow field as it is stored."""
        ...

    @property
    def blocked(self) -> Mapping[str, str]:
        """Flaggers of others that failed so far: name -> why. They are not asked again."""
        ...

    def is_current(self, signature: NDArray[np.uint8]) -> bool:
        """Whether a stored signature was made as this version makes it."""
        ...

    def flow(self, a: NDArray[np.uint8], b: NDArray[np.uint8]) -> Flow:
        """Flow of two (H, W, 3) RGB images by this backend."""
        ...

    def camera_only(self, frames: Frames) -> bool:
        """Whether a global camera model explains (nearly) all motion."""
        ...

    def scene_cuts(self, pieces: Iterable[Frames]) -> list[int]:
        """The first frame of each scene but the first, from hard cuts, of a clip in pieces."""
        ...

    def tracks(
        self, frames: Frames, grid: int, backend: str = "lk"
    ) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
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
