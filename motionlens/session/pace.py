"""How fast a queue is judged, shown to nobody but the curator."""

from __future__ import annotations

from collections import deque
from statistics import median

from motionlens.domain.language import say

_LAST = 50
_PAUSE_S = 60.0
_FEWEST = 3


class Pace:
    """Median seconds a clip over the last 50 decisions; pauses over a minute are left out."""

    def __init__(self) -> None:
        self._gaps: deque[float] = deque(maxlen=_LAST)
        self._last_s: float | None = None

    def decided(self, now_s: float) -> float | None:
        """Note a decision; the seconds since the one before it, None for a first or a pause."""
        gap = None if self._last_s is None else now_s - self._last_s
        self._last_s = now_s
        if gap is None or gap > _PAUSE_S:
            return None
        self._gaps.append(gap)
        return gap

    @property
    def seconds_a_clip(self) -> float | None:
        """None until three gaps are known."""
        return median(self._gaps) if len(self._gaps) >= _FEWEST else None

    @property
    def told(self) -> str:
        """ "6.2 s a clip." once it is known, else empty."""
        pace = self.seconds_a_clip
        return "" if pace is None else say("{pace:.1f} s a clip.", pace=pace)

    def words(self, left: int) -> str:
        """ "6.2 s a clip, about 13 min left", or empty."""
        pace = self.seconds_a_clip
        if pace is None or left <= 0:
            return ""
        return say("{pace:.1f} s a clip, about {about} left", pace=pace, about=about(pace * left))


def about(seconds: float) -> str:
    """A time that is left, rounded up to a friendly step."""
    if seconds <= 50:
        return f"{max(5, int(-(-seconds // 5) * 5))} s"
    minutes = -(-seconds // 60)
    if minutes < 60:
        return say("{int} min", int=int(minutes))
    hours, rest = divmod(int(minutes), 60)
    return say("{hours} h {rest} min", hours=hours, rest=rest) if rest else f"{hours} h"
