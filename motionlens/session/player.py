"""One player: the clip on its stage, the frame that is wanted, and the frame that came."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from psygnal import Signal

from motionlens.domain.errors import MotionLensError
from motionlens.domain.requests import OVERLAYS, FrameImage, FrameRenderer, FrameRequest
from motionlens.lanes import Job, Lane
from motionlens.session.frame_feed import FrameFailure, FrameFeed
from motionlens.session.playable import Loop, Playable
from motionlens.session.work import Hop


class PlayerState:
    """What one stage shows. A letter of an old turn is dropped, so an old clip's frame or overlay
    never appears on a new clip.

    The turn is raised by everything that makes frames in work worthless: another clip, other
    overlays, another size. A new wanted frame alone does not raise it: a frame that comes late in
    playback is still a true picture of its own number.
    """

    clip_changed = Signal()
    image_changed = Signal(object)
    failed = Signal(object)
    overlays_changed = Signal()
    loop_changed = Signal()
    frame_wanted = Signal(int)

    def __init__(
        self,
        lane: Lane,
        renderer: Callable[[], FrameRenderer],
        hop: Hop,
        bug: Callable[[BaseException], None],
        overlays: frozenset[str] = frozenset(),
    ) -> None:
        self._feed = FrameFeed(lane, renderer, hop, self._delivered, bug)
        self._width = 0
        self._height = 0
        self._ratio = 1.0
        self._enlarge = 2.0
        self._asked: FrameRequest | None = None
        self.clip: Playable | None = None
        self.wanted = 0
        self.turn = 0
        self.image: FrameImage | None = None
        self.error: MotionLensError | None = None
        self.overlays = overlays
        self._bare: frozenset[str] | None = None
        self._ahead: list[Job[None]] = []
        self.opacity = 0.8
        self.loop: Loop | None = None

    def show(self, clip: Playable | None) -> None:
        """Put a clip on the stage, at its first frame, looping over all of it."""
        self.clip = clip
        self.turn += 1
        self.image, self.error, self._asked = None, None, None
        self.wanted = 0
        self.loop = Loop(clip.times_s, 0, clip.frames - 1) if clip else None
        self.clip_changed.emit()
        self.loop_changed.emit()
        self._ask()

    def seek(self, frame: int, playing: bool = False) -> None:
        """Want a frame (the nearest that exists); `playing` where the clock wants it, no hand."""
        if self.clip is None:
            return
        frame = max(0, min(frame, self.clip.frames - 1))
        if frame != self.wanted:
            self.wanted = frame
            self.frame_wanted.emit(frame)
        self._ask(playing)

    def set_loop(self, first: int, last: int) -> None:
        """Loop over frames `first` to `last`, both played; the wrong way round is turned round."""
        if self.clip is None:
            return
        ends = sorted(max(0, min(n, self.clip.frames - 1)) for n in (first, last))
        self.loop = Loop(self.clip.times_s, ends[0], ends[1])
        self.loop_changed.emit()

    def whole_loop(self) -> bool:
        """True while the loop is the whole clip."""
        loop, clip = self.loop, self.clip
        return loop is None or clip is None or (loop.first == 0 and loop.last == clip.frames - 1)

    def resize(self, width: int, height: int, ratio: float = 1.0, enlarge: float = 2.0) -> None:
        """The stage's size in device px, and how many of them one px of the screen has."""
        new = (max(1, width), max(1, height), ratio, enlarge)
        if new != (self._width, self._height, self._ratio, self._enlarge):
            self._width, self._height, self._ratio, self._enlarge = new
            self._again()

    def toggle(self, overlay: str) -> None:
        """Switch one overlay."""
        if overlay not in OVERLAYS:
            raise ValueError(f"{overlay!r} is no overlay")
        self.set_overlays(self.overlays ^ {overlay})

    def toggle_all(self) -> None:
        """All overlays off, or those that were on before back on."""
        if self.overlays:
            remembered = self.overlays
            self.set_overlays(frozenset())
            self._bare = remembered
        else:
            self.set_overlays(self._bare or frozenset({"arrows"}))

    def set_overlays(self, overlays: frozenset[str]) -> None:
        """Show exactly these."""
        self._bare = None
        if overlays != self.overlays:
            self.overlays = overlays
            self.overlays_changed.emit()
            self._again()

    def set_opacity(self, opacity: float) -> None:
        """Strength of the fills, 0.1 to 1."""
        opacity = max(0.1, min(1.0, opacity))
        if opacity != self.opacity:
            self.opacity = opacity
            self.overlays_changed.emit()
            self._again()

    def prefetch(self, clips: Iterable[Playable]) -> None:
        """Have the first frames of these clips ready, the first named first; others are let go."""
        for job in self._ahead:
            job.token.cancel()
        self._ahead = []
        if self._width and self._height:
            self._ahead = [
                self._feed.prefetch(self._request(clip, 0), clip.paths) for clip in clips
            ]

    def _again(self) -> None:
        self.turn += 1
        self._asked = None
        self._ask()

    def _ask(self, playing: bool = False) -> None:
        if self.clip is None or not (self._width and self._height):
            return
        request = self._request(self.clip, self.wanted)
        if request != self._asked:
            self._asked = request
            self._feed.ask(request, self.clip.paths, playing)

    def _request(self, clip: Playable, frame: int) -> FrameRequest:
        return FrameRequest(
            clip=clip.id,
            path=clip.paths[0] if clip.paths else "",
            frame=frame,
            overlays=self.overlays,
            width=self._width,
            height=self._height,
            turn=self.turn,
            opacity=self.opacity,
            span=clip.span,
            info=clip.info,
            enlarge=self._enlarge,
            ratio=self._ratio,
        )

    def _delivered(self, reply: FrameImage | FrameFailure) -> None:
        if isinstance(reply, FrameFailure):
            if reply.request.turn == self.turn:
                self.error = reply.error
                self.failed.emit(reply.error)
            return
        if reply.turn != self.turn:
            return
        self.error = None
        self.image = reply
        self.image_changed.emit(reply)
