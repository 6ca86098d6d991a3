"""From decoded frames to arrays: RGB and luma."""

from __future__ import annotations

import re
from functools import cache
from typing import TypeVar

import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Interpolation, VideoReformatter
from numpy.typing import NDArray

from motionlens.media.tone import HLG, PQ, tone_mapped

GREY = 128  # what lies behind transparent pixels
_LUMA_FIRST = re.compile(r"(yuvj|yuv|gray|nv12|nv21)(?:\d{3}p)?(?:(\d+)le)?")
_FULL_RANGE = ("yuvj", "gray")
_BT2020_PRIMARIES = 9
# The C library gives freed blocks above a threshold back to the system, and then fresh pages cost
# more than the conversion that fills them. Freeing one block of this size (never touched, so it is
# no memory) raises the threshold to it, for good: up to 32 MB, glibc learns from what is freed.
_LEARNT_BYTES = 31_000_000
_Sample = TypeVar("_Sample", bound=np.generic)


class Pictures:
    """Converts frames; keeps FFmpeg's scalers between calls, so one belongs to one thread.

    All sizes are stored ones, before turning. Colour: the frame's own matrix and range, BT.601
    where it has none (FFmpeg's rule). PQ and HLG are tone-mapped. Transparent pixels lie on mid
    grey (128). Interlaced frames are given as they are decoded, both fields woven.
    """

    def __init__(self) -> None:
        keep_freed_memory()
        self._scalers: dict[str, VideoReformatter] = {}

    def rgb(self, frame: VideoFrame, width: int, height: int) -> NDArray[np.uint8]:
        """(height, width, 3) uint8 RGB, perhaps with padded rows; nobody else holds its memory."""
        if frame.color_trc in (PQ, HLG):
            codes = self._scaled(frame, width, height, "rgb48le")
            wide = frame.color_primaries == _BT2020_PRIMARIES
            return tone_mapped(plane(codes, np.uint16, 3), int(frame.color_trc), wide)
        if _has_alpha(frame):
            return _on_grey(plane(self._scaled(frame, width, height, "rgba"), np.uint8, 4))
        scaled = self._scaled(frame, width, height, "rgb24")
        picture = plane(scaled, np.uint8, 3)
        # What is untouched is the decoder's own buffer.
        return picture.copy() if scaled is frame else picture

    def luma(self, frame: VideoFrame, width: int, height: int) -> NDArray[np.uint8]:
        """(height, width) uint8 brightness, 0 black to 255 white: the Y plane at full range.

        A stream of limited range (16 to 235, the rule) is stretched, more than 8 bits are rounded.
        What is tone-mapped or lies on grey in :meth:`rgb` is the brightness of that picture.
        """
        if frame.color_trc in (PQ, HLG) or _has_alpha(frame):
            seen = np.ascontiguousarray(self.rgb(frame, width, height))
            frame = VideoFrame.from_ndarray(seen, format="rgb24")
        elif (frame.width, frame.height) == (width, height):
            kind = _LUMA_FIRST.fullmatch(frame.format.name)
            full = kind and (kind[1] in _FULL_RANGE or frame.color_range == ColorRange.JPEG)
            if kind and kind[2]:
                # FFmpeg would cut or dither the low bits off.
                codes = plane(frame, np.uint16, 1)[..., 0]
                return np.take(_brightness(int(kind[2]), bool(full)), codes, mode="clip")
            if full:
                return plane(frame, np.uint8, 1)[..., 0].copy()
        grey = self._scaled(frame, width, height, "gray")
        return plane(grey, np.uint8, 1)[..., 0].copy()

    def _scaled(self, frame: VideoFrame, width: int, height: int, form: str) -> VideoFrame:
        scaler = self._scalers.setdefault(form, VideoReformatter())
        how = Interpolation.BILINEAR  # no scaling: only chroma is brought to full size
        if width < frame.width or height < frame.height:
            how = Interpolation.AREA
        elif (width, height) != (frame.width, frame.height):
            how = Interpolation.BICUBIC
        return scaler.reformat(frame, width, height, form, interpolation=how, threads=1)


def plane(frame: VideoFrame, kind: type[_Sample], channels: int) -> NDArray[_Sample]:
    """The first plane as (H, W, channels), without a copy and without the padding of rows."""
    first = frame.planes[0]
    size = np.dtype(kind).itemsize
    samples: NDArray[_Sample] = np.frombuffer(memoryview(first), dtype=kind)
    used = samples.reshape(-1, first.line_size // size)[: frame.height, : frame.width * channels]
    return used.reshape(frame.height, frame.width, channels)


def _has_alpha(frame: VideoFrame) -> bool:
    form = frame.format
    if form.name in ("rgba", "bgra"):
        # GIF and APNG say so always, and are hardly ever transparent: a look is cheaper.
        return bool(plane(frame, np.uint8, 4)[..., 3].min() < 255)
    return form.has_palette or any(component.is_alpha for component in form.components)


def _on_grey(rgba: NDArray[np.uint8]) -> NDArray[np.uint8]:
    alpha = rgba[..., 3:]
    if alpha.min() == 255:
        return rgba[..., :3]
    share = alpha.astype(np.uint16)
    mixed = rgba[..., :3] * share + np.uint16(GREY) * (255 - share) + 127
    return (mixed // 255).astype(np.uint8)


@cache
def _brightness(bits: int, full: bool) -> NDArray[np.uint8]:
    """The 8-bit full-range brightness of each code of a luma plane."""
    codes = np.arange(1 << bits, dtype=np.float64)
    share = codes / codes[-1] if full else (codes / (1 << (bits - 8)) - 16) / 219
    brightness: NDArray[np.uint8] = np.rint(255 * share.clip(0, 1)).astype(np.uint8)
    return brightness


@cache
def keep_freed_memory() -> None:
    """Let freed pictures be used again by the next ones, instead of fresh pages."""
    np.empty(_LEARNT_BYTES, np.uint8)
