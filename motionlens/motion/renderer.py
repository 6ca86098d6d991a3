"""Draws frames of one clip with overlays for files: the player's fills, plus drawn lines."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from motionlens.domain.errors import UsageError
from motionlens.domain.ports import Flow, Frames
from motionlens.motion.flow.pairs import frame_flow
from motionlens.motion.grids import require_frames
from motionlens.motion.mask import MotionMask, describe_motion
from motionlens.motion.opencv import cv2
from motionlens.motion.overlay import compose, flow_scale, require_overlays
from motionlens.motion.tracks import Tracks, track_points
from motionlens.motion.vectors import arrows, draw_arrows, draw_trails, trails

# The scale of colours is one for the clip; this many pairs, evenly spread, decide it.
_SCALE_PAIRS = 24


class ClipRenderer:
    """Frames of one clip with overlays; what the whole clip decides is computed once.

    Parameters
    ----------
    backend : str
        A name of :func:`motionlens.motion.flow.flow_backend`.

    Notes
    -----
    Holds the mask (512 px wide at most), the tracks and the scale, but not the frames:
    each call is given those of the same clip again.
    """

    def __init__(self, backend: str = "dis") -> None:
        self._backend = backend
        self._mask: MotionMask | None = None
        self._tracks: Tracks | None = None
        self._scale: float | None = None

    def draw(
        self, frames: Frames, n: int, overlays: Collection[str], opacity: float = 0.8
    ) -> NDArray[np.uint8]:
        """Frame `n` (H, W, 3) RGB uint8 with the overlays drawn, in the order flow, mask, tracks,
        arrows.

        Raises
        ------
        UsageError
            For a frame beyond the clip, or an unknown overlay.
        """
        require_frames(frames)
        require_overlays(overlays)
        if not 0 <= n < len(frames):
            known = f"frames go from 0 to {len(frames) - 1}"
            raise UsageError(f"There is no frame {n}", known, "Name another")
        wanted = set(overlays)
        flow = self._flow(frames, n) if wanted & {"flow", "arrows"} else None
        scale = self._flow_scale(frames) if "flow" in wanted else 0.0
        mask = self._clip_mask(frames).weights[n] if "mask" in wanted else None
        picture = compose(frames[n], flow, mask, wanted, opacity, scale)
        rgb = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGRA2RGB), np.uint8)
        size = (frames.shape[2], frames.shape[1])
        if "tracks" in wanted:
            draw_trails(rgb, trails(self._clip_tracks(frames), n, size))
        if flow is not None and "arrows" in wanted:
            draw_arrows(rgb, arrows(flow, size, size[0]))
        return rgb

    def _flow(self, frames: Frames, n: int) -> Flow:
        # The last frame has no next one: it repeats the flow before it, as the mask does.
        first = max(0, min(n, len(frames) - 2))
        return frame_flow(frames[first], frames[min(first + 1, len(frames) - 1)], self._backend)

    def _flow_scale(self, frames: Frames) -> float:
        if self._scale is None:
            picked = np.unique(np.linspace(0, max(0, len(frames) - 2), _SCALE_PAIRS).astype(int))
            self._scale = flow_scale([self._flow(frames, int(n)) for n in picked])
        return self._scale

    def _clip_mask(self, frames: Frames) -> MotionMask:
        if self._mask is None:
            self._mask = describe_motion(frames, "adjacent", self._backend)
        return self._mask

    def _clip_tracks(self, frames: Frames) -> Tracks:
        if self._tracks is None:
            self._tracks = track_points(frames)
        return self._tracks


def draw(
    frames: Frames, n: int, overlays: Collection[str], backend: str = "dis"
) -> NDArray[np.uint8]:
    """Frame `n` of a clip with overlays drawn, (H, W, 3) RGB uint8: see :class:`ClipRenderer`."""
    return ClipRenderer(backend).draw(frames, n, overlays)
