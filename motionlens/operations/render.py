"""The player's renderer: one frame with its overlays, at the size of the stage."""

from __future__ import annotations

from collections import OrderedDict

import numpy as np
from numpy.typing import NDArray

from motionlens.domain.clip import MediaInfo
from motionlens.domain.errors import Cancelled, MediaError
from motionlens.domain.ports import FlowBackend
from motionlens.domain.requests import (
    ClipDecoder,
    Compose,
    FrameImage,
    FrameRequest,
    OpenClipper,
)
from motionlens.operations.flow_fields import (
    ARROW_STEP,
    TRACK_STEP,
    FlowFields,
    arrows,
    soft_mask,
    trails,
)

_NEEDS_FLOW = frozenset({"flow", "mask", "arrows", "tracks"})
# Arrows and tracks have no scale of colour: nothing of the rest of the clip is needed for them.
_NEEDS_SCALE = frozenset({"flow", "mask"})


class PlayerRenderer:
    """Decodes, computes flow and blends; one lane owns it.

    Parameters
    ----------
    open_clips : int
        Files kept open: two that play, three ahead and one behind.
    image_bytes : int
        Finished images kept, so that a clip which was prefetched appears at once.
    """

    def __init__(
        self,
        open_clip: OpenClipper,
        flow: FlowBackend,
        compose: Compose,
        open_clips: int = 6,
        image_bytes: int = 48_000_000,
    ) -> None:
        self._open_clip = open_clip
        self._compose = compose
        self._fields = FlowFields(flow)
        self._most_open = open_clips
        self._image_budget = image_bytes
        self._clips: OrderedDict[str, ClipDecoder] = OrderedDict()
        self._images: OrderedDict[tuple[object, ...], FrameImage] = OrderedDict()
        self._image_bytes = 0
        self._closed = False

    def render(self, request: FrameRequest) -> FrameImage:
        """The frame that was asked for, or the clip's nearest one."""
        if self._closed:
            raise Cancelled
        key = _key(request)
        found = self._images.get(key)
        if found is None:
            found = self._draw(request)
            self._keep(key, found)
        else:
            self._images.move_to_end(key)
        return FrameImage(
            found.clip,
            found.frame,
            found.time_s,
            request.turn,
            found.pixels,
            found.overlays,
            found.arrows,
            found.tracks,
            found.flow_scale_px,
        )

    def close(self) -> None:
        """Close all files, for good: a request that comes after is cancelled."""
        self._closed = True
        while self._clips:
            self._clips.popitem()[1].close()
        self._images.clear()
        self._image_bytes = 0

    def _draw(self, request: FrameRequest) -> FrameImage:
        clip = self._clip(request)
        info = clip.info
        start, stop = _bounds(request, info)
        n = max(start, min(start + request.frame, stop - 1))
        shown = fit((info.width, info.height), request)
        field, mask, scale_px = None, None, 0.0
        if request.overlays & _NEEDS_FLOW:
            field = self._fields.field(request.path, clip, n, stop)
        if field is not None and request.overlays & _NEEDS_SCALE:
            scale_px = self._fields.scale(request.path, clip, start, stop)
            mask = soft_mask(field, scale_px) if "mask" in request.overlays else None
        pixels = self._compose(
            clip.frame_of_size(n, *shown),
            field.astype(np.float32) if field is not None and "flow" in request.overlays else None,
            mask,
            request.overlays & {"flow", "mask"},
            request.opacity,
            scale_px,
            shown,
        )
        times = info.frame_times_s
        return FrameImage(
            clip=request.clip,
            frame=n - start,
            time_s=times[n] - times[start] if len(times) > n else 0.0,
            turn=request.turn,
            pixels=np.ascontiguousarray(pixels),
            overlays=request.overlays,
            arrows=None
            if field is None or "arrows" not in request.overlays
            else arrows(field, shown, ARROW_STEP * request.ratio),
            tracks=self._tracks(request, clip, n, start, stop, shown[0]),
            flow_scale_px=scale_px,
        )

    def _tracks(
        self, request: FrameRequest, clip: ClipDecoder, n: int, start: int, stop: int, width: int
    ) -> NDArray[np.float32] | None:
        if "tracks" not in request.overlays:
            return None
        return trails(
            lambda earlier: self._fields.field(request.path, clip, earlier, stop),
            n,
            start,
            (clip.info.width, clip.info.height),
            max(6, int(width / (TRACK_STEP * request.ratio))),
        )

    def _clip(self, request: FrameRequest) -> ClipDecoder:
        path = request.path
        found = self._clips.get(path)
        if found is None:
            found = self._open_clip(path, request.info)
            self._clips[path] = found
            while len(self._clips) > self._most_open:
                self._clips.popitem(last=False)[1].close()
        self._clips.move_to_end(path)
        return found

    def _keep(self, key: tuple[object, ...], image: FrameImage) -> None:
        self._images[key] = image
        self._image_bytes += image.pixels.nbytes
        while self._image_bytes > self._image_budget and len(self._images) > 1:
            _, old = self._images.popitem(last=False)
            self._image_bytes -= old.pixels.nbytes


def fit(size: tuple[int, int], request: FrameRequest) -> tuple[int, int]:
    """The largest (width, height) of the clip's own shape inside the stage, within `enlarge`."""
    width, height = size
    factor = min(
        request.width / width,
        request.height / height,
        request.enlarge * request.ratio,
    )
    return max(1, round(width * factor)), max(1, round(height * factor))


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


def _key(request: FrameRequest) -> tuple[object, ...]:
    return (
        request.path,
        request.span,
        request.frame,
        request.overlays,
        request.width,
        request.height,
        request.opacity if request.overlays & {"flow", "mask"} else None,
        request.enlarge,
        request.ratio,
        request.clip,
    )
