"""`probe, frame, flow, mask, tracks, overlay`: one media file, looked at without a project."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from motionlens.domain.clip import MediaInfo
from motionlens.domain.errors import UsageError
from motionlens.domain.ports import Frames, Progress, Token
from motionlens.files import atomic_file
from motionlens.operations.rooms import NO_PROGRESS, NO_TOKEN, Tools

# Frames read round a frame whose overlay needs flow (the next one) or trails (the last twelve).
_TRAIL = 12
# A single picture has no rate of its own.
_STILL_FPS = 1.0


@dataclass(frozen=True)
class FrameResult:
    frame: int
    time_s: float


@dataclass(frozen=True)
class FlowResult:
    backend: str
    ms: float
    mean_px: float


@dataclass(frozen=True)
class MaskResult:
    frames: int
    mean: float
    camera_only: bool


@dataclass(frozen=True)
class TracksResult:
    points: int
    frames: int


@dataclass(frozen=True)
class OverlayResult:
    frames: int
    fps: float


def probe(tools: Tools, path: str | Path) -> MediaInfo:
    """What a file is, decoded exactly."""
    return tools.reader.probe(path)


def frame(
    tools: Tools, path: str | Path, n: int, out: str | Path, *, overlays: Sequence[str] = ()
) -> FrameResult:
    """Write frame `n` as PNG, with overlays (`flow, mask, tracks, arrows`) if asked."""
    info = tools.reader.probe(path)
    if not 0 <= n < info.frames:
        raise UsageError(
            f"{Path(path).name} has no frame {n}",
            f"it has {info.frames} frames, numbered from 0",
            f"Ask for 0 to {info.frames - 1}",
        )
    if overlays:
        first = 0 if "mask" in overlays else max(0, n - _TRAIL)
        stop = info.frames if "mask" in overlays else min(info.frames, n + 2)
        frames = tools.reader.frames(path, first, stop)
        picture = tools.motion().overlay(frames, n - first, overlays)
    else:
        picture = tools.reader.frames(path, n, n + 1)[0]
    tools.motion().save_image(out, picture)
    return FrameResult(n, info.frame_times_s[n])


def flow(
    tools: Tools, a: str | Path, b: str | Path, out: str | Path, *, backend: str = "dis"
) -> FlowResult:
    """Flow from image `a` to image `b`, written as Middlebury .flo or KITTI .png by suffix."""
    motion = tools.motion(backend)
    first, second = motion.load_image(a), motion.load_image(b)
    if first.shape != second.shape:
        raise UsageError(
            "The images differ in size",
            f"{Path(a).name} is {_size(first)}, {Path(b).name} is {_size(second)}",
            "Give two images of one size",
        )
    start = time.perf_counter()
    field = motion.flow(first, second)
    spent = (time.perf_counter() - start) * 1000
    motion.save_flow(out, field)
    return FlowResult(motion.backend, spent, float(np.hypot(field[..., 0], field[..., 1]).mean()))


def mask(
    tools: Tools,
    path: str | Path,
    out: str | Path,
    *,
    recipe: str = "adjacent",
    backend: str = "dis",
    stabilise: bool = False,
) -> MaskResult:
    """Write the motion mask as NPZ, key `mask`: float32 (F, H, W) in [0, 1]."""
    motion = tools.motion(backend)
    frames = tools.reader.frames(path)
    weights = motion.mask(frames, recipe, stabilise)
    _save_npz(out, mask=weights)
    return MaskResult(len(weights), float(weights.mean()), motion.camera_only(frames))


def tracks(tools: Tools, path: str | Path, out: str | Path, *, grid: int = 16) -> TracksResult:
    """Write point tracks as NPZ: `tracks` (F, P, 2) px, `visible` (F, P) bool."""
    if grid < 1:
        raise UsageError("The grid is empty", f"--grid is {grid}", "Give 1 or more")
    frames: Frames = tools.reader.frames(path)
    points, visible = tools.motion().tracks(frames, grid)
    _save_npz(out, tracks=points, visible=visible)
    return TracksResult(points.shape[1], points.shape[0])


def overlay(
    tools: Tools,
    path: str | Path,
    out: str | Path,
    *,
    overlays: Sequence[str] = ("flow",),
    progress: Progress = NO_PROGRESS,
    token: Token = NO_TOKEN,
) -> OverlayResult:
    """Write a clip as H.264 mp4 with overlays (`flow, mask, tracks, arrows`) in every frame.

    At the clip's mean rate; clips of a variable rate lose their rhythm.
    """
    info = tools.reader.probe(path)
    frames = tools.reader.frames(path)
    motion = tools.motion()
    # A second array: flow needs each frame as it was, and its neighbour.
    drawn = np.empty_like(frames)
    for n in range(len(frames)):
        token.check()
        progress("Drawing overlays", n, len(frames))
        drawn[n] = motion.overlay(frames, n, overlays)
    progress("Drawing overlays", len(frames), len(frames))
    fps = info.fps or _STILL_FPS
    tools.reader.write(out, drawn, fps)
    return OverlayResult(len(frames), fps)


def _save_npz(out: str | Path, **arrays: np.ndarray) -> None:
    with atomic_file(out) as file:
        np.savez_compressed(file, **arrays)  # type: ignore[arg-type]


def _size(image: np.ndarray) -> str:
    return f"{image.shape[1]} x {image.shape[0]}"
