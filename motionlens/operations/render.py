"""The renderer: one frame with its overlays, for the players and for files alike."""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from motionlens.domain.clip import MediaInfo
from motionlens.domain.errors import Cancelled, MediaError, MotionLensError
from motionlens.domain.ports import FieldStore
from motionlens.domain.requests import (
    ClipDecoder,
    Drawing,
    Field,
    FrameImage,
    FrameRequest,
    OpenClipper,
)
from motionlens.files import content_hash
from motionlens.operations.clip_work import ClipSpan, ClipWork, Means
from motionlens.operations.flow_fields import FlowFields, Source
from motionlens.operations.model_sight import as_seen, seen_frame
from motionlens.operations.stage import Placing, placing

ARROW_STEP = 28.0
_NEEDS_FIELD = frozenset({"flow", "mask", "arrows"})
_FILLED = frozenset({"flow", "influence", "mask"})
_NEEDS_CLIP = frozenset({"flow", "mask", "tracks"})
# Frames decoded, and their fields found, before they are asked for.
_AHEAD_FRAMES = 6
# A frame may be so much later for the clip's other work; a step that takes longer comes so often.
_STEPS_S, _STEP_EVERY_S = 0.008, 0.15
# Bytes of point tracks, and clips whose scales are remembered.
_TRACK_BYTES, _MOST_WORKS = 64_000_000, 256
IMAGE_BYTES = 48_000_000


# A larger file is not read whole before its first frame is shown (1 ms for each MB).
_HASHED_BYTES = 200_000_000


