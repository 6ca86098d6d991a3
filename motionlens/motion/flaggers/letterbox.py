"""Letterbox: black bars that stay for the whole clip."""

from __future__ import annotations

from motionlens.domain.clip import Flag
from motionlens.motion.evidence import Evidence
from motionlens.motion.flaggers.words import percent

NAME = "letterbox"
THRESHOLD = 0.03
FINDS = "share of the picture that is black bars"


def judge(evidence: Evidence) -> Flag:
    """Score: share of the picture that constant black bars take at two opposite sides, 0 to 1.

    One dark side alone is a dark floor or wall more often than a bar.
    """
    bars = evidence.bars
    paired = (bars.top and bars.bottom) or (bars.left and bars.right)
    sides = {"top": bars.top, "bottom": bars.bottom, "left": bars.left, "right": bars.right}
    named = [f"{name} {percent(share)}" for name, share in sides.items() if share]
    if not paired:
        return Flag(NAME, 0.0, "There are no black bars at opposite sides.", False)
    reason = f"Black bars take {percent(bars.share)} of the picture: {', '.join(named)}."
    return Flag(NAME, bars.share, reason, bars.share >= THRESHOLD)
