"""What an overlay needs of the whole clip: computed in small steps, so that frames go first."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from motionlens.domain.requests import ClipDecoder, Drawing, Field, MaskScale
from motionlens.operations.flow_fields import FlowFields, Source

_SCALE_FRAMES = 6
# Seconds a step until one was measured.
_GUESS_S = 0.04

Tracks = tuple[NDArray[np.float32], NDArray[np.bool_]]


@dataclass(frozen=True)
class ClipSpan:
    """A clip: a file, and the frames of it from `start` to `stop`."""

    source: Source
    start: int
    stop: int

    @property
    def last_field(self) -> int:
        """The last frame of the clip whose motion is its own: the next is in the clip, too."""
        return max(self.start, self.stop - 2)


@dataclass(frozen=True)
class Means:
    """What the tasks work with; `decoder` gives one of the file for passes through the clip, not
    the player's own, whose window lies round the frame that is shown."""

    drawing: Drawing
    fields: FlowFields
    decoder: Callable[[], ClipDecoder]


class Task:
    """Steps towards something that the whole clip decides."""

    def __init__(self, clip: ClipSpan, means: Means) -> None:
        self.clip = clip
        self.means = means
        self.frames = self._frames()
        self.done = 0
        self.failed = False
        self.step_s = _GUESS_S

    @property
    def left(self) -> int:
        """Steps to go; none where it was given up."""
        return 0 if self.failed else len(self.frames) - self.done

    def step(self) -> None:
        """One more frame."""
        began = time.perf_counter()
        self._take(self.frames[self.done])
        self.done += 1
        self.step_s += (time.perf_counter() - began - self.step_s) / min(self.done, 8)
        if not self.left:
            self._finish()

    def field(self, n: int) -> Field:
        """The field of a frame, by way of the memory and the store."""
        source, decoder = self.clip.source, self.means.decoder
        frames = decoder().info.frames
        if self.clip.stop - self.clip.start < 2:
            return self.means.drawing.still_field(2, 2)
        known = self.means.fields.known(source, frames, n)
        return known if known is not None else self.means.fields.field(source, decoder(), n)

    def _frames(self) -> range | list[int]:
        return range(self.clip.start, self.clip.last_field + 1)

    def _take(self, n: int) -> None:
        raise NotImplementedError

    def _finish(self) -> None:
        """The last frame was taken."""


class ScaleTask(Task):
    """98th percentile of the flow's length over 6 frames spread evenly over the clip: fixed while
    it plays, and the same whichever frame was looked at first."""

    scale_px = 0.0

    def _frames(self) -> list[int]:
        self._fields: list[Field] = []
        spread = np.linspace(self.clip.start, self.clip.last_field, _SCALE_FRAMES)
        return [int(n) for n in np.unique(spread.astype(int))]

    def _take(self, n: int) -> None:
        self._fields.append(self.field(n))

    def _finish(self) -> None:
        self.scale_px = self.means.drawing.flow_scale(self._fields)
        self._fields.clear()


class MaskTask(Task):
    """The scale of the motion mask: all fields of the clip once."""

    scale: MaskScale | None = None

    def weights(self, field: Field) -> NDArray[np.float32] | None:
        """(h, w) in [0, 1]: the mask of the frame that a field is of."""
        return None if self.scale is None else self.scale.weights(field)

    def _take(self, n: int) -> None:
        if self.scale is None:
            info = self.means.decoder().info
            self.scale = self.means.drawing.mask_scale((info.width, info.height))
        self.scale.push(self.field(n))


class TrackTask(Task):
    """Point tracks from the clip's first frame to its last."""

    found: Tracks | None = None
    size = (1, 1)

    def _frames(self) -> range:
        self._tracker = self.means.drawing.tracker()
        return range(self.clip.start, self.clip.stop)

    def _take(self, n: int) -> None:
        luma = self.means.decoder().luma(n, self.means.drawing.track_side)
        self.size = (luma.shape[1], luma.shape[0])
        self._tracker.push(luma)

    def _finish(self) -> None:
        self.found = self._tracker.tracks()


class ClipWork:
    """The colour scale, the mask's scale and the point tracks of one clip, as far as wanted."""

    def __init__(self, clip: ClipSpan, means: Means) -> None:
        self.scale = ScaleTask(clip, means)
        self.mask = MaskTask(clip, means)
        self.tracks = TrackTask(clip, means)
        self._named: dict[str, Task] = {
            "flow": self.scale,
            "mask": self.mask,
            "tracks": self.tracks,
        }
        self._wanted: tuple[Task, ...] = ()

    @property
    def bytes_held(self) -> int:
        """Of the tracks, the one large thing that is kept."""
        points = self.tracks.done * 256 * 9
        return 2 * points if self.tracks.found is None else points

    def want(self, overlays: Collection[str]) -> None:
        """Steps are for these overlays from now on."""
        self._wanted = tuple(task for name, task in self._named.items() if name in overlays)

    def step(self) -> bool:
        """One step towards what is wanted; False where all of it is ready."""
        task = next((task for task in self._wanted if task.left), None)
        if task is None:
            return False
        task.step()
        return True

    @property
    def step_s(self) -> float:
        """Seconds that the next step takes, by those before it."""
        return next((task.step_s for task in self._wanted if task.left), 0.0)

    def give_up(self) -> None:
        """The next step cannot be made: what it was for will not be drawn."""
        task = next((task for task in self._wanted if task.left), None)
        if task is not None:
            task.failed = True

    def pending(self, overlays: Collection[str]) -> frozenset[str]:
        """Which of these overlays cannot be drawn yet."""
        return frozenset(
            name for name, task in self._named.items() if name in overlays and task.left
        )

    def given_up(self, overlays: Collection[str]) -> frozenset[str]:
        """Which of these overlays will not be drawn."""
        return frozenset(
            name for name, task in self._named.items() if name in overlays and task.failed
        )

    @property
    def left_s(self) -> float:
        """Seconds until what is wanted is ready, by what the steps so far took."""
        return sum(task.left * task.step_s for task in self._wanted)
