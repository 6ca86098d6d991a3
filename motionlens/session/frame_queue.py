"""Frames ahead of the clock: which one to ask for next, and which of those that came is due."""

from __future__ import annotations

from collections import deque
from statistics import median

from motionlens.domain.requests import FrameImage
from motionlens.session.playable import Loop

# One frame in work, the next one queued behind it: the lane never waits for the window.
IN_WORK = 2
# Finished frames and those in work together; at 1080p a frame is 8 MB.
MOST = 5
# No screen shows more: at high speeds the frames between are not even decoded.
_MOST_HZ = 62.0
_REMEMBERED = 5


class FrameQueue:
    """A few frames of one player, by their place in its loop (see :class:`Loop`).

    Everything is forgotten by `clear`, which raises the epoch: an answer of an older epoch is
    of another clip, look, or direction.
    """

    def __init__(self) -> None:
        self.epoch = 0
        self._took: deque[float] = deque(maxlen=_REMEMBERED)
        self._ready: dict[int, FrameImage] = {}
        self._asked: list[int] = []
        self._last: int | None = None
        self._way = 1

    def clear(self, last: int | None = None) -> None:
        """Forget all frames; `last` is the place that was asked for otherwise."""
        self.epoch += 1
        self._ready.clear()
        self._asked.clear()
        self._last = last

    @property
    def turnaround_s(self) -> float:
        """Seconds from asking to having: the median of the last ones, since one slow frame (a
        group of them had to be decoded) says nothing about the next."""
        return median(self._took) if self._took else 0.0

    @property
    def in_work(self) -> int:
        return len(self._asked)

    @property
    def ready(self) -> int:
        return len(self._ready)

    def next(self, loop: Loop, time_s: float, rate: float, every: bool = False) -> int | None:
        """The place to ask for now; None while enough frames are ready or in work.

        Parameters
        ----------
        time_s, rate : float
            The loop's time now, and its seconds a second (below zero: backwards).
        every : bool
            Leave no frame out, however late it will be.
        """
        way = 1 if rate >= 0 else -1
        due = loop.place_at(time_s)
        if way != self._way:
            self._way = way
            self.clear(due)
        if len(self._asked) >= IN_WORK or len(self._asked) + len(self._ready) >= MOST:
            return None
        behind = self._last is None or (due - self._last) * way > 0
        # The frame that is due, if nobody has asked for it, else the one after the last asked.
        place = due if behind or self._last is None else self._last + way
        if every or rate == 0:
            return place
        first, last_s = place, self._due_s(loop, self._last, time_s, rate)
        while abs(place - first) < loop.frames and self._skips(loop, place, time_s, rate, last_s):
            place += way
        return place

    def asked(self, place: int) -> None:
        """It is asked for now."""
        self._asked.append(place)
        self._last = place

    def arrived(self, place: int, image: FrameImage | None, took_s: float) -> None:
        """It came (None: it could not be read) so many seconds after it was asked for."""
        if place in self._asked:
            self._asked.remove(place)
        if image is not None:
            self._ready[place] = image
        self._took.append(took_s)

    def take(self, due: int) -> FrameImage | None:
        """The newest frame that is due; older ones are let go, later ones wait."""
        passed = [place for place in self._ready if (due - place) * self._way >= 0]
        if not passed:
            return None
        newest = max(passed, key=lambda place: place * self._way)
        image = self._ready[newest]
        for place in passed:
            del self._ready[place]
        return image

    def find(self, frame: int) -> FrameImage | None:
        """A finished frame by its number, whenever it is due."""
        return next((i for i in self._ready.values() if i.frame == frame), None)

    def _skips(
        self, loop: Loop, place: int, time_s: float, rate: float, last_s: float | None
    ) -> bool:
        """Whether a frame would be over before it can be here, or nobody could see it."""
        over_s = self._due_s(loop, place + self._way, time_s, rate)
        due_s = self._due_s(loop, place, time_s, rate)
        if due_s is None or over_s is None:
            return False
        too_fast = last_s is not None and due_s - last_s < 0.95 / _MOST_HZ
        return over_s <= self.turnaround_s or too_fast or over_s <= due_s

    def _due_s(self, loop: Loop, place: int | None, time_s: float, rate: float) -> float | None:
        """Seconds from now until a place is due."""
        if place is None or rate == 0:
            return None
        begins_s = loop.start_of(place) if rate > 0 else loop.end_of(place)
        return (begins_s - time_s) / rate
