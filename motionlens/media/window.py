"""Decoded frames kept round the cursor."""

from __future__ import annotations

from av.video.frame import VideoFrame

CACHE_BYTES = 120_000_000
_BACKWARDS_BIAS = 4


class FrameWindow:
    """Frames as the decoder gave them (YUV: half the bytes of RGB), bounded by bytes.

    Over its limit it lets go of the frame farthest from the cursor. While the cursor moves
    backwards, frames ahead of it count as four times as far: those before it are wanted next.
    """

    def __init__(self, limit: int = CACHE_BYTES) -> None:
        self._limit = limit
        self._frames: dict[int, VideoFrame] = {}
        self._bytes = 0
        self._cursor = 0
        self._bias = 1

    def move(self, cursor: int) -> None:
        """Say which frame is looked at."""
        if cursor != self._cursor:
            self._bias = _BACKWARDS_BIAS if cursor < self._cursor else 1
        self._cursor = cursor

    def get(self, number: int) -> VideoFrame | None:
        """A frame, if it is kept."""
        return self._frames.get(number)

    def put(self, number: int, frame: VideoFrame) -> None:
        """Keep a frame, and let go of others."""
        if number in self._frames:
            return
        self._frames[number] = frame
        self._bytes += _bytes(frame)
        while self._bytes > self._limit and len(self._frames) > 1:
            # The cursor itself is never the farthest: it is nearest of all.
            self._bytes -= _bytes(self._frames.pop(self._farthest()))

    def _farthest(self) -> int:
        first, last = min(self._frames), max(self._frames)
        ahead = (last - self._cursor) * self._bias
        return last if ahead > self._cursor - first else first


def _bytes(frame: VideoFrame) -> int:
    return sum(p.buffer_size for p in frame.planes)
