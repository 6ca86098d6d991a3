"""Drawn: flat areas of few colours, as in animation; its motion follows a hand, not physics."""

from __future__ import annotations

from motionlens.domain.clip import Flag
from motionlens.motion.evidence import Evidence
from motionlens.motion.flaggers.words import counted, percent

NAME = "cartoon"
THRESHOLD = 0.5
FINDS = "even areas, pure black and white, and few colours"
# More coarse colours than this say nothing of painting.
_MANY_COLOURS = 82.0


def judge(evidence: Evidence) -> Flag:
    """Score, 0 to 1: mean of the share of exactly even areas, the share of black or white pixels,
    and how few coarse colours make up the picture; black bars are left out.

    The three count alike, on purpose: a logistic regression on these and on noise, hues, gradients
    and cleanness of motion did worse on sources that were left out (AUROC 0.55 to 0.71) than no
    weights at all. It finds vector graphics and cel animation; rendered films with texture, light
    and grain look filmed to it.
    """
    look = evidence.look
    few = max(0.0, 1 - look.colours / _MANY_COLOURS)
    score = (look.flat + look.extreme + few) / 3
    reason = (
        f"{percent(look.flat)} of the picture is exactly even and {percent(look.extreme)} pure "
        f"black or white; 90 % of it is made of {counted(round(look.colours), 'coarse colour')}."
    )
    return Flag(NAME, score, reason, score >= THRESHOLD)
