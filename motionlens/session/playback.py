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


QUARTER_SPEED = 0.25


class Playback:
    """The transport of a candidate and its query.

    Time is given from outside (`tick(now_s)`), so that the clock can be a precise timer in the
    window and plain numbers in a test. The clock of a new clip starts with its first delivered
    frame: a slow file does not lose its beginning.
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
        self.lock = Lock.PHASE
        self._offset_s = 0.0
        self._query_s = 0.0
        self._last_s: float | None = None
        self._waiting = True
        candidate.clip_changed.connect(self._restart)
        candidate.loop_changed.connect(self._keep_inside)
        candidate.image_changed.connect(self._arrived)
        query.clip_changed.connect(self._follow)

    def play(self, playing: bool | None = None) -> None:
        """Play or pause; without a word, the other of the two."""
        self.playing = not self.playing if playing is None else playing
        if self.playing and self.speed == 0:
            self.speed = 1.0
        self._last_s = None
        self.changed.emit()

    def set_speed(self, speed: float) -> None:
        """1 forward, 0.25 quarter, -1 backward; plays at once."""
        self.speed = speed
        self._last_s = None
        self.playing = speed != 0
        self.changed.emit()

    def toggle_quarter(self) -> None:
        """Quarter speed on or off; does not start what is paused."""
        self.speed = 1.0 if abs(self.speed) == QUARTER_SPEED else QUARTER_SPEED
        self.changed.emit()

    def replay(self) -> None:
        """From the loop's start, playing."""
        self._offset_s, self._query_s, self._last_s = 0.0, 0.0, None
        self.speed = abs(self.speed) or 1.0
        self.playing = True
        self._want()
        self.changed.emit()

    def step(self, frames: int) -> None:
        """Pause and go some frames on or back, round the loop."""
        loop = self.candidate.loop
        if loop is None:
            return
        self.playing = False
        length = loop.last - loop.first + 1
        frame = loop.first + (self.candidate.wanted - loop.first + frames) % length
        self._go(loop, frame)
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
        self._query_s = self._offset_s
        self._want()
        self.changed.emit()

    def tick(self, now_s: float) -> None:
        """Move the clock on to `now_s` and want what is to be seen then."""
        loop = self.candidate.loop
        if not self.playing or loop is None or self._waiting:
            self._last_s = None
            return
        if self._last_s is not None:
            passed = (now_s - self._last_s) * self.speed
            self._offset_s = (self._offset_s + passed) % loop.duration_s
            self._query_s += passed
        self._last_s = now_s
        self._want(playing=True)

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

    def _go(self, loop: Loop, frame: int) -> None:
        self._offset_s = loop.offset_of(frame)
        self._query_s = self._offset_s
        self._last_s = None
        self.candidate.seek(frame)
        self._follow()

    def _want(self, playing: bool = False) -> None:
        loop = self.candidate.loop
        if loop is not None:
            self.candidate.seek(loop.frame_at(self._offset_s), playing)
        self._follow(playing)

    def _follow(self, playing: bool = False) -> None:
        mine, other = self.candidate.loop, self.query.loop
        if mine is None or other is None or self.lock is Lock.OFF:
            return
        if self.lock is Lock.PHASE:
            offset = self._offset_s / mine.duration_s * other.duration_s
        else:
            offset = self._query_s % other.duration_s
        self.query.seek(other.frame_at(offset), playing)

    def _restart(self) -> None:
        self._offset_s, self._query_s, self._last_s = 0.0, 0.0, None
        self._waiting = True
        self.playing = not self.start_paused and self.candidate.clip is not None
        self._follow()
        self.changed.emit()

    def _keep_inside(self) -> None:
        loop = self.candidate.loop
        if loop is not None and not loop.first <= self.candidate.wanted <= loop.last:
            self._go(loop, loop.first)
        elif loop is not None:
            self._offset_s = loop.offset_of(self.candidate.wanted)

    def _arrived(self, image: FrameImage) -> None:
        del image
        self._waiting = False
