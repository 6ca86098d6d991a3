"""Shot boundaries, found by PySceneDetect in one pass over our own exact frames."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from motionlens.motion.opencv import cv2

# PySceneDetect's own adaptive threshold (a change over its neighbours' mean) ...
RATIO = 3.0
# ... its own least change in hue, saturation and value together, of 255 ...
LEAST_CHANGE = 15.0
# ... and a scene of at least this many frames, so that a flash makes no scenes of its own.
LEAST_FRAMES = 8
_SIDE = 320
_ANY_RATE = 25.0


class SceneCuts:
    """The hard cuts of a clip, from its frames in order.

    The detector is PySceneDetect's `AdaptiveDetector`: the change in HSV from frame to frame,
    against the mean change of the two frames on either side. Fades and dissolves are not found.
    Only its arithmetic is used: frames are ours, so that their numbers are exact.
    """

    def __init__(self) -> None:
        # Only now: it looks for video backends of its own when it is imported.
        from scenedetect.detectors import AdaptiveDetector

        self._detector = AdaptiveDetector(
            adaptive_threshold=RATIO, min_scene_len=LEAST_FRAMES, min_content_val=LEAST_CHANGE
        )
        self._seen = 0
        self._cuts: list[int] = []

    def push(self, frame: NDArray[np.uint8]) -> None:
        """The next frame: (H, W, 3) uint8 RGB or (H, W) grey, of any size, all of the same."""
        height, width = frame.shape[:2]
        scale = min(1.0, _SIDE / max(height, width))
        if scale < 1:
            size = max(1, round(width * scale)), max(1, round(height * scale))
            frame = cv2.resize(frame, size, interpolation=cv2.INTER_AREA)
        code = cv2.COLOR_GRAY2BGR if frame.ndim == 2 else cv2.COLOR_RGB2BGR
        at = _timecode(self._seen)
        found = self._detector.process_frame(at, cv2.cvtColor(frame, code))
        self._cuts += [cut.frame_num for cut in found]
        self._seen += 1

    def cuts(self) -> list[int]:
        """The first frame of each scene but the first, of the frames so far but the last two."""
        return sorted(cut for cut in self._cuts if 0 < cut < self._seen)


def _timecode(number: int) -> Any:
    from scenedetect import FrameTimecode

    # The rate turns frames into seconds for people; cuts are told in frames.
    return FrameTimecode(number, fps=_ANY_RATE)
