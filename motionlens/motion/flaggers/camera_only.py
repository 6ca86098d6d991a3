"""Camera only: the camera moves, and nothing else does."""

from __future__ import annotations

import numpy as np

from motionlens.domain.clip import Flag
from motionlens.motion.evidence import Evidence
from motionlens.motion.flaggers.words import percent, pixels
from motionlens.motion.stabilise import CAMERA_ONLY, CAMERA_PX, camera_only_score

NAME = "camera_only"
THRESHOLD = CAMERA_ONLY
FINDS = "share of the textured area that only follows the camera"


def judge(evidence: Evidence) -> Flag:
    """Score: share of the textured area that only follows the camera, 0 to 1.

    The camera is a homography, so that things at different depths seen from a moving camera follow
    it in part only, and a small thing that moves on its own amid a camera's motion is not noticed:
    both are known limits.
    """
    score, moving, share = camera_only_score(evidence.camera, evidence.followed)
    moves = evidence.camera >= CAMERA_PX
    if not moves.any():
        return Flag(NAME, score, "The camera does not move.", False)
    speed = float(np.median(evidence.camera[moves])) * evidence.scale
    reason = (
        f"The camera moves in {percent(moving)} of frames, by {pixels(speed)} a frame; "
        f"{percent(share)} of the textured area does nothing but follow it."
    )
    return Flag(NAME, score, reason, score >= THRESHOLD)