class PlayerRenderer:
    """Decodes, computes flow and blends; one lane owns it.

    Kept, each up to its own limit: open files, 64 MB of flow fields, 64 MB of point tracks, and
    finished pictures, so that a clip which was prefetched appears at once.

    Parameters
    ----------
    open_clip : callable
        Opens a file by path and facts.
    drawing : Drawing
        Fields, and what is drawn from them.
    store : FieldStore, optional
        Where fields outlive this object.
    open_clips : int
        Files kept open: two that play, three ahead and one behind.
    image_bytes : int
        Of finished pictures.
    open_pass : callable, optional
        Opens a file for going through it once from its start, which needs few decoded frames.
    """

    def __init__(
        self,
        open_clip: OpenClipper,
        drawing: Drawing,
        store: FieldStore | None = None,
        open_clips: int = 6,
        image_bytes: int = IMAGE_BYTES,
        open_pass: OpenClipper | None = None,
    ) -> None:
        self._open_clip = open_clip
        self._drawing = drawing
        self._fields = FlowFields(drawing, store)
        self._clips = _OpenFiles(open_clip, open_clips)
        # Of the work on a whole clip, which goes through a file from its start.
        self._passes = _OpenFiles(open_pass or open_clip, 2)
        self._works: OrderedDict[ClipSpan, ClipWork] = OrderedDict()
        self._images = _Images(image_bytes)
        self._last: tuple[FrameRequest, ClipSpan, int] | None = None
        self._ahead = 0
        self._stepped = 0.0
        self._closed = False

    def render(self, request: FrameRequest) -> FrameImage:
        """The frame that was asked for, or the clip's nearest one.

        An overlay that needs more of the clip than is known comes later, unless the request waits:
        the answer then names it as pending, and each call of :meth:`idle` brings it nearer.
        """
        if self._closed:
            raise Cancelled
        source = Source.of(request.path, request.content)
        key = _key(request, source)
        found = self._images.get(key)
        if found is None:
            found = self._draw(request, source)
            if not found.pending:
                self._images.keep(key, found)
        else:
            self._looked_at(request, source, self._clips.get(source, request.info))
        return replace(found, turn=request.turn, clip=request.clip, overlays=request.overlays)

    def idle(self) -> bool:
        """One small step ahead; False where nothing is left to do.

        First the next frames in the direction of travel, then what overlays need of whole clips,
        the clip that was asked for last before others.
        """
        if self._closed:
            return False
        try:
            if self._step_ahead():
                return True
        except MotionLensError:
            self._last = None  # told when that frame is asked for
        return any(_step(self._works[clip]) for clip in reversed(list(self._works)))

    def close(self) -> None:
        """Close all files, for good: a request that comes after is cancelled."""
        self._closed = True
        self._clips.close()
        self._passes.close()
        self._images.clear()
        self._works.clear()

    def _draw(self, request: FrameRequest, source: Source) -> FrameImage:
        decoder = self._clips.get(source, request.info)
        clip, n = self._looked_at(request, source, decoder)
        info = decoder.info
        if request.sight is not None:
            n = clip.start + seen_frame(n - clip.start, clip.stop - clip.start, request.sight)
        work = self._work(clip, request, info) if request.overlays & _NEEDS_CLIP else None
        pending: frozenset[str] = frozenset()
        if work is not None:
            if request.wait:
                while work.step():
                    pass
            else:
                self._step_beside(work)
            pending = work.pending(request.overlays)
        ready = request.overlays - pending
        if work is not None:
            ready -= work.given_up(request.overlays)
        field = self._field(clip, decoder, n) if ready & _NEEDS_FIELD else None
        place = placing((info.width, info.height), request)
        scale_px = work.scale.scale_px if work is not None and "flow" in ready else 0.0
        mask = None
        if field is not None and work is not None and "mask" in ready:
            mask = work.mask.weights(field)
        pixels = self._drawing.compose(
            _picture(decoder, n, place)
            if request.sight is None
            else as_seen(decoder, n, place, request.sight),
            self._fill(field, ready),
            mask,
            request.opacity,
            scale_px if "flow" in ready else 1.0,
            place.size,
            place.part,
            request.wheel,
        )
        times = info.frame_times_s
        return FrameImage(
            clip=request.clip,
            frame=n - clip.start,
            time_s=times[n] - times[clip.start] if len(times) > n else 0.0,
            turn=request.turn,
            pixels=np.ascontiguousarray(pixels),
            overlays=request.overlays,
            arrows=self._arrows(request, ready, field, place),
            tracks=self._trails(ready, work, n - clip.start, place),
            flow_scale_px=scale_px,
            pending=pending,
            pending_s=work.left_s if work is not None and pending else 0.0,
            view=place.part,
        )

    def _fill(self, field: Field | None, ready: frozenset[str]) -> Field | None:
        """An influence map lies on the grey of a flow that is nowhere; its player paints it."""
        if "flow" not in ready and "influence" in ready:
            return self._drawing.still_field(2, 2)
        return field if "flow" in ready else None

    def _arrows(
        self,
        request: FrameRequest,
        ready: frozenset[str],
        field: Field | None,
        place: Placing,
    ) -> NDArray[np.float32] | None:
        if field is None or "arrows" not in ready:
            return None
        return self._drawing.arrows(field, place.size, ARROW_STEP * request.ratio, place.part)

    def _trails(
        self, ready: frozenset[str], work: ClipWork | None, frame: int, place: Placing
    ) -> NDArray[np.float32] | None:
        if work is None or "tracks" not in ready or work.tracks.found is None:
            return None
        points, visible = work.tracks.found
        return self._drawing.trails(points, visible, frame, work.tracks.size, place.part)

    def _step_beside(self, work: ClipWork) -> None:
        """Some of a clip's work with each of its frames: a player that asks without a pause leaves
        no moment idle. Steps from the cache are cheap and come in numbers, others now and then."""
        began = time.perf_counter()
        while began - self._stepped > _STEP_EVERY_S or work.step_s < _STEPS_S:
            if not _step(work):
                return
            self._stepped = time.perf_counter()
            if self._stepped - began > _STEPS_S:
                return

    def _field(self, clip: ClipSpan, decoder: ClipDecoder, n: int) -> Field:
        """The last frame of a clip has no next one and repeats the motion before it."""
        if clip.stop - clip.start < 2:
            return self._drawing.still_field(2, 2)
        return self._fields.field(clip.source, decoder, min(n, clip.last_field))

    def _work(self, clip: ClipSpan, request: FrameRequest, info: MediaInfo) -> ClipWork:
        found = self._works.get(clip)
        if found is None:
            means = Means(self._drawing, self._fields, lambda: self._passes.get(clip.source, info))
            found = self._works[clip] = ClipWork(clip, means)
        self._works.move_to_end(clip)
        found.want(request.overlays)
        held = sum(work.bytes_held for work in self._works.values())
        while len(self._works) > 1 and (held > _TRACK_BYTES or len(self._works) > _MOST_WORKS):
            held -= self._works.popitem(last=False)[1].bytes_held
        return found

    def _looked_at(
        self, request: FrameRequest, source: Source, decoder: ClipDecoder
    ) -> tuple[ClipSpan, int]:
        start, stop = _bounds(request, decoder.info)
        clip = ClipSpan(source, start, stop)
        n = max(start, min(start + request.frame, stop - 1))
        self._last, self._ahead = (request, clip, n), 0
        return clip, n

    def _step_ahead(self) -> bool:
        if self._last is None or self._ahead >= _AHEAD_FRAMES:
            return False
        request, clip, n = self._last
        self._ahead += 1
        n += self._ahead if request.direction >= 0 else -self._ahead
        if not clip.start <= n < clip.stop:
            self._ahead = _AHEAD_FRAMES
            return False
        decoder = self._clips.get(clip.source, request.info)
        decoder.prepare(n)
        if request.overlays & _NEEDS_FIELD:
            self._field(clip, decoder, n)
        return True


