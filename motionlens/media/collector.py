"""Keeps the wanted frames of a pass over a file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from motionlens.domain.errors import UsageError
from motionlens.media.geometry import Layout
from motionlens.media.picture import Pictures

SizeOf = Callable[[int, int], tuple[int, int]]
"""From shown width and height to the width and height that are wanted, px."""


class Collector:
    """A visitor of :func:`motionlens.media.probe.scan` that converts and keeps frames.

    Each is written straight into its row of the result.

    Parameters
    ----------
    wanted : sequence of int, or None
        Frame numbers in the order of the result; None for all from `start` on.
    expected : int
        How many frames the file seems to have.
    """

    def __init__(
        self,
        path: str | Path,
        start: int,
        wanted: Sequence[int] | None,
        size_of: SizeOf,
        expected: int = 0,
    ) -> None:
        self._path = path
        self._start = start
        self._wanted = None if wanted is None else list(wanted)
        self._rows: dict[int, list[int]] = {}
        for row, number in enumerate(self._wanted or ()):
            self._rows.setdefault(number, []).append(row)
        self._last = max(self._wanted) if self._wanted else -1
        self._size_of = size_of
        self._expected = expected
        self._pictures = Pictures()
        self._out: NDArray[np.uint8] | None = None
        self._seen = 0

    def __call__(self, number: int, frame: VideoFrame, layout: Layout) -> bool:
        """Take a frame; whether more are wanted."""
        self._seen = number + 1
        if self._wanted is None:
            rows = [number - self._start] if number >= self._start else []
        else:
            rows = self._rows.get(number, [])
        if rows:
            self._keep(frame, layout, rows)
        return self._wanted is None or number < self._last

    def result(self) -> NDArray[np.uint8]:
        """(F, H, W, 3) uint8 RGB.

        Raises
        ------
        UsageError
            The file has fewer frames than were asked for.
        """
        require_inside(self._path, self._start, self._wanted or (), self._seen)
        if self._out is None:
            return np.empty((0, 1, 1, 3), np.uint8)
        count = self._seen - self._start if self._wanted is None else len(self._wanted)
        return self._out[:count]

    def _keep(self, frame: VideoFrame, layout: Layout, rows: list[int]) -> None:
        width, height = self._size_of(layout.width, layout.height)
        if self._out is None:
            count = max(self._expected - self._start, 1)
            count = count if self._wanted is None else len(self._wanted)
            self._out = np.empty((count, height, width, 3), np.uint8)
        if max(rows) >= len(self._out):
            # More frames than the file announced: rare, so growing may copy.
            grown = len(self._out) * 5 // 4 + 16
            self._out = np.concatenate([self._out, np.empty((grown, height, width, 3), np.uint8)])
        picture = self._pictures.rgb(frame, *layout.orientation.stored(width, height))
        upright = layout.orientation.apply(picture)
        for row in rows:
            self._out[row] = upright


def require_inside(path: str | Path, start: int, wanted: Sequence[int], frames: int) -> None:
    """Raise :class:`UsageError` where frames are asked for that a clip does not have."""
    beyond = next((n for n in (start, *wanted) if not 0 <= n < frames), None)
    if beyond is not None:
        have = "its only frame is 0" if frames == 1 else f"its frames are 0 to {frames - 1}"
        raise UsageError(f"There is no frame {beyond} in {path}", have, "Ask for one of those")
