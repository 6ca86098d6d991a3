"""Both players on one clock: they loop together, locked by phase within their loops."""

from __future__ import annotations

from enum import StrEnum

from psygnal import Signal

from motionlens.domain.requests import FrameImage
from motionlens.session.playable import Loop
from motionlens.session.player import PlayerState


class Lock(StrEnum):
    """How the query follows the candidate.

    By phase both loops begin and end together, whatever their lengths; by time both run at their
    own speed from a common start; off, the query stands still.
    """

    PHASE = "phase"
    TIME = "time"
    OFF = "off"


SPEEDS = (0.125, 0.25, 0.5, 1.0, 2.0, 4.0)
QUARTER_SPEED = 0.25
# A clock that waits for a frame looks again so soon; one that has long to wait, at least so often.
_SOON_S, _LONG_S = 0.004, 0.1
_HAIR_S = 1e-6


class Playback:
    """The transport of a candidate and its query, or of one clip alone.

    Time is given from outside (`tick(now_s)`), so that the clock can be a precise timer in the
    window and plain numbers in a test. The clock of a new clip starts with its first delivered
    frame: a slow file does not lose its beginning.

    Attributes
    ----------
    every : bool
        False keeps the clip's rate, and frames that come too late are left out; True shows every
        frame, and the clock waits for each to be painted.
    """

    changed = Signal()

    def __init__(
        self, candidate: PlayerState, query: PlayerState, start_paused: bool = False
    ) -> None:
        self.candidate = candidate
        self.query = query
        self.start_paused = start_paused
        self.playing = False
        self.speed = 1.0
        self.every = False
        self.lock = Lock.PHASE
        # Both go on round after round.
        self._time_s = 0.0
        self._query_s = 0.0
        self._last_s: float | None = None
        self._waiting = True
        candidate.clip_changed.connect(self._restart)
        candidate.loop_changed.connect(self._keep_inside)
        candidate.image_changed.connect(self._arrived)
        query.clip_changed.connect(self._follow)

    def play(self, playing: bool | None = None) -> None:
        """Play or pause; without a word, the other of the two."""
        self._set_playing(not self.playing if playing is None else playing)
        self.changed.emit()

    def set_speed(self, speed: float) -> None:
        """1 forward, 0.25 quarter, -1 backward; plays at once."""
        self.speed = speed
        self._set_playing(True)
        self.changed.emit()

    def step_speed(self, steps: int) -> None:
        """Faster or slower by steps of 1/8 to 4 times, the same way; starts nothing."""
        size = min(range(len(SPEEDS)), key=lambda n: abs(SPEEDS[n] - abs(self.speed)))
        size = max(0, min(size + steps, len(SPEEDS) - 1))
        self.speed = SPEEDS[size] if self.speed > 0 else -SPEEDS[size]
        self.changed.emit()

    def normal_speed(self) -> None:
        """The clip's own speed, forwards; starts nothing."""
        self.speed = 1.0
        self.changed.emit()

    def toggle_quarter(self) -> None:
        """Quarter speed on or off; does not start what is paused."""
        way = 1.0 if self.speed > 0 else -1.0
        self.speed = way * (1.0 if abs(self.speed) == QUARTER_SPEED else QUARTER_SPEED)
        self.changed.emit()

    def toggle_every(self) -> None:
        """Show every frame, or keep the rate."""
        self.every = not self.every
        self._last_s = None
        self.changed.emit()

    def replay(self) -> None:
        """From the loop's start, playing."""
        self._time_s, self._query_s = 0.0, 0.0
        self.speed = abs(self.speed)
        loop = self.candidate.loop
        if loop is not None:
            self.candidate.seek(loop.first)
            self._follow()
        self._set_playing(True)
        self.changed.emit()

    def step(self, frames: int) -> None:
        """Pause and go some frames on or back, round the loop."""
        loop = self.candidate.loop
        if loop is None:
            return
        self._set_playing(False)
        self._go(loop, loop.frame_of(self.candidate.wanted - loop.first + frames))
        self.changed.emit()

    def seek(self, frame: int) -> None:
        """Go to a frame; playing goes on from there. A frame outside the loop opens the loop."""
        clip, loop = self.candidate.clip, self.candidate.loop
        if clip is None or loop is None:
            return
        frame = max(0, min(frame, clip.frames - 1))
        if not loop.first <= frame <= loop.last:
            self.candidate.set_loop(0, clip.frames - 1)
            loop = self.candidate.loop
        if loop is not None:
            self._go(loop, frame)

    def next_lock(self) -> None:
        """Phase, time, off, and round again."""
        order = list(Lock)
        self.lock = order[(order.index(self.lock) + 1) % len(order)]
        self._query_s = self._time_s
        if self.lock is Lock.OFF:
            self.query.stand()
        elif not self.playing:
            self._follow()
        self.changed.emit()

    def tick(self, now_s: float) -> float:
        """Move the clock on to `now_s`, show what is due, ask for what will be.

        Returns the seconds until something changes next.
        """
        loop = self.candidate.loop
        if not self.playing or loop is None:
            self._last_s = None
            return _LONG_S
        passed = 0.0
        if self._last_s is not None and not self._waiting:
            passed = self._allowed(loop, (now_s - self._last_s) * self.speed)
        self._last_s = now_s
        self._time_s += passed
        self._query_s += passed
        self.candidate.advance(self._time_s, self.speed, self.every)
        until = self._until(loop, self._time_s, self.speed)
        followed = self._followed()
        if followed is not None:
            other, time_s, rate = followed
            self.query.advance(time_s, rate)
            until = min(until, self._until(other, time_s, rate))
        return _SOON_S if self._waiting or passed == 0.0 else min(_LONG_S, until)

    def hold(self) -> None:
        """The clock stood still: time until the next tick does not count."""
        self._last_s = None

    @property
    def position_s(self) -> float:
        """Seconds of the candidate's painted frame from the clip's first."""
        image, clip = self.candidate.image, self.candidate.clip
        if image is None or clip is None:
            return 0.0
        return clip.times_s[min(image.frame, clip.frames - 1)]

    def _set_playing(self, playing: bool) -> None:
        self.playing = playing
        self._last_s = None
        if not playing:
            self._stop_where_it_is()

    def _stop_where_it_is(self) -> None:
        # What is seen is what stays: a late frame must not jump when the clock stops.
        for player in (self.candidate, self.query):
            player.stand()
        loop, image = self.candidate.loop, self.candidate.image
        if loop is None or image is None or not loop.first <= image.frame <= loop.last:
            return
        self.candidate.wanted = image.frame
        here = loop.place_at(self._time_s)
        if loop.frame_of(here) != image.frame:
            rounds = here // loop.frames * loop.duration_s
            self._time_s = rounds + loop.offset_of(image.frame)

    def _allowed(self, loop: Loop, wished_s: float) -> float:
        """How far the clock may go: in the mode that shows every frame, not past one that nobody
        has seen."""
        if not self.every:
            return wished_s
        here = loop.place_at(self._time_s)
        if loop.frame_of(here) != self.candidate.painted_frame:
            return 0.0
        if wished_s >= 0:
            return min(wished_s, loop.end_of(here) - self._time_s)
        return max(wished_s, loop.start_of(here) - self._time_s - _HAIR_S)

    def _until(self, loop: Loop, time_s: float, rate: float) -> float:
        place = loop.place_at(time_s)
        ends_s = loop.end_of(place) if rate > 0 else loop.start_of(place) - _HAIR_S
        return max(0.0, (ends_s - time_s) / rate) if rate else _LONG_S

    def _go(self, loop: Loop, frame: int) -> None:
        self._time_s = loop.offset_of(frame)
        self._query_s = self._time_s
        self._last_s = None
        self.candidate.seek(frame)
        self._follow()

    def _followed(self) -> tuple[Loop, float, float] | None:
        """The query's loop, its time in it, and its rate; None where it does not follow."""
        mine, other = self.candidate.loop, self.query.loop
        if mine is None or other is None or self.lock is Lock.OFF:
            return None
        if self.lock is Lock.TIME:
            return other, self._query_s, self.speed
        ratio = other.duration_s / mine.duration_s
        return other, self._time_s * ratio, self.speed * ratio

    def _follow(self) -> None:
        followed = self._followed()
        if followed is not None:
            other, time_s, _ = followed
            self.query.seek(other.frame_at(time_s))

    def _restart(self) -> None:
        self._time_s, self._query_s = 0.0, 0.0
        self._waiting = True
        self._set_playing(not self.start_paused and self.candidate.clip is not None)
        if self.query.clip is not None:
            self._follow()
        self.changed.emit()

    def _keep_inside(self) -> None:
        loop = self.candidate.loop
        if loop is not None and not loop.first <= self.candidate.wanted <= loop.last:
            self._go(loop, loop.first)
        elif loop is not None:
            self._time_s = loop.offset_of(self.candidate.wanted)

    def _arrived(self, image: FrameImage) -> None:
        del image
        self._waiting = False
