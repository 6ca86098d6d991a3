"""What a media file is, found by decoding all of it."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from statistics import median

from av.video.frame import VideoFrame

from motionlens.domain.clip import MediaInfo
from motionlens.media.container import MAX_PIXELS, unreadable
from motionlens.media.decoder import Decoder
from motionlens.media.geometry import Layout
from motionlens.media.table import FrameTable, make_table, shown_ticks

Visit = Callable[[int, VideoFrame, Layout], bool]
"""Called with each frame's number, the frame and the layout; False ends the pass."""

Walk = Generator[tuple[int, VideoFrame, Layout], None, "Scan"]
"""Frames by number, and what the file is at the end of them."""

_SPREAD = Fraction(1, 4)


@dataclass(frozen=True)
class Scan:
    """A file's facts, and how its frames are found; `layout` is None before a frame was seen."""

    info: MediaInfo
    table: FrameTable
    layout: Layout | None


@dataclass
class _Pass:
    """What one pass over a file has seen."""

    decoder: Decoder
    pts: list[int | None]
    dts: list[int | None]
    last_duration: int = 0
    corrupt: int = 0
    layout: Layout | None = None

    @property
    def fewer(self) -> bool:
        """Whether packets gave nothing: threads that fail at the stream's end do so silently."""
        due = sum(bool(p.size) and not p.discard for p in self.decoder.packets)
        return len(self.pts) < due

    @property
    def damaged(self) -> bool:
        return bool(self.decoder.errors or self.corrupt or self.decoder.broken_off)


def probe(path: str | Path) -> MediaInfo:
    """Facts of a file, from a full decode.

    Raises
    ------
    MediaError
        It holds no readable video: missing, empty, a folder, sound only, cover art only, not one
        frame that decodes, or larger than 100 megapixels.
    """
    return full_scan(path).info


def full_scan(path: str | Path) -> Scan:
    """Facts and frame table of a file, from a full decode."""
    found = scan(path, lambda *_: True)
    if found is None:
        raise unreadable(path, "None of its frames can be decoded", "Copy or download it again")
    return found


def scan(path: str | Path, visit: Visit) -> Scan | None:
    """Decode a file from its start, showing each frame to `visit`.

    A file that turns out damaged is decoded again on one thread, and `visit` called again from
    frame 0: which frames survive must not depend on how threads share them.

    Returns
    -------
    Scan or None
        None where `visit` ended the pass, as the rest is unknown then.
    """
    with closing(walk(path)) as frames:
        while True:
            try:
                number, frame, layout = next(frames)
            except StopIteration as end:
                found: Scan = end.value
                return found
            if not visit(number, frame, layout):
                return None


def walk(path: str | Path) -> Walk:
    """The frames of a file from its start, each with its number; at the end its :class:`Scan`.

    A file that turns out damaged begins again at number 0, on one thread. Up to the damage both
    passes give the same, so a reader may go on where it was and pass over what it has seen.
    """
    with Decoder(path, threaded=True, record=True) as decoder:
        seen = _Pass(decoder, [], [])
        yield from _run(path, seen)
        if not (seen.damaged or seen.fewer):
            return _scan_of(path, seen)
    with Decoder(path, threaded=False, record=True) as decoder:
        seen = _Pass(decoder, [], [])
        yield from _run(path, seen)
        return _scan_of(path, seen)


def _run(path: str | Path, seen: _Pass) -> Iterator[tuple[int, VideoFrame, Layout]]:
    for number, frame in enumerate(seen.decoder.from_start()):
        if seen.layout is None:
            seen.layout = _layout(path, frame, seen.decoder)
        seen.pts.append(frame.pts)
        seen.dts.append(frame.dts)
        seen.last_duration = frame.duration or 0
        seen.corrupt += bool(frame.is_corrupt)
        if seen.decoder.threaded and seen.damaged:
            return
        yield number, frame, seen.layout


def _layout(path: str | Path, frame: VideoFrame, decoder: Decoder) -> Layout:
    layout = Layout.of(frame, decoder.stream.sample_aspect_ratio)
    if layout.width * layout.height > MAX_PIXELS:
        size = f"{layout.width} x {layout.height}"
        raise unreadable(path, f"Its frames would be {size} pixels", "Scale it down first")
    return layout


def _scan_of(path: str | Path, seen: _Pass) -> Scan:
    stream, decoder = seen.decoder.stream, seen.decoder
    if seen.layout is None:
        raise unreadable(path, _why_nothing(decoder), "Copy or download the file again")
    rate = stream.average_rate or stream.guessed_rate or Fraction(25)
    base = stream.time_base or 1 / rate
    ticks = shown_ticks(seen.pts, seen.dts, 1 / (rate * base))
    gaps = [b - a for a, b in pairwise(ticks)]
    variable = varies(gaps)
    end = ticks[-1] + (seen.last_duration or (median(gaps) if gaps else 1 / (rate * base)))
    info = MediaInfo(
        width=seen.layout.width,
        height=seen.layout.height,
        fps=mean_rate(ticks, base, None if variable else rate),
        frames=len(ticks),
        variable_frame_rate=variable,
        rotation=seen.layout.orientation.rotation,
        codec=stream.codec_context.codec.canonical_name,
        duration_s=float((end - ticks[0]) * base),
        frame_times_s=tuple(float(tick * base) for tick in ticks),
        damage=_damage(seen, float(end * base)),
    )
    damaged = seen.damaged
    return Scan(info, make_table(seen.pts, decoder.packets, damaged), seen.layout)


def varies(gaps: list[Fraction]) -> bool:
    """Whether the frame rate varies: longest less shortest gap is over a quarter of their median.

    Taken at the container's word: a GIF at 30 a second, which can only write gaps of 30 and 40 ms,
    does vary. Milliseconds of Matroska at ordinary rates (33 and 34) do not.
    """
    return bool(gaps) and max(gaps) - min(gaps) > _SPREAD * median(gaps)


def mean_rate(ticks: list[Fraction], base: Fraction, declared: Fraction | None) -> float:
    """Frames a second between first and last frame; 0 for a single one.

    The declared rate is taken where it explains the timestamps to within a tick, their rounding.
    """
    if len(ticks) < 2:
        return 0.0
    span = (ticks[-1] - ticks[0]) * base
    if declared and abs((len(ticks) - 1) / declared - span) <= base:
        return float(declared)
    return float((len(ticks) - 1) / span)


def _damage(seen: _Pass, end_s: float) -> str:
    decoder, frames, stream = seen.decoder, len(seen.pts), seen.decoder.stream
    found = []
    if decoder.errors:
        found.append(f"{_frames(decoder.errors)} damaged beyond decoding and left out")
    if seen.corrupt:
        found.append(f"{_frames(seen.corrupt)} damaged and repaired as far as possible")
    early = False
    if stream.frames > len(decoder.packets) and stream.duration and stream.time_base:
        claimed_end = float(((stream.start_time or 0) + stream.duration) * stream.time_base)
        early = end_s < claimed_end - 1.5 * claimed_end / stream.frames
    if early:
        found.append(f"the file ends early: it should have {stream.frames} frames")
    elif decoder.broken_off:
        found.append("the file breaks off")
    if not found:
        return ""
    return f"{'; '.join(found)}; {frames} can be used"


def _frames(count: int) -> str:
    return "1 frame is" if count == 1 else f"{count} frames are"


def _why_nothing(decoder: Decoder) -> str:
    context = decoder.stream.codec_context
    if context.width * context.height > MAX_PIXELS:
        return f"It claims frames of {context.width} x {context.height} pixels"
    return "None of its frames can be decoded: damaged, or claimed larger than 100 megapixels"
