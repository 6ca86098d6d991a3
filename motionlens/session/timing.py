"""How well a player keeps up: what the debug corner shows and the benchmark reads."""

from __future__ import annotations

from collections import deque

_PRESSES = 200
_SECOND = 1.0
_FORGOTTEN_S = 2.0


class Timing:
    """Counts of one player since its clip came on the stage; times are seconds of one clock."""

    def __init__(self) -> None:
        self.presses: deque[float] = deque(maxlen=_PRESSES)
        self.paints: deque[float] = deque(maxlen=_PRESSES)
        self._pressed_s: float | None = None
        self._cost_s = 0.0
        self.clear()

    def clear(self) -> None:
        """Another clip: its own drops and rate."""
        self.dropped = 0
        self.shown = 0
        self.asked_fps = 0.0
        self._last: int | None = None
        self._times: deque[float] = deque(maxlen=400)

    def stopped(self) -> None:
        """The clock stands: the next frame that is painted follows from no other."""
        self._last = None
        self._times.clear()

    def pressed(self, now_s: float) -> None:
        """A key went down."""
        self._pressed_s = now_s

    def finished(self, cost_s: float) -> None:
        """The renderer has made a frame in so many seconds."""
        self._cost_s += (cost_s - self._cost_s) * (0.2 if self._cost_s else 1.0)

    def painted(self, now_s: float, took_s: float, answers: bool) -> None:
        """The stage has painted; `answers`: a frame newer than the last key."""
        self.paints.append(took_s)
        if self._pressed_s is not None and answers:
            # A key that changed nothing on the stage is not answered by whatever comes later.
            if now_s - self._pressed_s < _FORGOTTEN_S:
                self.presses.append(now_s - self._pressed_s)
            self._pressed_s = None

    def played(self, frame: int, now_s: float, way: int, frames: int) -> None:
        """A frame of the loop was painted in playback: those between it and the last are lost."""
        if self._last is not None:
            on = ((frame - self._last) * way) % frames
            if on == 0:
                return
            self.dropped += on - 1
        self._last = frame
        self.shown += 1
        self._times.append(now_s)

    def shown_fps(self, now_s: float) -> float:
        """Frames painted in the last second."""
        while self._times and now_s - self._times[0] > _SECOND:
            self._times.popleft()
        if len(self._times) < 2:
            return 0.0
        return (len(self._times) - 1) / max(1e-6, self._times[-1] - self._times[0])

    @property
    def cost_ms(self) -> float:
        """Decoding and blending of a frame, in the mean of the last ones."""
        return self._cost_s * 1000

    def press_ms(self) -> tuple[float, float]:
        """The last key's way to the screen, and the time that 95 % stay below."""
        if not self.presses:
            return 0.0, 0.0
        ordered = sorted(self.presses)
        slow = ordered[min(len(ordered) - 1, len(ordered) * 95 // 100)]
        return self.presses[-1] * 1000, slow * 1000

    def paint_ms(self) -> float:
        """Median time of a painting."""
        return sorted(self.paints)[len(self.paints) // 2] * 1000 if self.paints else 0.0
