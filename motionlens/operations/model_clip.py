"""What a model sees of a clip: frames at its equal times, and their motion mask."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from motionlens.domain.clip import Clip, Span
from motionlens.domain.ports import Attributor, Frames, Mask, Motion
from motionlens.operations.rooms import Rooms, frame_range, present_path

# Flow for the mask is measured on frames of at most this side: four times the model's own 32 px.
MASK_SIDE = 128


@dataclass(frozen=True, eq=False)
class ModelClip:
    """What a model sees of a clip.

    Attributes
    ----------
    frames : (F, H, W, 3) uint8
        At the model's equal times, or all frames of a clip that has no more.
    mask : (F, H, W) float32 or None
        Motion mask of these frames.
    times : (F,) int
        Their numbers in the clip.
    """

    frames: Frames
    mask: Mask | None
    times: NDArray[np.int_]

    def sampled_span(self, span: Span) -> Span:
        """A span of the clip's frames as a span of `frames`; the nearest one if it holds none."""
        inside = np.flatnonzero((self.times >= span.start) & (self.times < span.stop))
        if inside.size == 0:
            inside = np.array([np.abs(self.times - (span.start + span.stop - 1) / 2).argmin()])
        return Span(int(inside[0]), int(inside[-1]) + 1)


def picture_side(attributor: Attributor) -> int:
    """Size at which frames are read: what the model sees, or more for the flow under the mask."""
    return max(MASK_SIDE, attributor.side)


def model_clip(
    rooms: Rooms, clip: Clip, motion: Motion, recipe: str, samples: int, side: int = MASK_SIDE
) -> ModelClip:
    """Read what a model of `samples` frames sees of a clip, with its motion mask.

    Flow is measured at those frames alone: 16 fields for a clip of 300 frames, each still a
    displacement to the next frame of the clip.
    """
    path = present_path(clip)
    start, stop = frame_range(clip)
    count = stop - start
    times = np.rint(np.linspace(0, count - 1, min(count, samples))).astype(int)
    if recipe == "none" or count == 1:
        wanted = [start + int(t) for t in times]
        frames = rooms.reader.frames(path, max_side=side, indices=wanted)
        mask = None if recipe == "none" else np.zeros(frames.shape[:3], np.float32)
        return ModelClip(frames, mask, times)
    before = np.minimum(times, count - 2)  # the last frame moves as the one before it
    # Each frame is read once, however many roles it plays.
    wanted = np.unique(np.concatenate([times, before, before + 1])).tolist()
    read = rooms.reader.frames(path, max_side=side, indices=[start + t for t in wanted])
    at = {number: row for row, number in enumerate(wanted)}

    def picked(numbers: NDArray[np.int_]) -> Frames:
        return read[[at[int(n)] for n in numbers]]

    mask = motion.sampled_mask(picked(before), picked(before + 1), recipe)
    return ModelClip(picked(times), mask, times)
