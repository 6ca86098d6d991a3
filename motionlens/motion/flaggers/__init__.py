"""Flaggers: each scores one suspicion and gives its reason in words; none ever removes a clip.

A flagger is a module of its own with a name, a threshold and ``judge``. Those of single clips are
in :data:`FLAGGERS`; :mod:`near_duplicate` compares clips and stands beside them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from motionlens.domain.clip import Flag
from motionlens.motion.evidence import Evidence
from motionlens.motion.flaggers import (
    camera_only,
    cartoon,
    frozen_frames,
    near_duplicate,
    scene_cut,
    static,
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
    """

    name: str
    threshold: float
    judge: Callable[[Evidence], Flag]


FLAGGERS = tuple(
    Flagger(module.NAME, module.THRESHOLD, module.judge)
    for module in (static, camera_only, frozen_frames, scene_cut, cartoon)
)
FLAG_NAMES = (*(flagger.name for flagger in FLAGGERS), near_duplicate.NAME)

__all__ = ["FLAGGERS", "FLAG_NAMES", "Flagger", "near_duplicate"]
