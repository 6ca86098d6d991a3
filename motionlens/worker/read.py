"""The reader's door: `ClipReader`, its frames streamed through shared memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from motionlens.app.isolated_codec import encode
from motionlens.lanes.child_end import ChildEnd
from motionlens.lanes.wire import Block, Message
from motionlens.media import PyAVReader
from motionlens.media.decoder import Decoder

_SLOTS, _SLOT_BYTES = 3, 8 << 20
_LARGE_FRAME = 32 << 20
_MOST_FRAMES = 64
_CHUNK_BYTES = 64 << 20
_FIRST_CHUNK = 8


class ReaderDoor:
    """Answers what :class:`motionlens.app.isolated_reader.IsolatedReader` asks."""

    def __init__(self, end: ChildEnd) -> None:
        self._end = end
        self._reader = PyAVReader()

    def answer(self, message: Message) -> None:
        """Answer one request, in one message or in many."""
        wanted = message.header
        path = str(wanted["path"])
        if wanted["do"] == "probe":
            self._tell(self._reader.probe(path))
        elif wanted["do"] == "decodes":
            self._tell(self._reader.decodes(str(wanted["codec"])))
        elif wanted["do"] == "count":
            with Decoder(path) as decoder:
                self._tell(len(decoder.scan_packets()))
        elif wanted["do"] == "thumbnail":
            size = (wanted["frame"], wanted["width"], wanted["height"])
            self._tell(self._reader.thumbnail(path, *size))
        else:
            most = int(wanted.get("size", _MOST_FRAMES))
            self._stream(self._parts(path, wanted, most), most)

    def _tell(self, value: Any) -> None:
        blocks: list[Block] = []
        encoded = encode(value, blocks)
        self._end.send({"answer": encoded, "end": True}, blocks)

    def _parts(self, path: str, wanted: dict[str, Any], most: int) -> Iterator[NDArray[np.uint8]]:
        start, stop, max_side = wanted["start"], wanted["stop"], wanted["max_side"]
        if wanted["do"] == "pieces":
            return self._reader.pieces(path, start, stop, max_side, bool(wanted["luma"]), most)
        if wanted["indices"] is None:
            return self._reader.pieces(path, start, stop, max_side, size=most)
        return self._listed(path, wanted["indices"], max_side)

    def _listed(
        self, path: str, indices: list[int], max_side: int | None
    ) -> Iterator[NDArray[np.uint8]]:
        at, count = 0, _FIRST_CHUNK
        while at < max(1, len(indices)):
            part = self._reader.frames(path, max_side=max_side, indices=indices[at : at + count])
            yield part
            at += count
            count = max(1, _CHUNK_BYTES // part[0].nbytes)

    def _stream(self, parts: Iterator[NDArray[np.uint8]], most: int) -> None:
        ring = _Ring(self._end, most)
        try:
            for part in parts:
                self._end.check()
                for frame in part:
                    ring.put(frame)
            ring.flush()
        finally:
            ring.close()
        self._end.send({"end": True})


class _Ring:
    """Frames gathered in slots of shared memory; one is written while another is taken."""

    def __init__(self, end: ChildEnd, most: int) -> None:
        self._end = end
        self._most = most
        self._start: int | None = None
        self._slots, self._slot_bytes = _SLOTS, 0
        self._slot = 0  # the one that is being filled
        self._count = 0  # frames in it
        self._out = 0  # slots that were sent and not yet taken
        self._shape: tuple[int, ...] = ()

    def put(self, frame: NDArray[np.uint8]) -> None:
        """Take one frame; all of an answer are of one size."""
        if not self._slot_bytes:
            self._begin(frame)
        if self._start is None:  # no room: each by itself, then
            self._end.send({"shape": [1, *frame.shape]}, [np.ascontiguousarray(frame)])
            self._end.wait_for_ack()
            return
        if self._count == 0 and self._out == self._slots:
            self._end.wait_for_ack()
            self._out -= 1
        at = self._start + self._slot * self._slot_bytes + self._count * frame.nbytes
        view = np.frombuffer(self._end.shared.view(at, frame.nbytes), np.uint8)
        np.copyto(view.reshape(frame.shape), frame)
        self._count += 1
        full = (self._count + 1) * frame.nbytes > self._slot_bytes
        if full or self._count == self._most:
            self.flush()

    def flush(self) -> None:
        """Send what is gathered."""
        if self._count and self._start is not None:
            at = self._start + self._slot * self._slot_bytes
            self._end.send({"at": at, "shape": [self._count, *self._shape]})
            self._slot = (self._slot + 1) % self._slots
            self._out += 1
            self._count = 0

    def close(self) -> None:
        """Give the slots back."""
        if self._start is not None:
            self._end.release(self._start)

    def _begin(self, frame: NDArray[np.uint8]) -> None:
        self._shape = frame.shape
        self._slot_bytes = max(_SLOT_BYTES, frame.nbytes)
        self._slots = _SLOTS if frame.nbytes <= _LARGE_FRAME else 1
        self._start = self._end.reserve(self._slots * self._slot_bytes)
