"""A clip held open, for playing and stepping."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Self

import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from motionlens.domain.clip import MediaInfo
from motionlens.domain.errors import UsageError
from motionlens.media.decoder import Decoder, lost
from motionlens.media.geometry import Layout, fit_within
from motionlens.media.picture import Pictures
from motionlens.media.probe import Scan, full_scan
from motionlens.media.table import FrameTable, Key, table_from_packets
from motionlens.media.window import CACHE_BYTES, FrameWindow


class OpenClip:
    """A media file held open: any frame, exactly, and steps backwards at the cost of a look-up.

    Frame N is frame N of a full decode, for every file. To get it, decoding starts at the key
    frame before it, and what it passes is kept in a bounded window (see :class:`FrameWindow`).
    Every frame's timestamp is checked against the table; where a key frame turns out not to lead
    to the frames that it should, it is struck off and an earlier one taken.

    Thread-confined: one lane opens, uses and closes it.

    Parameters
    ----------
    path : str or Path
    info : MediaInfo, optional
        What `probe` found. With it, opening reads the file's packets (milliseconds); without it, or
        if the file does not match it, the whole file is decoded once.
    cache_bytes : int
        The window's limit.
    found : Scan, optional
        A full scan of the file, where one has just been made; nothing is then read again.

    Attributes
    ----------
    info : MediaInfo
    decoded : int
        Frames that the decoder has given since opening: what random access costs.

    Raises
    ------
    MediaError
        The file cannot be read, or no longer gives the frames it gave before.
    """

    def __init__(
        self,
        path: str | Path,
        info: MediaInfo | None = None,
        cache_bytes: int = CACHE_BYTES,
        found: Scan | None = None,
    ) -> None:
        table = None if info is None or found else _quick_table(path, info)
        if info is None or table is None:
            found = found or full_scan(path)
            info, table = found.info, found.table
        self.info = info
        self.decoded = 0
        self._path = path
        self._layout = found.layout if found else None
        self._table = table
        self._keys = list(table.keys)
        self._window = FrameWindow(cache_bytes)
        self._pictures = Pictures()
        self._frames: Iterator[VideoFrame] = iter(())
        self._next = table.frames  # the number of the frame that the decoder gives next
        self._checked = True  # whether its timestamps are those of the table
        self._decoder = Decoder(path, threaded=not table.damaged)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file and let go of all frames."""
        self._frames = iter(())
        self._window = FrameWindow(0)
        self._decoder.close()

    def frame(self, number: int, max_side: int | None = None) -> NDArray[np.uint8]:
        """One frame as shown.

        Parameters
        ----------
        number : int
            From 0.
        max_side : int, optional
            Scale down so that the longer side is at most this many px (area interpolation).

        Returns
        -------
        (H, W, 3) uint8 RGB, the caller's own
        """
        width, height = fit_within(self.info.width, self.info.height, max_side)
        return self.frame_of_size(number, width, height)

    def frame_of_size(self, number: int, width: int, height: int) -> NDArray[np.uint8]:
        """One frame, upright, scaled to any size: (height, width, 3) uint8 RGB."""
        return np.ascontiguousarray(self._upright(number, width, height))

    def copy_frame(self, number: int, into: Sequence[NDArray[np.uint8]]) -> None:
        """One frame, scaled to the size of the (H, W, 3) uint8 arrays that it is written into."""
        height, width = into[0].shape[:2]
        picture = self._upright(number, width, height)
        for target in into:
            target[:] = picture

    def luma(self, number: int, max_side: int | None = None) -> NDArray[np.uint8]:
        """One frame's brightness, (H, W) uint8, upright, of full range (0 black, 255 white)."""
        found, layout = self.stored(number)
        width, height = fit_within(self.info.width, self.info.height, max_side)
        size = layout.orientation.stored(width, height)
        return np.ascontiguousarray(layout.orientation.apply(self._pictures.luma(found, *size)))

    def _upright(self, number: int, width: int, height: int) -> NDArray[np.uint8]:
        found, layout = self.stored(number)
        size = layout.orientation.stored(width, height)
        return layout.orientation.apply(self._pictures.rgb(found, *size))

    def prepare(self, number: int) -> None:
        """Decode a frame into the window without converting it.

        For idle moments: when stepping backwards nears :meth:`kept_from`, prepare the frame before.
        What is looked at stays the same, so the window keeps what lies round that.
        """
        self._require(number)
        if self._window.get(number) is None:
            self._decode(number)

    @property
    def found(self) -> Scan:
        """What is known of the file now, for the next opening."""
        return Scan(self.info, self._table, self._layout)

    def kept_from(self, number: int) -> int:
        """The first frame of the unbroken run in the window that ends at `number`."""
        while number > 0 and self._window.get(number - 1) is not None:
            number -= 1
        return number

    def stored(self, number: int) -> tuple[VideoFrame, Layout]:
        """A frame as the decoder gave it, not to be changed, and how it is shown."""
        self._require(number)
        self._window.move(number)
        frame = self._window.get(number)
        if frame is None:
            frame = self._decode(number)
        if self._layout is None:
            pixel_aspect = self._decoder.stream.sample_aspect_ratio
            self._layout = Layout.of(frame, pixel_aspect)
        return frame, self._layout

    def _require(self, number: int) -> None:
        if not 0 <= number < self.info.frames:
            raise UsageError(
                f"There is no frame {number} in {self._path}",
                f"its frames are 0 to {self.info.frames - 1}",
                "Ask for one of those",
            )

    def _decode(self, number: int) -> VideoFrame:
        while True:
            key = self._key_before(number)
            start = key.first if key else 0
            if not start <= self._next <= number:
                self._seek(key)
            for frame in self._frames:
                if self._checked and frame.pts != self._table.pts[self._next]:
                    break
                self.decoded += 1
                self._window.put(self._next, frame)
                self._next += 1
                if self._next > number:
                    return frame
            self._next = self._table.frames
            if key is None:
                raise lost(self._path)
            # This key frame does not lead where it should: an earlier one, or the start, will.
            self._keys.remove(key)

    def _key_before(self, number: int) -> Key | None:
        index = bisect_right(self._keys, number, key=lambda key: key.first) - 1
        return self._keys[index] if index >= 0 else None

    def _seek(self, key: Key | None) -> None:
        if key is None or key.first == 0:
            self._frames = self._decoder.from_start()
            self._next = 0
            self._checked = bool(self._table.pts)
            return
        index = self._keys.index(key)
        self._frames = self._decoder.from_key(key, self._keys[index - 1] if index else None)
        self._next = key.first
        self._checked = True


def _quick_table(path: str | Path, info: MediaInfo) -> FrameTable | None:
    if info.damage or len(info.frame_times_s) != info.frames:
        return None
    with Decoder(path) as decoder:
        packets = decoder.scan_packets()
        base = decoder.stream.time_base
        if base is None or decoder.broken_off:
            return None
        return table_from_packets(packets, info.frame_times_s, base)
