"""Static shot: nothing in the clip moves."""

from __future__ import annotations

from motionlens.domain.clip import Flag
from motionlens.motion.evidence import Evidence
from motionlens.motion.flaggers.words import percent, pixels

NAME = "static"
# A clip may start or end with motion and teach stillness all the same.
THRESHOLD = 0.9
FINDS = "share of frames after which nothing visibly moves"


def judge(evidence: Evidence) -> Flag:
    """Score: share of the frames after which nothing visibly moves, 0 to 1.

    A frame counts as still if no block of 8x8 px (of the clip at 320 px) both changes by 3 levels
    and moves by 0.2 px: the noise of flow in plain areas can be longer, but changes nothing.
    """
    still = evidence.still
    if not len(still):
        return Flag(NAME, 1.0, "It is a single frame.", True)
    score = float(still.mean())
    greatest = float(evidence.peak.max()) * evidence.scale
    limit = pixels(evidence.still_px)
    if greatest < evidence.still_px:
        reason = f"Nothing moves: no part of any frame moves {limit}."
    else:
        reason = (
            f"{percent(score)} of frames move less than {limit}; "
            f"the fastest part of any frame moves {pixels(greatest)}."
        )
    return Flag(NAME, score, reason, score >= THRESHOLD)
