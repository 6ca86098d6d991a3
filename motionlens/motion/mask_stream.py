"""The motion mask of a clip that is too long to hold: one pass to measure, one to write."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from motionlens.domain.mask_recipe import mask_recipe
from motionlens.domain.ports import FlowBackend
from motionlens.motion.flow.fields import Field, same_picture, still_field, to_field
from motionlens.motion.flow.registry import flow_backend
from motionlens.motion.grids import Grey, lengths
from motionlens.motion.levels import NOISE_FLOOR_PX, Levels
from motionlens.motion.occlusion import confidence
from motionlens.motion.opencv import cv2
from motionlens.motion.stabilise import (
    CAMERA_ONLY,
    CameraPart,
    camera_only_score,
    camera_part,
    unexplained_px,
)

# Of lengths that wait in memory before they go to a file: 250 frames of 720p.
_IN_MEMORY = 32_000_000


class StreamedMask:
    """Measures a clip frame by frame; the lengths of a long one wait in a temporary file.

    A mask is made of the flow as fields hold it: with recipe ``adjacent``, backend ``dis`` and
    nothing taken out it is to the bit what the window shows
    (:class:`motionlens.motion.drawing.FieldMask`).

    Parameters
    ----------
    shown : (width, height)
        Of the clip, px.
    recipe : str
        See :class:`motionlens.domain.mask_recipe.MaskRecipe`.
    backend : str
        A name of :func:`motionlens.motion.flow.flow_backend`.
    stabilise : bool
        The same as ``+stabilise``.
    """

    def __init__(
        self, shown: tuple[int, int], recipe: str = "adjacent", backend: str = "dis",
        stabilise: bool = False,
    ) -> None:  # fmt: skip
        self._recipe = mask_recipe(recipe).having(stabilise=stabilise)
        self._shown = shown
        self._anchor = self._recipe.base == "anchor"
        self._backend: FlowBackend = flow_backend(backend)
        self._before: Grey | None = None
        self._camera: list[CameraPart] = []
        self._levels, self._floor = Levels(self._recipe.robust), 0.0
        self._spool = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 (`close` does)
        self._shape = (1, 1)
        self._fields = 0
        self._paired = False
        self.frames = 0

    def close(self) -> None:
        """Let go of the temporary file."""
        self._spool.close()

    def push(self, luma: Grey) -> None:
        """The next frame's brightness, (h, w) uint8, 512 px on the longer side at most."""
        self.frames += 1
        if self._before is None:
            self._before = luma
            return
        self._measure(self._before, luma)
        if not self._anchor:
            self._before = luma

    def push_pair(self, a: Grey, b: Grey) -> None:
        """A frame of a clip of which not all are read, and the one after it in the clip."""
        self.frames += 1
        self._paired = True
        self._measure(a, b)

    def _measure(self, a: Grey, b: Grey) -> None:
        self._floor = NOISE_FLOOR_PX * self._shown[0] / a.shape[1]
        flow = self._backend.flow(a, b)
        part, rest = camera_part(a, flow)
        self._camera.append(part)
        kept = rest if self._recipe.stabilise else flow
        if self._recipe.confidence:
            kept = kept * confidence(flow, self._backend.flow(b, a))[..., None]
        self._keep(still_field(*a.shape) if same_picture(a, b) else to_field(kept, self._shown[0]))

    @property
    def camera_only(self) -> bool:
        """Whether the camera is all that moves."""
        camera = np.array([part.camera for part in self._camera])
        followed = np.array([part.followed for part in self._camera])
        return camera_only_score(camera, followed)[0] >= CAMERA_ONLY

    @property
    def camera_share(self) -> float:
        """Median share of the textured area that follows the camera while it moves, 0 to 1."""
        camera = np.array([part.camera for part in self._camera])
        followed = np.array([part.followed for part in self._camera])
        return camera_only_score(camera, followed)[2]

    @property
    def inlier_share(self) -> float:
        """Mean share of the flow that agrees with the camera model, 0 to 1."""
        shares = [part.inlier_share for part in self._camera]
        return float(np.mean(shares)) if shares else 0.0

    def rows(self, height: int, width: int) -> Iterator[NDArray[np.float32]]:
        """The mask of each frame, (height, width) float32 in [0, 1]."""
        size = (width, height)
        for weights in self.weights():
            yield np.asarray(cv2.resize(weights, size, interpolation=cv2.INTER_LINEAR), np.float32)

    def weights(self) -> Iterator[NDArray[np.float32]]:
        """The same on the grid of the fields."""
        if self._recipe.stabilise:
            # Of the small grid, as the camera is; lengths are in px of the clip as shown.
            self._levels.least = unexplained_px(self._camera) * self._floor / NOISE_FLOOR_PX
        moves = self._levels.most >= self._floor
        for length in self._lengths():
            yield self._levels.weights(length) if moves else np.zeros_like(length)

    def _keep(self, field: Field) -> None:
        length = lengths(field.astype(np.float32))
        self._shape = (length.shape[0], length.shape[1])
        if self._anchor and not self._fields:
            self._levels.add(np.zeros(self._shape, np.float32))  # of frame 0, which has not moved
        self._levels.add(length)
        self._spool.write(length.tobytes())
        self._fields += 1

    def _lengths(self) -> Iterable[NDArray[np.float32]]:
        if not self._fields:
            yield from (np.zeros((1, 1), np.float32) for _ in range(self.frames))
            return
        if self._anchor and not self._paired:
            yield np.zeros(self._shape, np.float32)
        self._spool.seek(0)
        size = 4 * self._shape[0] * self._shape[1]
        length = np.zeros(self._shape, np.float32)
        for _ in range(self._fields):
            length = np.frombuffer(self._spool.read(size), np.float32).reshape(self._shape)
            yield length
        if not self._anchor and not self._paired:
            yield length
