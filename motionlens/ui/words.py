"""Numbers and times as people read them."""

from __future__ import annotations

import datetime
import math

from motionlens.domain.language import say

_STEPS = (5, 10, 20, 30, 45, 60)


def left(seconds: float | None) -> str:
    """Time left, rounded up to friendly steps: "20 s left", "4 min left", "1 h 50 min left"."""
    return "" if seconds is None else say("{span} left", span=span(seconds))


def span(seconds: float) -> str:
    """A length of time, rounded up: "20 s", "4 min", "1 h 50 min"."""
    seconds = max(1.0, seconds)
    if seconds <= 60:
        return _short(next(step for step in _STEPS if seconds <= step))
    minutes = math.ceil(seconds / 60)
    if minutes < 60:
        return say("{minutes} min", minutes=minutes)
    minutes = math.ceil(minutes / 10) * 10
    hours, minutes = divmod(minutes, 60)
    return (
        say("{hours} h {minutes} min", hours=hours, minutes=minutes)
        if minutes
        else say("{hours} h", hours=hours)
    )


def _short(seconds: int) -> str:
    return say("{minutes} min", minutes=1) if seconds == 60 else f"{seconds} s"


def length(seconds: float) -> str:
    """An exact length: "3 h 12 min", "4 min 5 s", "5.3 s"."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return (
            say("{minutes} min {rest} s", minutes=minutes, rest=rest)
            if rest
            else say("{minutes} min", minutes=minutes)
        )
    return say("{n} h {n2} min", n=minutes // 60, n2=minutes % 60)


def signed(value: float, digits: int = 2) -> str:
    """A number with its sign, minus as minus: "+0.41", "\N{MINUS SIGN}0.06"."""
    return f"{value:+.{digits}f}".replace("-", "\N{MINUS SIGN}")


def when(stamp: str) -> str:
    """A stored UTC time as local words: "today 13:17", "yesterday 16:20", "12 Nov 09:05"."""
    try:
        moment = datetime.datetime.fromisoformat(stamp.replace("Z", "+00:00"))
    except ValueError:
        return stamp
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=datetime.UTC)
    local = moment.astimezone()
    days = (datetime.datetime.now().astimezone().date() - local.date()).days
    day = {0: say("today"), 1: say("yesterday")}.get(days, f"{local.day} {local:%b}")
    return f"{day} {local:%H:%M}"


def several(count: int, one: str, many: str = "") -> str:
    """ "1 clip", "2,400 clips"."""
    return f"{count:,} {say(one if count == 1 else many or one + 's')}"
