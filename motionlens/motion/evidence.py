"""What is measured of a clip once, and every flagger judges from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from motionlens.domain.ports import Flow, FlowBackend, Frames
from motionlens.motion.grids import (
    Grey,
    block_means,
    computing_size,
    grey,
    lengths,
    require_frames,
    resize_flow,
    shrink,
)
from motionlens.motion.look import Look, look_of
from motionlens.motion.opencv import cv2
from motionlens.motion.stabilise import camera_part

# Clips are judged at this size, so that a threshold means the same for 360p and for 4K.
ANALYSIS_SIDE = 320
# A part of the picture moves where it both has flow and changes: in flat areas flow is made of
# compression noise, several px long, while the picture stays within 2 levels.
VISIBLE_LEVELS = 3.0
STILL_PX = 0.2
_LOOK_FRAMES = 8

Curve = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Evidence:
    """Measures of a clip; curves have one value for each frame but the last, (F-1,) float32.

    Lengths are in px of the grid of analysis (at most 320 px on the longer side); `scale` takes
    them to px of the clip as shown.

    Attributes
    ----------
    frames : int
    scale : float
    mean : (F-1,)
        Mean length of the flow.
    peak : (F-1,)
        Greatest mean flow of a block of 8x8 px that visibly changes; 0 where none does.
    moving : (F-1,)
        Share of the blocks that visibly move at least 0.2 px.
    at_border : (F-1,) bool
        Whether a moving block touches the frame's border.
    camera : (F-1,)
        Mean length of the fitted camera's field.
    left : (F-1,)
        Mean length of the flow that the camera does not explain.
    followed : (F-1,)
        Share of the textured blocks that follow the camera; 0 where it moves less than 0.3 px.
    new_picture : (F-1,)
        Mean absolute difference, in levels, between a frame and the next one moved back along the
        flow: high where the next frame shows something else.
    look : Look
        How the pictures look.
    """

    frames: int
    scale: float
    mean: Curve
    peak: Curve
    moving: Curve
    at_border: NDArray[np.bool_]
    camera: Curve
    left: Curve
    followed: Curve
    new_picture: Curve
    look: Look

    @property
    def still(self) -> NDArray[np.bool_]:
        """(F-1,) bool: frames after which nothing visibly moves by 0.2 px."""
        return self.peak < STILL_PX

    @property
    def still_px(self) -> float:
        """What counts as still, in px of the clip as shown."""
        return STILL_PX * self.scale

    @property
    def camera_share(self) -> float:
        """Share of all motion that the camera explains, 0 to 1; 0 for a clip without motion."""
        total = float(self.mean.sum())
        if not len(self.mean) or total / len(self.mean) < STILL_PX / 4:
            return 0.0
        return float(np.clip(1 - float(self.left.sum()) / total, 0, 1))


def measure(frames: Frames, backend: FlowBackend, scale: float) -> Evidence:
    """Measure a clip in one pass.

    Parameters
    ----------
    frames : (F, H, W, 3) uint8
        RGB.
    backend : FlowBackend
    scale : float
        Shown width / width of `frames`.
    """
    require_frames(frames)
    size = computing_size(frames.shape[1], frames.shape[2], ANALYSIS_SIDE)
    rows = []
    before = shrink(grey(frames[0]), size)
    for frame in frames[1:]:
        now = shrink(grey(frame), size)
        rows.append(_measure_pair(before, now, backend))
        before = now
    table = np.array(rows, np.float32).reshape(len(rows), 8)
    picked = np.unique(np.linspace(0, len(frames) - 1, _LOOK_FRAMES).round().astype(int))
    return Evidence(
        frames=len(frames),
        scale=scale * frames.shape[2] / size[1],
        mean=table[:, 0],
        peak=table[:, 1],
        moving=table[:, 2],
        at_border=table[:, 3] > 0,
        camera=table[:, 4],
        left=table[:, 5],
        followed=table[:, 6],
        new_picture=table[:, 7],
        look=look_of([shrink(frames[index], size) for index in picked]),
    )


def _measure_pair(a: Grey, b: Grey, backend: FlowBackend) -> tuple[float, ...]:
    flow = backend.flow(a, b)
    length = lengths(flow)
    visible = block_means(cv2.absdiff(a, b).astype(np.uint8)) >= VISIBLE_LEVELS
    block_length = block_means(length)
    moving = visible & (block_length >= STILL_PX)
    part, _ = camera_part(a, flow)
    edge = np.concatenate([moving[0], moving[-1], moving[:, 0], moving[:, -1]])
    return (
        float(length.mean()),
        float(block_length[visible].max(initial=0)),
        float(moving.mean()),
        float(edge.any()),
        part.camera,
        part.left,
        part.followed,
        _new_picture(a, b, flow),
    )


def _new_picture(a: Grey, b: Grey, flow: Flow) -> float:
    # A quarter of the size is enough, and forgives flow that is a pixel off.
    size = (max(1, a.shape[0] // 4), max(1, a.shape[1] // 4))
    small_a, small_b, small_flow = shrink(a, size), shrink(b, size), resize_flow(flow, size)
    y, x = np.mgrid[0 : size[0], 0 : size[1]].astype(np.float32)
    back = cv2.remap(
        small_b,
        x + small_flow[..., 0],
        y + small_flow[..., 1],
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return float(cv2.absdiff(small_a, np.asarray(back, np.uint8).reshape(size)).mean())
