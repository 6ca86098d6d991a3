"""Held pose: what moves stops dead for some frames."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from motionlens.domain.clip import Flag
from motionlens.motion.evidence import Evidence
from motionlens.motion.flaggers.repeats import find_repeats
from motionlens.motion.flaggers.words import counted, percent, pixels

NAME = "frozen_frames"
# Share of the frames that are held.
THRESHOLD = 0.12
FINDS = "share of frames in runs in which what moved stands still"
# Motion that dies away before it stops is not held: what moves fastest, relative to the clip.
_ABRUPT = 0.25
# What is held changes by this share of what the picture changed by before; a camera that comes to
# rest in a hand changes by more.
_DEAD = 0.4
# Below this there is no motion that could be held.
_LEAST_MOTION_PX = 0.6
# A moving part smaller than this that touches the border, and is smaller than what usually moves in
# the clip, is something that leaves or enters.
_SMALL, _PARTLY = 0.3, 0.6


def judge(evidence: Evidence) -> Flag:
    """Score: share of the frames in runs during which what moved before stands still, 0 to 1.

    A run of still frames counts if the motion beside it was abrupt (at least a quarter of the
    clip's usual speed), and was not a small thing that left the frame or was about to enter it.
    Frames that are repeated one by one or in a pattern do not count: see :mod:`repeated_frames`.
    """
    moving = evidence.peak[~evidence.still]
    usual = float(np.median(moving)) if len(moving) else 0.0
    if usual < _LEAST_MOTION_PX:
        return Flag(NAME, 0.0, "Nothing moves that could be held.", False)
    area = float(np.median(evidence.moving[~evidence.still]))
    still = evidence.still & ~find_repeats(evidence).repeats
    runs = [run for run in _runs(still) if _held(evidence, run, usual, area)]
    held = sum(stop - start for start, stop in runs)
    score = held / len(evidence.peak)
    return Flag(NAME, score, _reason(evidence, runs, score, usual), score >= THRESHOLD)


def _reason(evidence: Evidence, runs: list[tuple[int, int]], score: float, usual: float) -> str:
    limit = pixels(evidence.still_px)
    if not runs:
        return f"No frame is held: none moves less than {limit} amid motion."
    lengths = [stop - start for start, stop in runs]
    longest = runs[int(np.argmax(lengths))]
    return (
        f"{percent(score)} of frames move less than {limit}, in {counted(len(runs), 'run')}; "
        f"the longest holds {counted(max(lengths), 'frame')} from frame {longest[0]}. "
        f"Otherwise the fastest part moves {pixels(usual * evidence.scale)} a frame."
    )


def _runs(still: NDArray[np.bool_]) -> list[tuple[int, int]]:
    edges = np.diff(np.concatenate([[0], still.astype(np.int8), [0]]))
    starts, stops = np.flatnonzero(edges > 0), np.flatnonzero(edges < 0)
    return [(int(start), int(stop)) for start, stop in zip(starts, stops, strict=True)]


def _held(evidence: Evidence, run: tuple[int, int], usual: float, area: float) -> bool:
    before, after = run[0] - 1, run[1]
    # Motion before a run decides; at the clip's start only what comes after can.
    beside = before if before >= 0 else after
    if beside >= len(evidence.peak):
        return False
    passes = (
        evidence.at_border[beside]
        and evidence.moving[beside] < _SMALL
        and evidence.moving[beside] < _PARTLY * area
    )
    change = evidence.greatest_change
    dead = float(np.median(change[run[0] : run[1]])) <= _DEAD * float(change[beside])
    return bool(evidence.peak[beside] >= _ABRUPT * usual and dead and not passes)
