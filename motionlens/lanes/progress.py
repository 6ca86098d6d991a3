"""Progress with the time that is left, told only once it can be known."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Tick:
    """How far a job is. `left_s` is None until 5 % or 10 s are over."""

    what: str
    done: int
    total: int
    elapsed_s: float
    left_s: float | None


class ProgressClock:
    """Turns (what, done, total) into ticks; a new `what` starts the clock again."""

    def __init__(self, tell: Callable[[Tick], None]) -> None:
        self._tell = tell
        self._what = ""
        self._start = 0.0
        self._first = 0

    def __call__(self, what: str, done: int, total: int) -> None:
        now = time.monotonic()
        if what != self._what:
            # Steps that were done before (a resumed job) say nothing about speed.
            self._what, self._start, self._first = what, now, done
        elapsed = now - self._start
        share = (done - self._first) / max(1, total - self._first)
        known = share >= 0.05 or (elapsed >= 10 and share > 0)
        left = elapsed / share * (1 - share) if known else None
        self._tell(Tick(what, done, total, elapsed, left))