def _require_content(source: Source) -> None:
    """Refuse a file that was replaced: nothing is shown under the name of another clip."""
    path, size, _ = source.stamp
    if not source.content or not 0 <= size <= _HASHED_BYTES:
        return
    try:
        if content_hash(path) == source.content:
            return
    except OSError:
        return  # the decoder says in words what it cannot read
    raise MediaError(
        f"{path} is not shown as this clip",
        "it was replaced by another file since it was added",
        "Add the file again, or put the old one back",
    )


class _OpenFiles:
    """Decoders of the files used last."""

    def __init__(self, open_clip: OpenClipper, most: int) -> None:
        self._open_clip = open_clip
        self._most = most
        self._open: OrderedDict[Source, ClipDecoder] = OrderedDict()

    def get(self, source: Source, info: MediaInfo | None) -> ClipDecoder:
        found = self._open.get(source)
        if found is None:
            _require_content(source)
            found = self._open_clip(source.stamp[0], info)
            self._open[source] = found
            while len(self._open) > self._most:
                self._open.popitem(last=False)[1].close()
        self._open.move_to_end(source)
        return found

    def close(self) -> None:
        while self._open:
            self._open.popitem()[1].close()


class _Images:
    """Finished pictures, the ones used last."""

    def __init__(self, budget: int) -> None:
        self._budget = budget
        self._kept: OrderedDict[tuple[object, ...], FrameImage] = OrderedDict()
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: tuple[object, ...]) -> FrameImage | None:
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
        return found

    def keep(self, key: tuple[object, ...], image: FrameImage) -> None:
        self._kept[key] = image
        self._bytes += image.pixels.nbytes
        while self._bytes > self._budget and len(self._kept) > 1:
            self._bytes -= self._kept.popitem(last=False)[1].pixels.nbytes

    def clear(self) -> None:
        self._kept.clear()
        self._bytes = 0


def _step(work: ClipWork) -> bool:
    """A frame that cannot be read must not keep the work of other clips back."""
    try:
        return work.step()
    except MotionLensError:
        work.give_up()
        return True


def _picture(decoder: ClipDecoder, n: int, place: Placing) -> NDArray[np.uint8]:
    """(H, W, 3) RGB of the part that is shown, at its size or, to be enlarged, at the file's."""
    info = decoder.info
    if place.part is None and not place.repeat:
        # FFmpeg takes seven times as long to scale a little as to convert at the file's own size
        # and have OpenCV scale it; where most pixels go, its way by area is right, and cheap.
        little = 2 * place.size[0] >= info.width
        size = (info.width, info.height) if little else place.size
        return decoder.frame_of_size(n, *size)
    left, top, wide, high = place.box
    if place.repeat:
        whole = decoder.frame_of_size(n, info.width, info.height)
        part = whole[top : top + high, left : left + wide]
        return part.repeat(place.repeat, axis=0).repeat(place.repeat, axis=1)
    # The whole frame at the part's scale; its box is then cut out.
    across, down = place.size[0] / wide, place.size[1] / high
    if across > 1 or down > 1:
        whole = decoder.frame_of_size(n, info.width, info.height)
        return whole[top : top + high, left : left + wide]
    size = round(info.width * across), round(info.height * down)
    whole = decoder.frame_of_size(n, *size)
    x = min(round(left * across), size[0] - place.size[0])
    y = min(round(top * down), size[1] - place.size[1])
    return whole[y : y + place.size[1], x : x + place.size[0]]


def _bounds(request: FrameRequest, info: MediaInfo) -> tuple[int, int]:
    start, stop = 0, info.frames
    if request.span is not None:
        start, stop = max(0, request.span.start), min(info.frames, request.span.stop)
    if stop <= start:
        raise MediaError(
            f"{request.path} has no frame {start}",
            f"it holds {info.frames} frames that decode",
            "Add the clip again if the file was changed",
        )
    return start, stop


def _key(request: FrameRequest, source: Source) -> tuple[object, ...]:
    return (
        source,
        request.span,
        request.frame,
        request.overlays,
        request.width,
        request.height,
        request.opacity if request.overlays & _FILLED else None,
        request.enlarge,
        request.ratio,
        request.view,
        request.nearest,
        request.wheel,
        request.sight,
    )
