"""`probe, frame, flow, mask, tracks, overlay`: one media file, looked at without a project."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from motionlens.domain.clip import MediaInfo
from motionlens.domain.errors import UsageError
from motionlens.domain.ports import Progress, Token
from motionlens.domain.requests import FrameImage, FrameRenderer, FrameRequest
from motionlens.domain.version import VERSION
from motionlens.operations.npz import Rows, write_npz
from motionlens.operations.rooms import NO_PROGRESS, NO_TOKEN, Tools

# How often a wait looks whether it is over, or to be stopped.
_LOOK_S = 0.2
# What a learned tracker is given of a clip.
_LEARNED_FRAMES, _LEARNED_SIDE = 2000, 512
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
    inlier_share: float


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
    tools: Tools,
    path: str | Path,
    n: int,
    out: str | Path,
    *,
    overlays: Sequence[str] = (),
    legend: bool = False,
    progress: Progress = NO_PROGRESS,
    token: Token = NO_TOKEN,
) -> FrameResult:
    """Write frame `n` as PNG, with overlays (`flow, mask, tracks, arrows`) if asked.

    The pixels are those that the window shows at the clip's own size.
    """
    info = tools.reader.probe(path)
    if not 0 <= n < info.frames:
        raise UsageError(
            f"{Path(path).name} has no frame {n}",
            f"it has {info.frames} frames, numbered from 0",
            f"Ask for 0 to {info.frames - 1}",
        )
    if overlays:
        with contextlib.closing(tools.open_renderer()) as renderer:
            request = _request(path, info, n, overlays)
            image = _whole_clip_known(renderer, request, progress, token)
        picture = tools.drawing.draw(image, info.width, legend)
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
    progress: Progress = NO_PROGRESS,
    token: Token = NO_TOKEN,
) -> MaskResult:
    """Write the motion mask as NPZ, key `mask`: float32 (F, H, W) in [0, 1].

    No clip is held whole, whatever its length.
    """
    motion = tools.motion(backend)
    info = tools.reader.probe(path)
    size = (info.height, info.width)
    with contextlib.closing(motion.mask_stream(size[::-1], recipe, stabilise)) as stream:
        for luma in _lumas(tools, path, info, tools.drawing.field_side, progress, token):
            stream.push(luma)
        total = 0.0

        def rows() -> Iterator[np.ndarray]:
            nonlocal total
            for n, row in enumerate(stream.rows(*size)):
                token.check()
                progress("Writing the mask", n, stream.frames)
                total += float(row.mean(dtype=np.float64))
                yield row

        shape = (stream.frames, *size)
        write_npz(out, {"mask": Rows(rows(), shape, np.float32), **_facts(info)})
        progress("Writing the mask", stream.frames, stream.frames)
        mean = total / max(1, stream.frames)
        return MaskResult(stream.frames, mean, stream.camera_only, stream.inlier_share)


def tracks(
    tools: Tools,
    path: str | Path,
    out: str | Path,
    *,
    grid: int = 16,
    backend: str = "lk",
    progress: Progress = NO_PROGRESS,
    token: Token = NO_TOKEN,
) -> TracksResult:
    """Write point tracks as NPZ: `tracks` (F, P, 2) px, `visible` (F, P) bool.

    `backend` is ``lk`` (pyramidal Lucas-Kanade) or a plugin with the user's own weights for it,
    ``cotracker:WEIGHTS.safetensors``, which sees at most 2000 frames, 512 px wide or high.
    """
    if grid < 1:
        raise UsageError("The grid is empty", f"--grid is {grid}", "Give 1 or more")
    info = tools.reader.probe(path)
    factor = 1.0
    if backend == "lk":
        tracker = tools.drawing.tracker(grid)
        for luma in _lumas(tools, path, info, tools.drawing.track_side, progress, token):
            factor = info.width / luma.shape[1]
            tracker.push(luma)
        points, visible = tracker.tracks()
    else:
        if info.frames > _LEARNED_FRAMES:
            raise UsageError(
                f"{Path(path).name} is too long for a learned tracker",
                f"it has {info.frames} frames, and {_LEARNED_FRAMES} are held at once",
                "Leave --backend out",
            )
        frames = tools.reader.frames(path, max_side=_LEARNED_SIDE)
        factor = info.width / frames.shape[2]
        points, visible = tools.motion().tracks(frames, grid, backend)
    # The centre of the first px lies at 0 in either size.
    shown = ((points + 0.5) * factor - 0.5).astype(np.float32)
    write_npz(out, {"tracks": shown, "visible": visible, **_facts(info)})
    return TracksResult(points.shape[1], points.shape[0])


def overlay(
    tools: Tools,
    path: str | Path,
    out: str | Path,
    *,
    overlays: Sequence[str] = ("flow",),
    legend: bool = False,
    progress: Progress = NO_PROGRESS,
    token: Token = NO_TOKEN,
) -> OverlayResult:
    """Write a clip as H.264 mp4 with overlays (`flow, mask, tracks, arrows`) in every frame.

    At the clip's mean rate; clips of a variable rate lose their rhythm.
    """
    info = tools.reader.probe(path)
    with contextlib.closing(tools.open_renderer()) as renderer:

        def pictures() -> Iterator[np.ndarray]:
            _whole_clip_known(renderer, _request(path, info, 0, overlays), progress, token)
            for n in range(info.frames):
                token.check()
                progress("Drawing overlays", n, info.frames)
                image = renderer.render(_request(path, info, n, overlays))
                yield tools.drawing.draw(image, info.width, legend)

        fps = info.fps or _STILL_FPS
        tools.reader.write_pictures(out, pictures(), fps)
    progress("Drawing overlays", info.frames, info.frames)
    return OverlayResult(info.frames, fps)


def _request(path: str | Path, info: MediaInfo, n: int, overlays: Sequence[str]) -> FrameRequest:
    """A frame at the clip's own size."""
    return FrameRequest(
        clip="",
        path=str(Path(path).absolute()),
        frame=n,
        overlays=frozenset(overlays),
        width=info.width,
        height=info.height,
        turn=n,
        info=info,
        wait=True,
    )


