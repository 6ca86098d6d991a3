"""Too short: fewer frames than video models are trained on."""

from __future__ import annotations

from motionlens.domain.clip import Flag
from motionlens.motion.evidence import Evidence
from motionlens.motion.flaggers.words import counted

NAME = "too_short"
THRESHOLD = 1.0
FINDS = "frames or seconds missing to what a model trains on"
# The fewest that common video models are trained on, and the least time motion can be seen in.
LEAST_FRAMES = 16
LEAST_SECONDS = 0.5


def judge(evidence: Evidence) -> Flag:
    """Score: the limit over the clip's length, in frames or seconds, the greater; 1 = at it."""
    seconds = evidence.frames / evidence.fps if evidence.fps > 0 else 0.0
    by_frames = LEAST_FRAMES / max(1, evidence.frames)
    by_seconds = LEAST_SECONDS / seconds if seconds > 0 else 0.0
    score = max(by_frames, by_seconds)
    reason = (
        f"It has {counted(evidence.frames, 'frame')}"
        + (f" in {seconds:.1f} s" if seconds > 0 else "")
        + f"; models train on {LEAST_FRAMES} frames and {LEAST_SECONDS} s at least."
    )
    return Flag(NAME, score, reason, score > THRESHOLD)
