"""Clips and what is measured about them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple


class Role(StrEnum):
    """What a clip is in the project."""

    TRAINING = "training"
    GENERATION = "generation"
    REFERENCE = "reference"


@dataclass(frozen=True)
class Span:
    """A range of frames, `start` included, `stop` not."""

    start: int
    stop: int

    @property
    def frames(self) -> int:
        return self.stop - self.start


@dataclass(frozen=True)
class Region:
    """A box in fractions of the frame (0 to 1), origin top left."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class MediaInfo:
    """A media file as it is shown: upright, square pixels.

    Attributes
    ----------
    width, height : int
        Pixels as shown, after rotation and pixel aspect.
    fps : float
        Mean frame rate in frames a second; 0 for a single frame.
    frames : int
        Number of frames that decode.
    variable_frame_rate : bool
        True where the gaps between frames spread over a quarter of their median.
    rotation : int
        The stored tag, degrees (0, 90, 180, 270).
    codec : str
        FFmpeg's name of the codec.
    duration_s : float
        Seconds from the first frame's start to the last frame's end.
    frame_times_s : tuple of float
        The container's own timestamps, seconds, in order of showing.
    damage : str
        Empty, or in words what could not be decoded.
    """

    width: int
    height: int
    fps: float
    frames: int
    variable_frame_rate: bool
    rotation: int
    codec: str
    duration_s: float
    frame_times_s: tuple[float, ...] = field(repr=False, default=())
    damage: str = ""


@dataclass(frozen=True)
class Flag:
    """A flagger's finding: a score (higher = more so), and the reason in words with numbers."""

    name: str
    score: float
    reason: str
    over: bool = True


@dataclass(frozen=True)
class Clip:
    """One clip of a project.

    Attributes
    ----------
    id : str
        32 hex digits from content (and frame range), the same in every project.
    paths : tuple of str
        Where the content was seen; the first that exists is used.
    span : Span or None
        The part of the file that is the clip; None for the whole file.
    """

    id: str
    paths: tuple[str, ...]
    content_hash: str
    role: Role
    info: MediaInfo
    caption: str = ""
    span: Span | None = None

    @property
    def path(self) -> str:
        return self.paths[0]

    @property
    def name(self) -> str:
        """File name without folders and suffix, for people."""
        return name_of(self.path)


class ClipLine(NamedTuple):
    """What a list shows of a clip; `mean_px` is None before `analyse`."""

    id: str
    role: str
    path: str
    caption: str
    start: int | None
    stop: int | None
    duration_s: float
    mean_px: float | None

    @property
    def name(self) -> str:
        """As `Clip.name`, with the frames where it is a part of its file."""
        name = name_of(self.path)
        return name if self.start is None else f"{name}, {self.start}\u2013{self.stop}"


def name_of(path: str) -> str:
    """A file's name without folders and suffix."""
    return path.replace("\\", "/").rsplit("/", 1)[-1].rsplit(".", 1)[0]


def clip_id(content_hash: str, span: Span | None = None) -> str:
    """The id of a content (sha256 in hex) or of a frame range of it: 32 hex digits."""
    if span is None:
        return content_hash[:32]
    text = f"{content_hash}:{span.start}:{span.stop}"
    return hashlib.sha256(text.encode()).hexdigest()[:32]


@dataclass(frozen=True)
class MotionSummary:
    """What `analyse` keeps of a clip's flow.

    Attributes
    ----------
    curve : tuple of float
        Mean flow length of each frame to the next, px a frame of the clip as shown; the last
        value is repeated, so its length is the clip's number of frames (or of those analysed).
    mean_px : float
        Mean of the curve.
    camera_share : float
        Share of the motion that a global camera model explains, 0 to 1.
    cuts : tuple of int
        Frames at which something else is shown than right before.
    repeats : tuple of int
        Frames that only repeat the one before, amid motion.
    """

    curve: tuple[float, ...]
    mean_px: float
    camera_share: float
    cuts: tuple[int, ...] = ()
    repeats: tuple[int, ...] = ()
