"""Flaggers: each scores one suspicion and gives its reason in words; none ever removes a clip.

A flagger is a module of its own with a name, a threshold and ``judge``. Those of single clips are
in :data:`FLAGGERS`; :mod:`near_duplicate` compares clips and stands beside them. Strangers' come as
plugins and are judged by the same evidence.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from motionlens.domain.clip import Flag
from motionlens.motion.evidence import Evidence
from motionlens.motion.flaggers import (
    black,
    blur,
    camera_only,
    cartoon,
    frozen_frames,
    jitter,
    letterbox,
    loop,
    near_duplicate,
    repeated_frames,
    scene_cut,
    static,
    time_reversed,
    too_short,
)


@dataclass(frozen=True)
class Flagger:
    """A flagger of single clips.

    Attributes
    ----------
    name : str
        As the flag is stored.
    threshold : float
        Scores from here on are flagged.
    judge : callable
        Evidence -> Flag.
    finds : str
        What the score measures, in words.
    """

    name: str
    threshold: float
    judge: Callable[[Evidence], Flag]
    finds: str = ""


FLAGGERS = tuple(
    Flagger(module.NAME, module.THRESHOLD, module.judge, module.FINDS)
    for module in (
        static,
        camera_only,
        frozen_frames,
        repeated_frames,
        scene_cut,
        time_reversed,
        loop,
        jitter,
        cartoon,
        blur,
        black,
        letterbox,
        too_short,
    )
)
FLAG_NAMES = (*(flagger.name for flagger in FLAGGERS), near_duplicate.NAME)

__all__ = ["FLAGGERS", "FLAG_NAMES", "Flagger", "near_duplicate"]
