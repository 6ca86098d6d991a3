"""One player: the clip on its stage, the frame that is wanted, and the frame that came."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from psygnal import Signal

from motionlens.domain.errors import MotionLensError
from motionlens.domain.requests import (
    FILLS,
    PLAYER_OVERLAYS,
    FrameImage,
    FrameRenderer,
    FrameRequest,
    ModelSight,
)
from motionlens.lanes import Job, Lane
from motionlens.session import zoom as zooming
from motionlens.session.frame_feed import Delivery, FrameFailure, FrameFeed
from motionlens.session.frame_queue import FrameQueue
from motionlens.session.playable import Loop, Playable
from motionlens.session.timing import Timing
from motionlens.session.work import Hop
from motionlens.session.zoom import Zoom

# A zoomed frame is as large as the stage asks for.
_ANY = 1000.0


class PlayerState:
    """What one stage shows. A letter of an old turn is dropped, so an old clip's frame or overlay
    never appears on a new clip.

    The turn is raised by everything that makes frames in work worthless: another clip, other
    overlays, another size or part. A new wanted frame alone does not raise it: a frame that comes
    late is still a true picture of its own number.
    """

    clip_changed = Signal()
    image_changed = Signal(object)
    image_painted = Signal(object)
    failed = Signal(object)
    overlays_changed = Signal()
    loop_changed = Signal()
    zoom_changed = Signal()

    def __init__(
        self,
        lane: Lane,
        renderer: Callable[[], FrameRenderer],
        hop: Hop,
        bug: Callable[[BaseException], None],
        overlays: frozenset[str] = frozenset(),
    ) -> None:
        self._feed = FrameFeed(lane, renderer, hop, self._delivered, bug)
        self._queue = FrameQueue()
        self.timing = Timing()
        self._width = 0
        self._height = 0
        self._ratio = 1.0
        self._enlarge = 2.0
        self._asked: FrameRequest | None = None
        self._due: int | None = None
        self._way = 1
        self.clip: Playable | None = None
        self.wanted = 0
        self.turn = 0
        self.image: FrameImage | None = None
        self.painted_frame: int | None = None
        self.error: MotionLensError | None = None
        self.overlays = overlays
        self.bare = False
        self.sight: ModelSight | None = None
        self._before: frozenset[str] | None = None
        self._ahead: list[Job[None]] = []
        self.opacity = 0.8
        self.loop: Loop | None = None
        self.zoom: Zoom | None = None
        self._pressed: tuple[int, FrameImage | None] = (0, None)

    def show(self, clip: Playable | None) -> None:
        """Put a clip on the stage, at its first frame, looping over all of it."""
        self.clip = clip
        self.turn += 1
        self._forget()
        self.image, self.error = None, None
        self.wanted, self._way, self.zoom = 0, 1, None
        self.loop = Loop(clip.times_s, 0, clip.frames - 1) if clip else None
        self.timing.clear()
        self.clip_changed.emit()
        self.loop_changed.emit()
        self._ask()

    def seek(self, frame: int) -> None:
        """Want a frame (the nearest that exists), now: a hand's wish, which goes before all."""
        if self.clip is None:
            return
        frame = max(0, min(frame, self.clip.frames - 1))
        self._way = 1 if frame >= self.wanted else -1
        self.wanted, self._due = frame, None
        self.timing.stopped()
        ready = self._queue.find(frame)
        if ready is not None:
            self._asked = None
            self._take(ready)
        else:
            self._feed.drop_ahead()
            self._ask()

    def advance(self, time_s: float, rate: float, every: bool = False) -> None:
        """The clock stands at a time of the loop and runs at a rate: show what is due, and ask
        for the frames that will be.

        Parameters
        ----------
        time_s : float
            Seconds from the loop's start, going on round after round.
        rate : float
            Seconds of the clip a second, below zero backwards; 0 shows one frame.
        every : bool
            No frame is left out.
        """
        loop = self.loop
        if self.clip is None or loop is None or not (self._width and self._height):
            return
        due = loop.place_at(time_s)
        if self._due is None:
            # The clock begins to run: the frame that was wanted is here or on its way.
            covered = loop.frame_of(due) == self.wanted
            self._drop_ahead(due if covered else None)
        self._due, self._way = due, 1 if rate >= 0 else -1
        self._asked, self.wanted = None, loop.frame_of(due)
        self.timing.asked_fps = self.clip.fps * abs(rate)
        self._release()
        while (place := self._queue.next(loop, time_s, rate, every)) is not None:
            request = self._request(self.clip, loop.frame_of(place), self.zoom)
            self._queue.asked(place)
            mark = (self._queue.epoch, place)
            # Late already: thumbnails and clips ahead must have their turn, too.
            keeps_up = bool(self._queue.ready) or self._queue.turnaround_s < 0.1
            self._feed.ask_ahead(request, self.clip.paths, mark, keeps_up)

    def stand(self) -> None:
        """The clock stands still: what was asked for ahead need not be made."""
        self._due = None
        self.timing.stopped()

    def pressed(self, now_s: float) -> None:
        """A key that changes what is seen went down: its way to the screen is measured."""
        self.timing.pressed(now_s)
        self._pressed = (self.turn, self.image)

    def painted(self, image: FrameImage, now_s: float, took_s: float) -> None:
        """The stage has shown a frame, which took so long to paint."""
        self.painted_frame = image.frame
        turn, before = self._pressed
        stepped = self._due is None and image is not before and image.frame == self.wanted
        self.timing.painted(now_s, took_s, image.turn != turn or stepped)
        if self._due is not None and self.loop is not None:
            self.timing.played(image.frame - self.loop.first, now_s, self._way, self.loop.frames)
        self.image_painted.emit(image)

    def set_loop(self, first: int, last: int) -> None:
        """Loop over frames `first` to `last`, both played; the wrong way round is turned round."""
        if self.clip is None:
            return
        ends = sorted(max(0, min(n, self.clip.frames - 1)) for n in (first, last))
        self.loop = Loop(self.clip.times_s, ends[0], ends[1])
        self._due = None
        self._drop_ahead(None)
        self.timing.stopped()
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
        """Switch one overlay; of two fills the last one stays."""
        if overlay not in PLAYER_OVERLAYS:
            raise ValueError(f"{overlay!r} is no overlay")
        others = self.overlays - set(FILLS) if overlay in FILLS else self.overlays - {overlay}
        self.set_overlays(others if overlay in self.overlays else others | {overlay})

    def toggle_all(self) -> None:
        """All overlays off, or those that were on before back on."""
        if self.overlays:
            remembered = self.overlays
            self.set_overlays(frozenset())
            self._before = remembered
        else:
            self.set_overlays(self._before or frozenset({"arrows"}))

    def set_overlays(self, overlays: frozenset[str]) -> None:
        """Show exactly these."""
        self._before = None
        if overlays != self.overlays:
            self.overlays = overlays
            self.overlays_changed.emit()
            self._again()

    def set_bare(self, bare: bool) -> None:
        """Bare frames for a moment; the overlays that are on stay chosen."""
        if bare != self.bare:
            self.bare = bare
            if self.overlays:
                self._again()

    def set_sight(self, sight: ModelSight | None) -> None:
        """Show what a model sees of the clip; None: all of it."""
        if sight != self.sight:
            self.sight = sight
            self._again()

    def set_opacity(self, opacity: float) -> None:
        """Strength of the fills, 0.1 to 1."""
        opacity = max(0.1, min(1.0, opacity))
        if opacity != self.opacity:
            self.opacity = opacity
            self.overlays_changed.emit()
            self._again()

    def step_zoom(self, steps: int, at: tuple[float, float] | None = None) -> None:
        """Nearer or further by levels; the point `at` (fractions of the frame) stays in place."""
        frame = self._frame()
        if frame is not None:
            middle = (self.zoom.x, self.zoom.y) if self.zoom else (0.5, 0.5)
            self._set_zoom(zooming.step(frame, self.zoom, steps, at or middle))

    def move_view(self, across: float, down: float) -> None:
        """Show what lies so many device px to the right and below."""
        frame = self._frame()
        if frame is not None and self.zoom is not None:
            self._set_zoom(zooming.move(frame, self.zoom, across, down))

    def whole_view(self) -> None:
        """All of the frame again."""
        self._set_zoom(None)

    def prefetch(self, clips: Iterable[Playable]) -> None:
        """Have the first frames of these clips ready, the first named first; others are let go."""
        for job in self._ahead:
            job.token.cancel()
        self._ahead = []
        if self._width and self._height:
            self._ahead = [
                self._feed.prefetch(self._request(clip, 0, None), clip.paths) for clip in clips
            ]

    def ask_again(self) -> None:
        """The same frame once more: an overlay of it was not ready."""
        self._asked = None
        self._ask()

    def _set_zoom(self, zoom: Zoom | None) -> None:
        if zoom != self.zoom:
            self.zoom = zoom
            self.zoom_changed.emit()
            self._again()

    def _frame(self) -> zooming.Frame | None:
        clip = self.clip
        if clip is None or not (self._width and self._height and clip.width and clip.height):
            return None
        most = self._enlarge * self._ratio
        return zooming.Frame(clip.width, clip.height, self._width, self._height, most)

    def _forget(self) -> None:
        self._asked, self._due, self.painted_frame = None, None, None
        self._drop_ahead(None)

    def _drop_ahead(self, last: int | None) -> None:
        self._feed.drop_ahead()
        self._queue.clear(last)

    def _again(self) -> None:
        self.turn += 1
        self._asked = None
        self._drop_ahead(self._due)
        self._ask()

    def _ask(self) -> None:
        if self.clip is None or not (self._width and self._height):
            return
        request = self._request(self.clip, self.wanted, self.zoom)
        if request != self._asked:
            self._asked = request
            self._feed.ask(request, self.clip.paths)

    def _request(self, clip: Playable, frame: int, zoom: Zoom | None) -> FrameRequest:
        width, height, enlarge, view = self._width, self._height, self._enlarge, None
        sizes = self._frame() if zoom is not None else None
        if zoom is not None and sizes is not None:
            view, width, height = zooming.region(sizes, zoom)
            enlarge = _ANY
        return FrameRequest(
            clip=clip.id,
            path=clip.paths[0] if clip.paths else "",
            frame=frame,
            overlays=frozenset() if self.bare else self.overlays,
            width=width,
            height=height,
            turn=self.turn,
            opacity=self.opacity,
            span=clip.span,
            info=clip.info,
            enlarge=enlarge,
            ratio=self._ratio,
            content=clip.content,
            view=view,
            nearest=zoom is not None and zoom.nearest,
            direction=self._way,
            sight=self.sight,
        )

    def _delivered(self, delivery: Delivery) -> None:
        reply = delivery.reply
        if isinstance(reply, FrameImage):
            self.timing.finished(delivery.cost_s)
        if delivery.ahead is not None:
            self._came_ahead(delivery, *delivery.ahead)
        elif isinstance(reply, FrameFailure):
            if reply.request.turn == self.turn:
                self.error = reply.error
                self.failed.emit(reply.error)
        elif reply.turn == self.turn:
            self._take(reply)

    def _came_ahead(self, delivery: Delivery, epoch: int, place: int) -> None:
        if epoch != self._queue.epoch:
            return
        image = delivery.reply if isinstance(delivery.reply, FrameImage) else None
        self._queue.arrived(place, image, delivery.took_s)
        if isinstance(delivery.reply, FrameFailure):
            self.error = delivery.reply.error
            self.failed.emit(self.error)
        self._release()

    def _release(self) -> None:
        image = self._queue.take(self._due) if self._due is not None else None
        if image is not None:
            self._take(image)

    def _take(self, image: FrameImage) -> None:
        self.error = None
        self.image = image
        self.image_changed.emit(image)
