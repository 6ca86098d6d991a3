"""`analyse`: the motion of a clip in numbers, and the flags that follow from it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray

from motionlens.domain.clip import Flag, MediaInfo, MotionSummary
from motionlens.domain.ports import Flow, Frames
from motionlens.motion.evidence import Evidence, measure
from motionlens.motion.flaggers import FLAGGERS
from motionlens.motion.flaggers.repeats import find_repeats
from motionlens.motion.flaggers.scene_cut import find_cuts
from motionlens.motion.flaggers.strangers import Strangers
from motionlens.motion.flow.fields import FIELD_BACKEND, Field, to_field
from motionlens.motion.flow.registry import flow_backend

Keep = Callable[[int, Field], None]


def analyse(
    luma: Iterable[NDArray[np.uint8]],
    pictures: Frames,
    info: MediaInfo,
    *,
    keep: Keep | None = None,
    strangers: Strangers | None = None,
    backend: str = FIELD_BACKEND,
) -> tuple[MotionSummary, list[Flag], NDArray[np.uint8]]:
    """Measure a clip in one pass and judge it.

    Parameters
    ----------
    luma : iterable of (f, h, w) uint8
        All frames in pieces: full-range luma, at most 512 px on the longer side.
    pictures : (N, H, W, 3) uint8
        Some RGB frames, spread over the clip.
    info : MediaInfo
        Its width and rate are used.
    keep : callable, optional
        Is given the number of each frame but the last and its field, (h, w, 2) float16: see
        :func:`motionlens.motion.flow.fields.to_field`. Only with the backend that fields are of.
    strangers : Strangers, optional
        Flaggers of others, which judge after ours.
    backend : str
        A name of :func:`motionlens.motion.flow.flow_backend`.

    Returns
    -------
    summary : MotionSummary
        The mean flow of each frame to the next in px of the clip as shown, and the camera's share.
    flags : list of Flag
        One for each flagger of single clips, over its threshold or not.
    signature : (N,) uint8
        For :func:`motionlens.motion.flaggers.near_duplicate.near_copies`.

    Raises
    ------
    MediaError
        If there is no frame.
    """

    def keep_field(number: int, flow: Flow) -> None:
        if keep is not None:
            keep(number, to_field(flow, info.width))

    evidence, signature = measure(
        luma,
        pictures,
        flow_backend(backend),
        shown_width=info.width,
        fps=info.fps,
        keep=keep_field if keep is not None and backend == FIELD_BACKEND else None,
    )
    flags = [flagger.judge(evidence) for flagger in FLAGGERS]
    if strangers is not None:
        flags += strangers.judge(evidence)
    return summary_of(evidence), flags, signature


def summary_of(evidence: Evidence) -> MotionSummary:
    """The curve in px of the clip as shown, its last value repeated, its mean, the camera's share,
    and the frames where it cuts or repeats."""
    curve = [float(value) * evidence.scale for value in evidence.mean]
    curve.append(curve[-1] if curve else 0.0)
    return MotionSummary(
        tuple(curve),
        float(np.mean(curve)),
        evidence.camera_share,
        tuple(find_cuts(evidence)),
        tuple(int(pair) + 1 for pair in np.flatnonzero(find_repeats(evidence).repeats)),
    )
