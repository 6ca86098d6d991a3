"""The port `FrameRenderer`, in a child process that a damaged file may crash, hang or fill."""

from __future__ import annotations

import contextlib
import threading
from collections import OrderedDict
from dataclasses import replace
from pathlib import Path

from motionlens.app.isolated_child import Decoding, Offenders, stopped
from motionlens.app.isolated_codec import decode, encode
from motionlens.domain.clip import MediaInfo
from motionlens.domain.errors import Cancelled, MediaError
from motionlens.domain.requests import FrameImage, FrameRequest
from motionlens.lanes.child import ChildGone, available
from motionlens.lanes.wire import Block

SILENCE_S = 10.0
INFOS = 32
"""Both sides keep the facts of so many files: they cross once, not with each frame."""


class SparePlayer:
    """At most one child that was started before anybody knew of a project.

    While a window's own libraries are loaded, it loads decoder and flow beside it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: Decoding | None = None

    def start(self) -> None:
        """Start one, if none waits; that it cannot start is told when it is needed."""
        if not available():
            return
        with self._lock, contextlib.suppress(MediaError):
            if self._waiting is None or not self._waiting.child.alive:
                self._waiting = Decoding("_play", SILENCE_S)

    def take(self) -> Decoding | None:
        """The one that waits, if one does and lives."""
        with self._lock:
            taken, self._waiting = self._waiting, None
        return taken if taken is not None and taken.child.alive else None

    def close(self) -> None:
        """End the one that waits."""
        taken = self.take()
        if taken is not None:
            taken.child.close()


class IsolatedRenderer:
    """Frames with overlays, drawn by a child that works ahead by itself between requests.

    One thread at a time asks for frames; `start` and `close` may be called from any.

    Parameters
    ----------
    cache : path, optional
        The project's cache folder, where flow fields are kept.
    silence_s : float
        How long the child may neither answer nor decode a frame.
    spare : SparePlayer, optional
        Where a child may wait that was started before this was made.
    """

    def __init__(
        self,
        cache: Path | None = None,
        silence_s: float = SILENCE_S,
        spare: SparePlayer | None = None,
    ) -> None:
        self._spare = spare or SparePlayer()
        self._cache = "" if cache is None else str(cache.absolute())
        self._silence_s = silence_s
        self._lock = threading.Lock()  # of the child's coming and going
        self._asking = threading.Lock()
        self._decoding: Decoding | None = None
        self._offenders = Offenders()
        self._infos: OrderedDict[str, MediaInfo] = OrderedDict()
        self._last = ""
        self._closed = False

    @property
    def child(self) -> int | None:
        """Process number of the child, if one lives."""
        decoding = self._decoding
        return decoding.child.pid if decoding is not None and decoding.child.alive else None

    def start(self) -> None:
        """Start the child now, so that its libraries are loaded when the first frame is wanted."""
        with self._lock:
            if self._decoding is None and not self._closed:
                self._decoding = self._spare.take() or Decoding("_play", self._silence_s)
                self._infos.clear()

    def render(self, request: FrameRequest) -> FrameImage:
        """The frame that was asked for.

        Raises
        ------
        MediaError
            It cannot be read, or took the child along: the next request gets a new child. A file
            that did so twice is not tried again.
        """
        with self._asking:
            self._offenders.check(request.path)
            decoding = self._up()
            self._last = request.path
            try:
                return self._answer(decoding, request)
            except ChildGone as gone:
                self._lose(decoding)
                self._offenders.blame(request.path)
                raise stopped(request.path, gone) from gone
            except BaseException:
                if decoding.unanswered:
                    decoding.child.close()  # Ctrl-C: what it may still say is for nobody
                if decoding.child.closed:
                    self._lose(decoding)
                raise

    def idle(self) -> bool:
        """Nothing is left to do here: the child works ahead by itself."""
        return False

    def close(self) -> None:
        """End the child, for good: a request that comes after is cancelled."""
        with self._lock:
            self._closed = True
            decoding = self._decoding
        if decoding is None:
            return
        if self._asking.acquire(blocking=False):
            try:
                decoding.child.close()
            finally:
                self._asking.release()
        else:
            decoding.child.kill()  # whoever waits for it sees it die, and closes it

    def _up(self) -> Decoding:
        decoding = self._decoding
        if decoding is not None and not decoding.child.alive:
            # It died of what it did ahead, for the file that was shown last.
            if self._last and not decoding.child.closed:
                self._offenders.blame(self._last)
            self._lose(decoding)
        if self._decoding is None:
            self.start()
        decoding = self._decoding
        if self._closed or decoding is None:
            raise Cancelled
        return decoding

    def _answer(self, decoding: Decoding, request: FrameRequest) -> FrameImage:
        sent, key = self._without_known_info(request)
        blocks: list[Block] = []
        encoded = encode(sent, blocks)
        header = {"path": request.path, "info": key, "request": encoded, "cache": self._cache}
        decoding.send(header, blocks=blocks)
        message = decoding.receive()
        image: FrameImage = decode(message.header["image"], message.blocks)
        return image

    def _without_known_info(self, request: FrameRequest) -> tuple[FrameRequest, str]:
        if request.info is None:
            return request, ""
        key = request.path
        known = self._infos.get(key) is request.info
        self._infos[key] = request.info
        self._infos.move_to_end(key)
        while len(self._infos) > INFOS:
            self._infos.popitem(last=False)
        return (replace(request, info=None) if known else request), key

    def _lose(self, decoding: Decoding) -> None:
        with self._lock:
            decoding.child.close()
            self._decoding = None
            self._infos.clear()
            if self._closed:
                raise Cancelled
