"""Jitter: the picture, or what moves in it, jumps to and fro from frame to frame."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from motionlens.domain.clip import Flag
from motionlens.motion.evidence import Curve, Evidence
from motionlens.motion.flaggers.words import percent, pixels

NAME = "jitter"
THRESHOLD = 0.25
FINDS = "share of frames in which the picture, or what moves, turns round at speed"
# A turn counts where velocity changes by this much from a frame to the next, px of the grid.
_TURN_PX = 1.5
_LEAST_FRAMES = 6


def judge(evidence: Evidence) -> Flag:
    """Score: share of the frames in which the whole picture, or the moving part of it, turns
    round, 0 to 1.

    A hand-held camera that is walked with shakes as well, and is meant. Below 10 frames a second
    fast things turn round from one frame to the next by nature.
    """
    whole, own = turns(evidence.shift), turns(evidence.mover)
    if len(evidence.shift) < _LEAST_FRAMES:
        return Flag(NAME, 0.0, "Too few frames to tell.", False)
    shares = [float(found.mean()) for found in (whole, own)]
    score = max(shares)
    picture = shares[0] >= shares[1]
    curve, found = (evidence.shift, whole) if picture else (evidence.mover, own)
    what = "the whole picture" if picture else "what moves"
    if not found.any():
        return Flag(NAME, score, "Nothing turns round from one frame to the next.", False)
    change = float(np.median(_changes(curve)[found])) * evidence.scale
    reason = (
        f"In {percent(score)} of frames {what} turns round, its velocity changing by "
        f"{pixels(change)} a frame."
    )
    return Flag(NAME, score, reason, score >= THRESHOLD)


def turns(velocity: Curve) -> NDArray[np.bool_]:
    """(F-2,) bool: whether the velocity (F-1, 2) turns by over 90 degrees, and by 1.5 px."""
    against = (velocity[1:] * velocity[:-1]).sum(axis=1) < 0
    return np.asarray(against & (_changes(velocity) >= _TURN_PX))


def _changes(velocity: Curve) -> NDArray[np.float32]:
    return np.asarray(np.linalg.norm(np.diff(velocity, axis=0), axis=1), np.float32)
