"""Loop: the clip shows the same again, or its end leads into its start."""

from __future__ import annotations

from motionlens.domain.clip import Flag
from motionlens.motion.evidence import Evidence
from motionlens.motion.flaggers.self_likeness import LEAST_LEVELS, joined_ends, repetition
from motionlens.motion.flaggers.words import counted, percent

NAME = "loop"
THRESHOLD = 0.65
FINDS = "how exactly the clip comes again inside, or its end joins its start"
# The step from the last frame to the first may be this much longer than others.
_SEAMLESS = 1.5
# And the clip must go away by this many steps, or nothing comes back.
_AWAY = 2.0


def judge(evidence: Evidence) -> Flag:
    """Score, 0 to 1: the greater of two. What comes again: 1 - the difference of frames one round
    apart, over the usual one. What joins: 1 - how much longer the step from the last frame to the
    first is than others, over how far the clip goes away between.
    """
    apart = evidence.thumbs.distances()
    stride = evidence.thumbs.stride
    again = repetition(apart)
    gap, step, away = joined_ends(apart)
    joins = gap <= _SEAMLESS * step and away >= max(LEAST_LEVELS, _AWAY * step)
    join_score = 1 - max(0.0, gap - step) / away if joins else 0.0
    score = min(1.0, max(0.0, 1 - again.ratio, join_score))
    if score < THRESHOLD:
        return Flag(NAME, score, "Nothing in the clip comes again.", False)
    if 1 - again.ratio >= join_score:
        reason = (
            f"From frame {again.at * stride} on, {counted(again.frames * stride, 'frame')} show "
            f"the start again: they differ by {percent(again.ratio)} of what frames usually do."
        )
    else:
        reason = (
            f"The last frame leads into the first: they differ by {gap:.1f} levels, neighbours "
            f"by {step:.1f}, and the clip goes {away:.1f} away between."
        )
    return Flag(NAME, score, reason, True)
