"""The port `ClipReader`, with all decoding in child processes."""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from motionlens.app.isolated_child import Decoding, Offenders
from motionlens.app.isolated_codec import decode
from motionlens.app.isolated_pool import DecoderPool
from motionlens.domain.clip import MediaInfo
from motionlens.domain.errors import MediaError
from motionlens.domain.ports import Frames
from motionlens.lanes.token import check_current
from motionlens.lanes.wire import Message

SILENCE_S = 20.0


class IsolatedReader:
    """Media files, read exactly, in children that a damaged file may crash, hang or fill.

    The children run :class:`motionlens.media.PyAVReader`, whose answers and errors these are. May
    be called from several threads at once. Waiting ends with the cancellation of the job at work.

    Parameters
    ----------
    most : int
        Children at a time; who needs one more waits.
    silence_s : float
        How long a child may neither answer nor decode a frame.
    """

    def __init__(self, most: int, silence_s: float = SILENCE_S) -> None:
        self._pool = DecoderPool(most, lambda: Decoding("_read", silence_s))
        self._offenders = Offenders()
        self._codecs: dict[str, bool] = {}

    def start(self) -> None:
        """Start a child now, so that the first file need not wait for it."""
        self._pool.start()

    def close(self) -> None:
        """End all children; a later call starts new ones."""
        self._pool.close()

    @property
    def children(self) -> list[int]:
        """Process numbers of the children that live."""
        return self._pool.children

    def probe(self, path: str | Path) -> MediaInfo:
        """Facts of a file; :class:`MediaError` if it holds no readable video."""
        return self._asked(path, {"do": "probe"})  # type: ignore[no-any-return]

    def decodes(self, codec: str) -> bool:
        """Whether FFmpeg here can decode a codec of this name."""
        if codec not in self._codecs:
            self._codecs[codec] = bool(self._asked("", {"do": "decodes", "codec": codec}))
        return self._codecs[codec]

    def thumbnail(self, path: str | Path, frame: int, width: int, height: int) -> Frames:
        """(height, width, 3) uint8 RGB, cropped to fill."""
        wanted = {"do": "thumbnail", "frame": frame, "width": width, "height": height}
        return self._asked(path, wanted)  # type: ignore[no-any-return]

    def write(self, path: str | Path, frames: Frames, fps: float) -> None:
        """Write an H.264 mp4, atomically; in this process, as the pictures are our own."""
        from motionlens.media import PyAVReader

        PyAVReader().write(path, frames, fps)

    def write_pictures(
        self, path: str | Path, pictures: Iterable[NDArray[np.uint8]], fps: float
    ) -> None:
        """The same from pictures that come one at a time."""
        from motionlens.media import PyAVReader

        PyAVReader().write_pictures(path, pictures, fps)

    def frames(
        self,
        path: str | Path,
        start: int = 0,
        stop: int | None = None,
        max_side: int | None = None,
        indices: Sequence[int] | None = None,
    ) -> Frames:
        """Frames of a file as shown; see :meth:`motionlens.media.PyAVReader.frames`."""
        wanted = {"do": "frames", "start": start, "stop": stop, "max_side": max_side}
        listed = None if indices is None else [int(n) for n in indices]
        if listed is not None:
            expected = len(listed)
        else:
            expected = (self._asked(path, {"do": "count"}) if stop is None else stop) - start
        pieces = self._streamed(path, {**wanted, "indices": listed})
        try:
            return _gathered(pieces, expected)
        except MemoryError as error:
            why = "There is not enough memory for all of its frames at once"
            next_step = "Use a part of it, or scale it down"
            raise MediaError(f"{path} cannot be read", why, next_step) from error
        finally:
            pieces.close()

    def pieces(
        self,
        path: str | Path,
        start: int = 0,
        stop: int | None = None,
        max_side: int | None = None,
        luma: bool = False,
        size: int = 32,
    ) -> Generator[NDArray[np.uint8], None, None]:
        """The same frames in one pass, in pieces of at most `size`: see `ClipReader`.

        The child decodes a few pieces ahead. Leaving the iterator early stops it.
        """
        wanted = {"do": "pieces", "start": start, "stop": stop, "max_side": max_side, "luma": luma}
        parts = self._streamed(path, {**wanted, "size": size})
        try:
            for part in parts:
                yield part.copy()
        finally:
            parts.close()

    def _asked(self, path: str | Path, wanted: dict[str, Any]) -> Any:
        with self._at_work(path, wanted) as decoding:
            message = decoding.receive(check_current)
            return decode(message.header["answer"], message.blocks)

    def _streamed(
        self, path: str | Path, wanted: dict[str, Any]
    ) -> Generator[NDArray[np.uint8], None, None]:
        """Parts of the answer as views of shared memory, each valid until the next is asked for."""
        with self._at_work(path, wanted) as decoding:
            while True:
                message = decoding.receive(check_current)
                if "end" in message.header:
                    return
                yield _view(decoding, message)
                decoding.took()

    @contextlib.contextmanager
    def _at_work(self, path: str | Path, wanted: dict[str, Any]) -> Iterator[Decoding]:
        with self._offenders.watched(path), self._pool.lent(str(path)) as decoding:
            decoding.send({**wanted, "path": str(path)}, check_current)
            yield decoding


def _view(decoding: Decoding, message: Message) -> NDArray[np.uint8]:
    shape = [int(side) for side in message.header["shape"]]
    if "at" not in message.header:
        return np.frombuffer(message.blocks[0], np.uint8).reshape(shape)
    length = int(np.prod(shape))
    memory = decoding.child.shared.view(int(message.header["at"]), length)
    return np.frombuffer(memory, np.uint8).reshape(shape)


def _gathered(parts: Iterator[NDArray[np.uint8]], expected: int) -> Frames:
    out: NDArray[np.uint8] | None = None
    count = 0
    for part in parts:
        if out is None:
            out = np.empty((max(expected, len(part)), *part.shape[1:]), np.uint8)
        if count + len(part) > len(out):
            # More frames than the file announced: rare, so growing may copy.
            grown = np.empty(((count + len(part)) * 5 // 4, *out.shape[1:]), np.uint8)
            grown[:count] = out[:count]
            out = grown
        out[count : count + len(part)] = part
        count += len(part)
    if out is None:
        return np.empty((0, 1, 1, 3), np.uint8)
    return out if count == len(out) else out[:count]