def _whole_clip_known(
    renderer: FrameRenderer, request: FrameRequest, progress: Progress, token: Token
) -> FrameImage:
    """The answer once nothing of it is pending; says how far it is, and may be stopped."""
    began = time.monotonic()
    image = renderer.render(replace(request, wait=False))
    while image.pending:
        token.check()
        spent = time.monotonic() - began
        share = spent / max(spent + image.pending_s, 1e-3)
        progress("Measuring the clip's motion", int(100 * share), 100)
        # A child works ahead by itself between two requests.
        until = time.monotonic() + _LOOK_S
        while time.monotonic() < until:
            if not renderer.idle():
                time.sleep(max(0.0, until - time.monotonic()))
        image = renderer.render(replace(request, wait=False))
    return image


def _lumas(
    tools: Tools,
    path: str | Path,
    info: MediaInfo,
    side: int,
    progress: Progress,
    token: Token,
) -> Iterator[np.ndarray]:
    """Brightness frame by frame, with progress."""
    done = 0
    for piece in tools.reader.pieces(path, max_side=side, luma=True):
        for luma in piece:
            token.check()
            progress("Measuring the clip's motion", done, info.frames)
            yield luma
            done += 1
    progress("Measuring the clip's motion", info.frames, info.frames)


def _facts(info: MediaInfo) -> dict[str, np.ndarray]:
    """What a reader of the file needs to know of the clip."""
    made = {"version": VERSION, "frames": info.frames, "codec": info.codec}
    return {
        "fps": np.array(info.fps),
        "frame_times_s": np.array(info.frame_times_s, np.float64),
        "width": np.array(info.width),
        "height": np.array(info.height),
        "motionlens": np.array(json.dumps(made, sort_keys=True)),
    }


def _size(image: np.ndarray) -> str:
    return f"{image.shape[1]} x {image.shape[0]}"
