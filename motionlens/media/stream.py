"""Frames in one pass, in pieces that fit the memory."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import closing
from pathlib import Path

import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from motionlens.media.clip import OpenClip
from motionlens.media.collector import require_inside
from motionlens.media.geometry import Layout, fit_within
from motionlens.media.picture import Pictures
from motionlens.media.probe import Scan, walk

Found = Callable[[Scan], None]
"""Told what the file is, where a whole pass has shown it."""

Pieces = Generator[NDArray[np.uint8], None, None]
_Source = Generator[tuple[VideoFrame, Layout], None, None]

# Pieces stay below what the C library takes afresh from the system each time (see `picture`), and
# near the size of a processor's cache, from which the reader then takes them.
PIECE_BYTES = 8_000_000
LARGE_BYTES = 1_500_000


def stream_pieces(
    path: str | Path,
    known: Scan | None,
    span: tuple[int, int | None],
    max_side: int | None,
    luma: bool,
    size: int,
    found: Found,
) -> Pieces:
    """Frames of a file in the order of showing, converted, each decoded once.

    Parameters
    ----------
    known : Scan, optional
        With it, decoding begins at the key frame before the first; without, at the file's start.
    span : (int, int or None)
        First frame and stop; None for the end.
    max_side : int, optional
        Longer side at most this, px.
    luma : bool
        (f, H, W) brightness instead of (f, H, W, 3) RGB.
    size : int
        Frames a piece, at most; fewer where they are large.

    Raises
    ------
    MediaError, UsageError
        As :meth:`PyAVReader.frames`, on the first step.
    """
    start, stop = span
    if known is not None:
        stop = known.info.frames if stop is None else stop
        require_inside(path, start, (stop - 1,), known.info.frames)
        source = _sought(path, known, start, stop)
    else:
        source = _counted(path, start, stop, found)
    with closing(source):
        yield from _pieces(source, max_side, luma, size)


def _pieces(source: _Source, max_side: int | None, luma: bool, size: int) -> Pieces:
    pictures = Pictures()
    convert = pictures.luma if luma else pictures.rgb
    piece, filled = np.empty((0,), np.uint8), 0
    for frame, layout in source:
        width, height = fit_within(layout.width, layout.height, max_side)
        stored = convert(frame, *layout.orientation.stored(width, height))
        picture = layout.orientation.apply(stored)
        if size == 1 or picture.nbytes > LARGE_BYTES:
            # A copy into a piece would cost half as much again as the conversion.
            yield np.ascontiguousarray(picture)[None]
            continue
        if not filled:
            fitting = max(1, PIECE_BYTES // picture.nbytes)
            piece = np.empty((min(size, fitting), *picture.shape), np.uint8)
        piece[filled] = picture
        filled += 1
        if filled == len(piece):
            yield piece
            filled = 0
    if filled:
        yield piece[:filled]


def _sought(path: str | Path, known: Scan, start: int, stop: int) -> _Source:
    with OpenClip(path, cache_bytes=0, found=known) as clip:
        for number in range(start, stop):
            yield clip.stored(number)


def _counted(path: str | Path, start: int, stop: int | None, found: Found) -> _Source:
    wanted, seen = start, 0
    with closing(walk(path)) as frames:
        while stop is None or wanted < stop:
            try:
                number, frame, layout = next(frames)
            except StopIteration as end:
                found(end.value)
                require_inside(path, start, () if stop is None else (stop - 1,), seen)
                return
            seen = number + 1
            # A damaged file begins again at its start: what was given is passed over.
            if number == wanted:
                wanted += 1
                yield frame, layout
