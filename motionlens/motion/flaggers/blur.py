"""Blurred: hardly an edge in the clip, for its size."""

from __future__ import annotations

from motionlens.domain.clip import Flag
from motionlens.motion.evidence import Evidence
from motionlens.motion.flaggers.words import percent

NAME = "blur"
THRESHOLD = 0.55
FINDS = "share of the strongest edges' contrast that is left after blurring once more"


def judge(evidence: Evidence) -> Flag:
    """Score: 0 (sharp) to 1, the blur metric of Crete et al. (SPIE 6492, 2007), median over time.

    Measured at 160 px, so that only what would look blurred as a thumbnail counts: extreme blur.
    """
    reason = (
        f"{percent(evidence.blur)} of the contrast of the strongest edges (at 160 px) is left when "
        f"the picture is blurred once more; sharp pictures keep under a third."
    )
    return Flag(NAME, evidence.blur, reason, evidence.blur >= THRESHOLD)
