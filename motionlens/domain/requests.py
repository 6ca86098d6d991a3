"""Frozen requests and answers that cross from one lane to another; the turn says what matters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from motionlens.domain.clip import MediaInfo, Region, Span

# Drawing order of the overlays that a clip has by itself: what files can show.
OVERLAYS = ("flow", "mask", "tracks", "arrows")
# A player lays an influence map over them, which is of a clip and a query. Both fills lie on grey
# frames, and exclude each other.
FILLS = ("flow", "influence")
PLAYER_OVERLAYS = (*FILLS, "mask", "tracks", "arrows")


@dataclass(frozen=True)
class ModelSight:
    """What a model sees of any clip: `frames` at equal times, of `width` x `height` px.

    `cropped`: the largest middle part of the model's own shape; else the whole frame, squashed.
    """

    frames: int
    width: int
    height: int
    grey: bool = False
    cropped: bool = True


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
    content: str = ""  # sha256 of the file, in hex: what its stored flow fields go by
    view: Region | None = None  # the part of the frame that fills the stage; None: all of it
    nearest: bool = False  # enlarge by whole pixels, for looking at them
    direction: int = 1  # of travel: -1 where the frames before this one are wanted next
    wheel: str = "hue"  # colours of directions: "hue" or "two-axis"
    sight: ModelSight | None = None  # shown as this model sees it, each of its px a box
    wait: bool = False  # compute what an overlay needs of the whole clip before answering


@dataclass(frozen=True, eq=False)
class FrameImage:
    """The answer: `pixels` is (H, W, 4) uint8 BGRA, what Qt paints without conversion."""

    clip: str
    frame: int
    time_s: float
    turn: int
    pixels: NDArray[np.uint8]
    overlays: frozenset[str]
    # (N, 4): x, y in fractions of the picture, and dx, dy in px a frame of the clip as shown
    arrows: NDArray[np.float32] | None = None
    # (P, T, 2) in fractions of the picture, the newest place first, NaN where not seen
    tracks: NDArray[np.float32] | None = None
    flow_scale_px: float = 0.0  # 98th percentile over the clip, px a frame; 0 without a fill
    pending: frozenset[str] = frozenset()  # overlays that were asked for and are not ready yet
    pending_s: float = 0.0  # seconds until they are, as far as that is known
    view: Region | None = None  # the part of the frame that the picture is; None: all of it


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

    def prepare(self, number: int) -> None:
        """Decode a frame into the window, unconverted."""
        ...

    def close(self) -> None: ...


Field = NDArray[np.float16]


class MaskScale(Protocol):
    """The motion mask of a clip that is too long to hold: all fields once, then any of them."""

    def push(self, field: Field) -> None:
        """Take one field of the clip into account."""
        ...

    def weights(self, field: Field) -> NDArray[np.float32]:
        """(h, w) in [0, 1]: the mask of the frame that this field is of."""
        ...


class PointTracker(Protocol):
    """Follows points through a clip, one frame after the other."""

    def push(self, luma: NDArray[np.uint8]) -> None:
        """The next frame's brightness, (H, W); all of one size."""
        ...

    def tracks(self) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """(F, P, 2) px of those frames and (F, P) visible, of the frames pushed so far."""
        ...


class Drawing(Protocol):
    """What the renderer needs of motion (`motion/drawing`): fields, and what is drawn from them.

    A `part` is the box of the frame that is shown; None: all of it. Sizes are (width, height).
    """

    @property
    def field_side(self) -> int:
        """The longer side of the luma that fields are computed from, px at most."""
        ...

    @property
    def track_side(self) -> int:
        """The same for point tracks."""
        ...

    def field(self, a: NDArray[np.uint8], b: NDArray[np.uint8], shown_width: int) -> Field:
        """(h, w, 2) px of the clip as shown: the motion from luma `a` to luma `b`."""
        ...

    def still_field(self, height: int, width: int) -> Field:
        """The field of a frame without a next one, for luma of that size."""
        ...

    def flow_scale(self, fields: Sequence[Field]) -> float:
        """98th percentile of the vectors' lengths, px."""
        ...

    def mask_scale(self, shown: tuple[int, int]) -> MaskScale:
        """For the mask of a clip of that size as shown."""
        ...

    def tracker(self, grid: int = 16) -> PointTracker:
        """Follows grid x grid points of the first frame."""
        ...

    def compose(
        self,
        rgb: NDArray[np.uint8],
        field: Field | None,
        mask: NDArray[np.float32] | None,
        opacity: float,
        scale_px: float,
        size: tuple[int, int],
        part: Region | None = None,
        wheel: str = "hue",
    ) -> NDArray[np.uint8]:
        """(height, width, 4) BGRA of an (H, W, 3) picture with the fills that are given."""
        ...

    def arrows(
        self, field: Field, size: tuple[int, int], spacing: float, part: Region | None = None
    ) -> NDArray[np.float32]:
        """:attr:`FrameImage.arrows` for a picture of that size, one in each `spacing` px."""
        ...

    def trails(
        self,
        points: NDArray[np.float32],
        visible: NDArray[np.bool_],
        frame: int,
        size: tuple[int, int],
        part: Region | None = None,
    ) -> NDArray[np.float32]:
        """:attr:`FrameImage.tracks` at a frame; `size` is that of the frames tracked."""
        ...

    def draw(self, image: FrameImage, clip_width: int, legend: bool = False) -> NDArray[np.uint8]:
        """(H, W, 3) RGB of an answer with its lines, and a legend, drawn into it: for files."""
        ...


class FrameRenderer(Protocol):
    """Owned by the media lane: frames with overlays, as the players want them."""

    def render(self, request: FrameRequest) -> FrameImage:
        """The frame that was asked for; :class:`MediaError` if it cannot be read."""
        ...

    def idle(self) -> bool:
        """One small step of work ahead (fields, masks, frames); whether there is more to do."""
        ...

    def close(self) -> None: ...


OpenClipper = Callable[[str, MediaInfo | None], ClipDecoder]
