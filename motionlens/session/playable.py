"""What a player must know of a clip: its frames, their times, and where the file lies."""

from __future__ import annotations

import bisect
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median

from motionlens.domain.clip import Clip, MediaInfo, Span

_DEFAULT_GAP_S = 1 / 24


@dataclass(frozen=True)
class Playable:
    """A clip as it is played.

    Attributes
    ----------
    times_s : tuple of float
        Start of each frame in seconds from the clip's first one, plus the end of the last:
        `frames + 1` values that never fall.
    """

    id: str
    name: str
    paths: tuple[str, ...]
    frames: int
    width: int
    height: int
    fps: float
    span: Span | None = None
    caption: str = ""
    info: MediaInfo | None = field(default=None, repr=False)  # of the whole file, else None
    times_s: tuple[float, ...] = field(default=(), repr=False)
    content: str = ""  # sha256 of the file, in hex

    @property
    def duration_s(self) -> float:
        return self.times_s[-1]


def playable(clip: Clip) -> Playable:
    """A clip from the store, with its own timestamps where the store kept them."""
    info = clip.info
    frames = clip.span.frames if clip.span else info.frames
    times = info.frame_times_s
    if clip.span is not None and len(times) > frames:
        times = times[clip.span.start : clip.span.stop]
    return Playable(
        id=clip.id,
        name=clip.name,
        paths=clip.paths,
        frames=max(1, frames),
        width=info.width,
        height=info.height,
        fps=info.fps,
        span=clip.span,
        caption=clip.caption,
        info=None if clip.span else info,
        times_s=frame_times(times, max(1, frames), info.fps),
        content=clip.content_hash,
    )


def frame_times(times: tuple[float, ...], frames: int, fps: float) -> tuple[float, ...]:
    """`frames + 1` times in seconds from the first frame; steady where none are known.

    A stamp that runs backwards is raised to the one before it; the last frame is shown for the
    median gap.
    """
    if len(times) < frames:
        gap = 1 / fps if fps > 0 else _DEFAULT_GAP_S
        return tuple(n * gap for n in range(frames + 1))
    shifted = [0.0]
    for stamp in times[1:frames]:
        shifted.append(max(shifted[-1], stamp - times[0]))
    gaps = [b - a for a, b in pairwise(shifted) if b > a]
    last = median(gaps) if gaps else (1 / fps if fps > 0 else _DEFAULT_GAP_S)
    return (*shifted, shifted[-1] + last)


@dataclass(frozen=True)
class Loop:
    """Frames `first` to `last`, both played, of a clip's times.

    Its time goes on round after round, below zero too (backwards). A *place* counts frames the
    same way: 0 is `first`, the number of frames is `first` again one round later.
    """

    times_s: tuple[float, ...]
    first: int
    last: int

    @property
    def frames(self) -> int:
        return self.last - self.first + 1

    @property
    def duration_s(self) -> float:
        return max(1e-6, self.times_s[self.last + 1] - self.times_s[self.first])

    def place_at(self, time_s: float) -> int:
        """The place that is due at a time."""
        rounds, offset_s = divmod(time_s + 1e-9, self.duration_s)
        moment = self.times_s[self.first] + offset_s
        frame = bisect.bisect_right(self.times_s, moment) - 1
        inside = max(self.first, min(frame, self.last))
        return int(rounds) * self.frames + inside - self.first

    def frame_of(self, place: int) -> int:
        """The clip's frame at a place."""
        return self.first + place % self.frames

    def start_of(self, place: int) -> float:
        """The time at which a place becomes due, going forwards."""
        rounds, inside = divmod(place, self.frames)
        offset_s = self.times_s[self.first + inside] - self.times_s[self.first]
        return rounds * self.duration_s + offset_s

    def end_of(self, place: int) -> float:
        """The time at which it is over, going forwards."""
        return self.start_of(place + 1)

    def frame_at(self, time_s: float) -> int:
        """The frame shown at a time of the loop."""
        return self.frame_of(self.place_at(time_s))

    def offset_of(self, frame: int) -> float:
        """Seconds into the loop at which a frame begins."""
        return self.start_of(max(self.first, min(frame, self.last)) - self.first)
