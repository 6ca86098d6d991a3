"""Black: frames that show nothing, at a fade or a gap."""

from __future__ import annotations

import numpy as np

from motionlens.domain.clip import Flag
from motionlens.motion.evidence import Evidence
from motionlens.motion.flaggers.words import counted, percent

NAME = "black"
THRESHOLD = 0.05
FINDS = "share of frames that are nearly black"
# Luma, of 255: no cell of 32x32 is brighter, and the mean is darker.
_BRIGHTEST, _MEAN = 40.0, 20.0


def judge(evidence: Evidence) -> Flag:
    """Score: share of the frames that are nearly black, 0 to 1."""
    dark = (evidence.brightest <= _BRIGHTEST) & (evidence.brightness <= _MEAN)
    score = float(dark.mean())
    if not dark.any():
        least = round(float(evidence.brightness.min()))
        reason = f"No frame is black: the darkest has a mean level of {least}."
        return Flag(NAME, 0.0, reason, False)
    reason = (
        f"{percent(score)} of frames ({int(dark.sum())} of {counted(len(dark), 'frame')}) are "
        f"nearly black, the first is frame {int(np.argmax(dark))}."
    )
    return Flag(NAME, score, reason, score >= THRESHOLD)
