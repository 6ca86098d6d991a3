"""The port `ClipReader`, on PyAV."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from motionlens.domain.clip import MediaInfo
from motionlens.domain.errors import MediaError, UsageError
from motionlens.domain.ports import Frames
from motionlens.media.clip import OpenClip
from motionlens.media.collector import Collector, require_inside
from motionlens.media.container import has_decoder
from motionlens.media.decoder import Decoder
from motionlens.media.geometry import cover, fit_within
from motionlens.media.probe import Scan, full_scan, scan
from motionlens.media.stream import stream_pieces
from motionlens.media.tables import Stamp, TableFolder, stamp_of
from motionlens.media.thumbnails import crop_to_fill
from motionlens.media.window import CACHE_BYTES
from motionlens.media.writer import write_pictures, write_video

_REMEMBERED = 256


class PyAVReader:
    """Media files, read exactly. May be called from several threads at once.

    What a full decode of a file found is remembered for the last 256 files, as long as their size
    and modification time stay; with it, single frames are sought instead of counted.

    Parameters
    ----------
    tables : Path, optional
        A folder where what was found of long files is kept for the next process, too; see
        :mod:`motionlens.media.tables`.
    """

    def __init__(self, tables: Path | None = None) -> None:
        self._scans: OrderedDict[Stamp, Scan] = OrderedDict()
        self._tables = None if tables is None else TableFolder(tables)
        self._lock = threading.Lock()

    def probe(self, path: str | Path) -> MediaInfo:
        """Facts of a file; see :func:`motionlens.media.probe.probe`."""
        known = self._known(path)
        if known is None:
            known = full_scan(path)
            self._remember(path, known)
        return known.info

    def open(
        self, path: str | Path, info: MediaInfo | None = None, cache_bytes: int = CACHE_BYTES
    ) -> OpenClip:
        """Hold a file open for playing; `info` is what `probe` found at another time."""
        known = self._known(path)
        clip = OpenClip(path, info, cache_bytes, known)
        if known is None:
            self._remember(path, clip.found)
        return clip

    def frames(
        self,
        path: str | Path,
        start: int = 0,
        stop: int | None = None,
        max_side: int | None = None,
        indices: Sequence[int] | None = None,
    ) -> Frames:
        """Frames of a file as shown.

        Parameters
        ----------
        path : str or Path
        start, stop : int
            The range, `stop` not included; None for the end. An empty range is an error.
        max_side : int, optional
            Scale down (area interpolation) so that the longer side is at most this, px.
        indices : sequence of int, optional
            These frames instead, in this order; repeats are allowed.

        Returns
        -------
        (F, H, W, 3) uint8 RGB

        Raises
        ------
        MediaError
            The file cannot be read, or its frames need more memory than there is.
        UsageError
            A frame that the clip does not have.
        """
        _require_size(max_side)
        wanted = None if indices is None else [int(n) for n in indices]
        if wanted is None and stop is not None:
            wanted = list(range(start, stop))
        _require_sense(path, start, wanted)
        try:
            known = self._known(path)
            if known is None:
                return self._by_counting(path, start, wanted, max_side)
            if wanted is None:
                wanted = list(range(start, known.info.frames))
            require_inside(path, start if indices is None else 0, wanted, known.info.frames)
            return _by_seeking(path, known, wanted, max_side)
        except MemoryError as error:
            why = "There is not enough memory for all of its frames at once"
            next_step = "Use a part of it, or scale it down"
            raise MediaError(f"{path} cannot be read", why, next_step) from error

    def pieces(
        self,
        path: str | Path,
        start: int = 0,
        stop: int | None = None,
        max_side: int | None = None,
        luma: bool = False,
        size: int = 32,
    ) -> Iterator[NDArray[np.uint8]]:
        """The same frames in one pass, for clips that are too long to hold.

        Parameters
        ----------
        path, start, stop, max_side
            As in :meth:`frames`.
        luma : bool
            Full-range brightness instead of RGB; colour is then never converted.
        size : int
            Frames a piece, at most. Pieces of large frames are shorter.

        Yields
        ------
        (f, H, W, 3) uint8 RGB, or (f, H, W) uint8; the caller's own

        Raises
        ------
        MediaError, UsageError
            As :meth:`frames`; a frame beyond the end may be told only when the end is reached.
        """
        _require_size(max_side)
        if size < 1:
            raise UsageError(f"Pieces cannot hold {size} frames", "", "Ask for 1 or more")
        _require_sense(path, start, None if stop is None else list(range(start, stop)))
        known = self._known(path)
        return stream_pieces(
            path, known, (start, stop), max_side, luma, size, partial(self._remember, path)
        )

    def decodes(self, codec: str) -> bool:
        """Whether this build of FFmpeg can decode a codec of this name."""
        return has_decoder(codec)

    def write(self, path: str | Path, frames: Frames, fps: float) -> None:
        """Write an H.264 mp4, atomically; see :func:`motionlens.media.writer.write_video`."""
        write_video(path, frames, fps)

    def write_pictures(
        self, path: str | Path, pictures: Iterable[NDArray[np.uint8]], fps: float
    ) -> None:
        """The same from pictures that come one at a time."""
        write_pictures(path, pictures, fps)

    def thumbnail(self, path: str | Path, frame: int, width: int, height: int) -> Frames:
        """(height, width, 3) uint8 RGB: the frame, scaled to cover that box, and its middle cut."""
        if width < 1 or height < 1:
            raise UsageError(
                f"A thumbnail cannot be {width} x {height} px", "", "Ask for 1 or more"
            )
        _require_sense(path, frame, [frame])
        known = self._known(path)
        if known is not None:
            with OpenClip(path, cache_bytes=0, found=known) as clip:
                size = cover(clip.info.width, clip.info.height, width, height)
                return crop_to_fill(clip.frame_of_size(frame, *size), width, height)
        taken = Collector(path, frame, [frame], lambda w, h: cover(w, h, width, height))
        self._scan(path, taken)
        return crop_to_fill(taken.result()[0], width, height)

    def _by_counting(
        self, path: str | Path, start: int, wanted: list[int] | None, max_side: int | None
    ) -> Frames:
        expected = 0
        if wanted is None:
            with Decoder(path) as decoder:
                expected = len(decoder.scan_packets())
        first = start if wanted is None else 0
        taken = Collector(path, first, wanted, lambda w, h: fit_within(w, h, max_side), expected)
        self._scan(path, taken)
        return taken.result()

    def _scan(self, path: str | Path, taken: Collector) -> None:
        found = scan(path, taken)
        if found is not None:
            self._remember(path, found)

    def _known(self, path: str | Path) -> Scan | None:
        stamp = stamp_of(path)
        if stamp is None:
            return None
        with self._lock:
            found = self._scans.get(stamp)
            if found is not None:
                self._scans.move_to_end(stamp)
                return found
        found = self._tables.read(stamp) if self._tables else None
        if found is not None:
            self._keep(stamp, found)
        return found

    def _remember(self, path: str | Path, found: Scan) -> None:
        stamp = stamp_of(path)
        if stamp is None:
            return
        self._keep(stamp, found)
        if self._tables:
            self._tables.write(stamp, found)

    def _keep(self, stamp: Stamp, found: Scan) -> None:
        with self._lock:
            self._scans[stamp] = found
            while len(self._scans) > _REMEMBERED:
                self._scans.popitem(last=False)


def _require_size(max_side: int | None) -> None:
    if max_side is not None and max_side < 1:
        raise UsageError(f"Frames cannot be {max_side} px large", "", "Ask for 1 px or more")


def _require_sense(path: str | Path, start: int, wanted: list[int] | None) -> None:
    if wanted == []:
        raise UsageError(f"No frames of {path} are asked for", "The range is empty", "Widen it")
    lowest = min(wanted) if wanted else start
    if lowest < 0:
        raise UsageError(f"There is no frame {lowest} in {path}", "Frames count from 0", "")


def _by_seeking(path: str | Path, known: Scan, wanted: list[int], max_side: int | None) -> Frames:
    width, height = fit_within(known.info.width, known.info.height, max_side)
    out = np.empty((len(wanted), height, width, 3), np.uint8)
    rows: dict[int, list[int]] = {}
    for row, number in enumerate(wanted):
        rows.setdefault(number, []).append(row)
    with OpenClip(path, cache_bytes=0, found=known) as clip:
        for number in sorted(rows):
            clip.copy_frame(number, [out[row] for row in rows[number]])
    return out
