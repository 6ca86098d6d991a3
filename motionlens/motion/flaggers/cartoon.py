"""Drawn: flat areas of few colours, as in animation; its motion follows a hand, not physics."""

from __future__ import annotations

from motionlens.domain.clip import Flag
from motionlens.motion.evidence import Evidence
from motionlens.motion.flaggers.words import counted, percent

NAME = "cartoon"
THRESHOLD = 0.6
# More coarse colours than this say nothing of painting.
_MANY_COLOURS = 82.0


def judge(evidence: Evidence) -> Flag:
    """Score, 0 to 1: mean of the share of flat pixels, the share of black or white ones, and how
    few coarse colours make up the picture.

    The three count alike, on purpose: weights fitted to some fifty clips did worse on sources that
    were left out than no weights at all. It finds vector graphics and cel animation; rendered
    films with texture, light and grain look filmed to it.
    """
    look = evidence.look
    few = max(0.0, 1 - look.colours / _MANY_COLOURS)
    score = (look.flat + look.extreme + few) / 3
    reason = (
        f"{percent(look.flat)} of the picture is flat and {percent(look.extreme)} pure black or "
        f"white; 90 % of it is made of {counted(round(look.colours), 'coarse colour')}."
    )
    return Flag(NAME, score, reason, score >= THRESHOLD)
