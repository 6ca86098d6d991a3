"""The port `Motion`, bound to this room."""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from motionlens.domain.clip import Flag, MediaInfo, MotionSummary
from motionlens.domain.ports import Flow, Frames, KeepField, Mask
from motionlens.motion.analysis import analyse
from motionlens.motion.flaggers import near_duplicate
from motionlens.motion.flaggers.strangers import Strangers
from motionlens.motion.flow.io import write_flow
from motionlens.motion.flow.learned import learned_tracks
from motionlens.motion.flow.registry import flow_backend
from motionlens.motion.images import load_image, save_image
from motionlens.motion.mask import MotionMask, describe_motion, sampled_mask
from motionlens.motion.mask_stream import StreamedMask
from motionlens.motion.scenes import SceneCuts
from motionlens.motion.signature import is_current
from motionlens.motion.tracks import GRID, track_points


class OpenCVMotion:
    """Flow, masks, overlays and flaggers for operations.

    Parameters
    ----------
    backend : str
        A name of :func:`motionlens.motion.flow.flow_backend`; an unknown one is refused here.

    Notes
    -----
    Owned by one lane: the mask of the last clip is kept for the next question
    about the same array. Arrays given are not to be written to in between.
    """

    def __init__(self, backend: str = "dis") -> None:
        self.backend = flow_backend(backend).name
        self._strangers = Strangers()
        self._masked: weakref.ref[Frames] | None = None
        self._last: tuple[tuple[str, bool], MotionMask] | None = None

    def mask(self, frames: Frames, recipe: str = "adjacent", stabilise: bool = False) -> Mask:
        """(F, H, W) float32 in [0, 1]: see :func:`motionlens.motion.mask.motion_mask`."""
        return self._described(frames, recipe, stabilise).at(frames.shape[1], frames.shape[2])

    def sampled_mask(self, frames: Frames, following: Frames, recipe: str = "adjacent") -> Mask:
        """(F, H, W) float32: see :func:`motionlens.motion.mask.sampled_mask`."""
        return sampled_mask(frames, following, recipe, self.backend)

    def mask_stream(
        self, shown: tuple[int, int], recipe: str = "adjacent", stabilise: bool = False
    ) -> StreamedMask:
        """See :class:`motionlens.motion.mask_stream.StreamedMask`."""
        return StreamedMask(shown, recipe, self.backend, stabilise)

    def flow(self, a: NDArray[np.uint8], b: NDArray[np.uint8]) -> Flow:
        """(H, W, 2) float32 px: the displacement of each pixel of `a` to `b`, at full size."""
        return flow_backend(self.backend).flow(a, b)

    def camera_only(self, frames: Frames) -> bool:
        """Whether the camera is all that moves; free right after :meth:`mask` of these frames."""
        return self._described(frames, "adjacent", None).camera_only

    def tracks(
        self, frames: Frames, grid: int = GRID, backend: str = "lk"
    ) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """(F, P, 2) px and (F, P) visible: see :func:`motionlens.motion.tracks.track_points`, or
        a plugin's by :func:`motionlens.motion.flow.learned.learned_tracks`."""
        if backend != "lk":
            return learned_tracks(backend).tracks(frames, grid)
        found = track_points(frames, grid)
        return found.points, found.visible

    def load_image(self, path: str | Path) -> NDArray[np.uint8]:
        """(H, W, 3) uint8 RGB."""
        return load_image(path)

    def save_image(self, path: str | Path, image: NDArray[np.uint8]) -> None:
        """PNG, whole or not at all."""
        save_image(path, image)

    def save_flow(self, path: str | Path, flow: Flow) -> None:
        """Middlebury ``.flo`` or KITTI ``.png`` by suffix, whole or not at all."""
        write_flow(path, flow)

    def _described(self, frames: Frames, recipe: str, stabilise: bool | None) -> MotionMask:
        """The last answer, if it is of the same array; `stabilise` None takes either kind."""
        wanted = (recipe, stabilise)
        if self._last is not None and self._masked is not None and self._masked() is frames:
            done, answer = self._last
            if done == wanted or (stabilise is None and done[0] == recipe):
                return answer
        answer = describe_motion(frames, recipe, self.backend, bool(stabilise))
        self._masked, self._last = weakref.ref(frames), ((recipe, bool(stabilise)), answer)
        return answer

    def analyse(
        self,
        luma: Iterable[NDArray[np.uint8]],
        pictures: Frames,
        info: MediaInfo,
        keep: KeepField | None = None,
    ) -> tuple[MotionSummary, list[Flag], NDArray[np.uint8]]:
        """Summary, flags and signature: see :func:`motionlens.motion.analysis.analyse`."""
        return analyse(
            luma, pictures, info, keep=keep, strangers=self._strangers, backend=self.backend
        )

    @property
    def blocked(self) -> Mapping[str, str]:
        """Flaggers of others that failed so far: name -> why."""
        return self._strangers.blocked

    def is_current(self, signature: NDArray[np.uint8]) -> bool:
        """Whether a stored signature was made as this version makes it."""
        return is_current(signature)

    def scene_cuts(self, pieces: Iterable[Frames]) -> list[int]:
        """The first frame of each scene but the first; see :mod:`motionlens.motion.scenes`."""
        found = SceneCuts()
        for piece in pieces:
            for frame in piece:
                found.push(frame)
        return found.cuts()

    def near_copies(self, signatures: Mapping[str, NDArray[np.uint8]]) -> dict[str, Flag]:
        """Clip id -> flag, from the signatures of all clips."""
        return near_duplicate.near_copies(signatures)
