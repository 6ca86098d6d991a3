"""Repeated frames: drawn on twos or threes, or brought to another rate by showing frames again."""

from __future__ import annotations

from motionlens.domain.clip import Flag
from motionlens.motion.evidence import Evidence
from motionlens.motion.flaggers.repeats import Repeats, find_repeats
from motionlens.motion.flaggers.words import counted, percent

NAME = "repeated_frames"
THRESHOLD = 0.12
FINDS = "share of frames that repeat the one before amid motion"


def judge(evidence: Evidence) -> Flag:
    """Score: share of the frames that repeat the one before, 0 to 1.

    Only runs of at most three repeats with motion on both sides count, and longer than one only
    in a pattern that comes again; a longer stop is a held pose.
    """
    found = find_repeats(evidence)
    number = int(found.repeats.sum())
    if not number:
        return Flag(NAME, 0.0, "No frame repeats the one before amid motion.", False)
    reason = (
        f"{percent(found.share)} of frames ({number}) repeat the one before; {_pattern(found)}."
    )
    return Flag(NAME, found.share, reason, found.share >= THRESHOLD)


def _pattern(found: Repeats) -> str:
    if not found.period:
        return "they follow no pattern"
    fresh = found.period - found.in_period
    if fresh == 1:
        name = {2: "twos", 3: "threes", 4: "fours"}.get(found.period)
        return f"each picture stays for {found.period} frames" + (f" (on {name})" if name else "")
    return f"in each {found.period} frames only {counted(fresh, 'picture')} are new"
