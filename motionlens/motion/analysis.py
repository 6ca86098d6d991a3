"""`analyse`: the motion of a clip in numbers, and the flags that follow from it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from motionlens.domain.clip import Flag, MotionSummary
from motionlens.domain.ports import Frames
from motionlens.motion.evidence import Evidence, measure
from motionlens.motion.flaggers import FLAGGERS, near_duplicate
from motionlens.motion.flow.registry import flow_backend


def analyse(
    frames: Frames, scale: float, backend: str = "dis"
) -> tuple[MotionSummary, list[Flag], NDArray[np.uint8]]:
    """Measure a clip and judge it.

    Parameters
    ----------
    frames : (F, H, W, 3) uint8
        RGB, all frames of the clip; more than 320 px on the longer side are not used.
    scale : float
        Shown width / width of `frames`.
    backend : str
        A name of :func:`motionlens.motion.flow.flow_backend`.

    Returns
    -------
    summary : MotionSummary
        The mean flow of each frame to the next in px of the clip as shown, and the camera's share.
    flags : list of Flag
        One for each flagger of single clips, over its threshold or not.
    signature : (448,) uint8
        For :func:`near_copies`.
    """
    evidence = measure(frames, flow_backend(backend), scale)
    flags = [flagger.judge(evidence) for flagger in FLAGGERS]
    return summary_of(evidence), flags, near_duplicate.signature(frames)


def summary_of(evidence: Evidence) -> MotionSummary:
    """The curve in px of the clip as shown, its last value repeated, its mean, and the camera."""
    curve = [float(value) * evidence.scale for value in evidence.mean]
    curve.append(curve[-1] if curve else 0.0)
    return MotionSummary(tuple(curve), float(np.mean(curve)), evidence.camera_share)
