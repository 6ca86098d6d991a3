"""Cut inside: from one frame to the next the clip shows something else."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from motionlens.domain.clip import Flag
from motionlens.motion.evidence import Evidence
from motionlens.motion.flaggers.words import counted, percent, times

NAME = "scene_cut"
THRESHOLD = 1.0
FINDS = "how far one step between frames lies over the change around it"
# A cut changes the picture by this many levels (of 255) after moving it back along the flow ...
_LEVELS = 18.0
# ... and by this many times the change around it, so that fast motion is no cut.
_RATIO = 4.0
_AROUND = 5
# A thing that sweeps past the lens changes the picture for several frames, a cut in one step: it is
# this many times the change right before and right after.
_STEP = 1.8
# Beside a still picture the ratio is endless; noise of a level is not what it is measured by.
_LEAST_AROUND = 1.0


def judge(evidence: Evidence) -> Flag:
    """Score: how far the strongest change lies over all three limits, 1 = just a cut.

    Fades and dissolves take many frames and are not found. A near thing that covers most of the
    picture within one frame looks like a cut.
    """
    strength, ratio = _strengths(evidence.new_picture)
    score = float(strength.max(initial=0))
    found = find_cuts(evidence)
    if not found:
        return Flag(NAME, score, "No frame shows something else than the one before.", False)
    strongest = int(np.argmax(strength))
    places = ", ".join(str(frame) for frame in found[:4])
    reason = (
        f"{counted(len(found), 'cut')}, at frame {places}{' and more' if len(found) > 4 else ''}: "
        f"at frame {strongest + 1} the picture changes by "
        f"{percent(float(evidence.new_picture[strongest]) / 255)}, "
        f"{times(float(ratio[strongest]))} the change around it."
    )
    return Flag(NAME, score, reason, True)


def find_cuts(evidence: Evidence) -> list[int]:
    """Frames at which another scene begins; each cut lies between two frames."""
    strength, _ = _strengths(evidence.new_picture)
    return [int(place) + 1 for place in np.flatnonzero(strength >= THRESHOLD)]


def _strengths(
    change: NDArray[np.float32],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    ratio, step = np.zeros(len(change)), np.zeros(len(change))
    for place, value in enumerate(change):
        around = np.concatenate(
            [change[max(0, place - _AROUND) : place], change[place + 1 : place + 1 + _AROUND]]
        )
        usual = float(np.median(around)) if len(around) else _LEAST_AROUND
        ratio[place] = float(value) / max(usual, _LEAST_AROUND)
        beside = np.concatenate([change[max(0, place - 1) : place], change[place + 1 : place + 2]])
        step[place] = float(value) / max(float(beside.max(initial=0)), _LEAST_AROUND)
    limits = np.stack([change / _LEVELS, ratio / _RATIO, step / _STEP])
    return np.asarray(limits.min(axis=0), np.float64), ratio
