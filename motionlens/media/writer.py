"""Writing clips: H.264 in MP4."""

from __future__ import annotations

import math
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

import av
import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc
from av.video.stream import VideoStream
from numpy.typing import NDArray

from motionlens.domain.errors import MediaError, UsageError
from motionlens.domain.ports import Frames
from motionlens.files import atomic_file
from motionlens.media.container import quiet_ffmpeg

_BT709 = 1  # the same number for matrix, primaries and transfer
_LIMITED = 1


def write_video(path: str | Path, frames: Frames, fps: float) -> None:
    """Write frames as an H.264 mp4 that appears whole or not at all.

    libx264, 4:2:0, constant quality 12, BT.709. 4:2:0 has no odd sizes: an odd width or height is
    made even by repeating the last column or row. One thread encodes, so that the same frames give
    the same bytes, and with them the same clip, on any number of cores.

    Parameters
    ----------
    path : str or Path
        Its parent folders are made.
    frames : (F, H, W, 3) uint8 RGB, F >= 1
    fps : float
        Frames a second, above 0; 0 is taken for 1 where there is a single frame.

    Raises
    ------
    UsageError
        Frames or rate that make no clip.
    MediaError
        The file cannot be written.
    """
    write_pictures(path, frames, _require_clip(frames, fps))


def write_pictures(path: str | Path, pictures: Iterable[NDArray[np.uint8]], fps: float) -> None:
    """As :func:`write_video`, from pictures that come one at a time.

    Parameters
    ----------
    pictures : iterable of (H, W, 3) uint8 RGB
        All of one size, at least one. What its making raises leaves no file behind.
    """
    rate = _rate(fps)
    quiet_ffmpeg()
    try:
        with atomic_file(path) as file:
            _encode(file, pictures, rate)
    except (av.FFmpegError, OSError) as error:
        why = getattr(error, "strerror", None) or str(error)
        what = f"{path} cannot be written"
        raise MediaError(what, why, "Check the disk's space and permissions") from error


def _require_clip(frames: Frames, fps: float) -> float:
    if frames.ndim != 4 or frames.shape[3] != 3 or frames.dtype != np.uint8 or not frames.size:
        raise UsageError(
            "These frames make no clip",
            f"they are {frames.shape} {frames.dtype}",
            "Give (F, H, W, 3) uint8 RGB with at least one frame",
        )
    if fps == 0 and len(frames) == 1:
        return 1.0
    return fps


def _rate(fps: float) -> Fraction:
    if not math.isfinite(fps) or fps <= 0:
        raise UsageError(f"A clip cannot have {fps} frames a second", "", "Give a rate above 0")
    # 1001 is the denominator of television's rates (29.97 is 30000 / 1001).
    rate = Fraction(fps).limit_denominator(1001)
    return rate or Fraction(fps).limit_denominator(1_000_000)


def _encode(file: BinaryIO, pictures: Iterable[NDArray[np.uint8]], rate: Fraction) -> None:
    with av.open(file, "w", format="mp4") as container:
        stream = container.add_stream(
            "libx264", rate=rate, options={"crf": "12", "preset": "veryfast"}
        )
        for number, picture in enumerate(pictures):
            if not number:
                _describe(stream, picture)
            frame = VideoFrame.from_ndarray(_even(picture), format="rgb24")
            frame = frame.reformat(
                format="yuv420p",
                dst_colorspace=Colorspace.ITU709,
                dst_color_range=ColorRange.MPEG,
            )
            frame.color_primaries, frame.color_trc = ColorPrimaries.BT709, ColorTrc.BT709
            frame.pts, frame.time_base = number, 1 / rate
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def _describe(stream: VideoStream, picture: NDArray[np.uint8]) -> None:
    height, width = picture.shape[:2]
    stream.width, stream.height = width + width % 2, height + height % 2
    stream.pix_fmt = "yuv420p"
    context = stream.codec_context
    context.thread_count = 1
    context.time_base = 1 / Fraction(context.framerate)
    context.colorspace = context.color_primaries = context.color_trc = _BT709
    context.color_range = _LIMITED


def _even(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height, width = picture.shape[:2]
    if height % 2 or width % 2:
        picture = np.pad(picture, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    return np.ascontiguousarray(picture)
