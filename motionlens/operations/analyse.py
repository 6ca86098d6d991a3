"""`analyse`: flow statistics and flags for all clips; goes on where it was stopped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from motionlens.domain.clip import Clip, Flag, MotionSummary
from motionlens.domain.errors import MediaError, UsageError
from motionlens.domain.fields import BLOCK_FRAMES, block_of
from motionlens.domain.ports import ClipReader, FieldStore, Motion, Progress, Token
from motionlens.operations.add import Skipped
from motionlens.operations.ahead import ahead, spare_lanes
from motionlens.operations.rooms import NO_PROGRESS, NO_TOKEN, Rooms, frame_range, present_path

# The one motion of a clip is computed at this size; the curve is in px of the clip as shown.
FLOW_SIDE = 512
# Colours are judged from so many frames of this size.
_PICTURES, _PICTURE_SIDE = 16, 320
_COMPARED = "near_duplicate"
# Frames that are decoded and measured between two looks at the token.
_PIECE = 16

Measured = tuple[MotionSummary, list[Flag], NDArray[np.uint8]]


@dataclass(frozen=True)
class Blocked:
    """A flagger of others that failed, and why."""

    name: str
    why: str


@dataclass(frozen=True)
class AnalyseResult:
    """`done` counts all clips of the project that are analysed now, in this call or before."""

    done: int
    flags: Mapping[str, int]
    skipped: tuple[Skipped, ...]
    blocked: tuple[Blocked, ...] = field(default=())


def analyse(
    rooms: Rooms,
    *,
    again: bool = False,
    jobs: int | None = None,
    progress: Progress = NO_PROGRESS,
    token: Token = NO_TOKEN,
) -> AnalyseResult:
    """Measure each clip's motion and flag what looks wrong.

    Clips that are analysed already are left alone unless `again`, or unless an older version did
    it. Each clip is committed by itself, so a stopped analysis goes on where it was. No clip is
    held whole, and its flow fields are kept for masks and overlays (`cache/flow`).

    Parameters
    ----------
    jobs : int, optional
        Clips measured side by side; by the machine's cores without it.
    """
    clips = rooms.store.clips()
    motions = [rooms.motion() for _ in range(jobs or spare_lanes())]
    have = set() if again else _measured(rooms, motions[0])
    todo = [clip for clip in clips if clip.id not in have]
    skipped: list[Skipped] = []
    fields = rooms.fields
    workers = [_measurer(rooms.reader, fields, motion, token) for motion in motions]
    for done, (clip, measured) in enumerate(ahead(todo, workers)):
        token.check()
        progress("Analysing motion", done, len(todo))
        try:
            summary, flags, signature = measured()
        except (MediaError, UsageError) as error:  # a file that has fewer frames by now, too
            skipped.append(Skipped(clip.path, error.why or error.what))
            continue
        rooms.store.save_analysis(clip.id, summary, flags, signature.tobytes())
    progress("Analysing motion", len(todo), len(todo))
    measured_now = {clip.id for clip in clips} & set(rooms.store.analyses())
    _flag_near_copies(rooms, motions[0], measured_now)
    blocked = {name: why for motion in motions for name, why in motion.blocked.items()}
    return AnalyseResult(
        len(measured_now),
        flag_counts(rooms),
        tuple(skipped),
        tuple(Blocked(name, why) for name, why in sorted(blocked.items())),
    )


def flag_counts(rooms: Rooms) -> dict[str, int]:
    """Flag name -> number of clips over its threshold; names with none are listed too."""
    counts: Counter[str] = Counter()
    for flags in rooms.store.flags().values():
        for flag in flags:
            counts[flag.name] += bool(flag.over)
    return dict(sorted(counts.items()))


def _measured(rooms: Rooms, motion: Motion) -> set[str]:
    """Ids of the clips that this version has analysed."""
    return {
        clip
        for clip, (_, signature) in rooms.store.analyses().items()
        if motion.is_current(np.frombuffer(signature, np.uint8))
    }


def _measurer(
    reader: ClipReader, fields: FieldStore, motion: Motion, token: Token
) -> Callable[[Clip], Measured]:
    """A worker with flow tools of its own."""

    def measure(clip: Clip) -> Measured:
        path = present_path(clip)
        start, stop = frame_range(clip)
        some = np.unique(np.linspace(start, stop - 1, _PICTURES).round().astype(int))
        pictures = reader.frames(path, indices=some.tolist(), max_side=_PICTURE_SIDE)
        pieces = reader.pieces(path, start, stop, FLOW_SIDE, luma=True, size=_PIECE)
        keep = _Blocks(fields, clip.content_hash, start)
        measured = motion.analyse(_checked(pieces, token), pictures, clip.info, keep.add)
        if clip.span is None:  # else the file goes on, and its next block is not whole
            keep.finish()
        return measured

    return measure


def _checked(pieces: Iterator[NDArray[np.uint8]], token: Token) -> Iterator[NDArray[np.uint8]]:
    for piece in pieces:
        token.check()
        yield piece


class _Blocks:
    """Gathers a clip's fields into whole blocks of its file."""

    def __init__(self, fields: FieldStore, content: str, start: int) -> None:
        self._fields, self._content, self._start = fields, content, start
        self._block: list[NDArray[np.float16]] = []
        self._number = start

    def add(self, number: int, made: NDArray[np.float16]) -> None:
        """The field of a frame of the clip; they come in order."""
        self._number = self._start + number
        place = self._number % BLOCK_FRAMES
        if place == 0:
            self._block = []
        if len(self._block) == place:  # else the clip began inside of this block
            self._block.append(made)
        if len(self._block) == BLOCK_FRAMES:
            self._write()

    def finish(self) -> None:
        """The file has no more frames: its last block may hold fewer."""
        if self._block and len(self._block) == self._number % BLOCK_FRAMES + 1:
            self._write()

    def _write(self) -> None:
        self._fields.write(self._content, block_of(self._number), np.stack(self._block))
        self._block = []


def _flag_near_copies(rooms: Rooms, motion: Motion, clips: set[str]) -> None:
    known = rooms.store.flags()
    if all(any(flag.name == _COMPARED for flag in known.get(clip, ())) for clip in clips):
        return  # all have been compared with all: what is measured anew loses its flags
    signatures = {
        clip: np.frombuffer(signature, np.uint8)
        for clip, (_, signature) in rooms.store.analyses().items()
        if clip in clips
    }
    for clip, flag in motion.near_copies(signatures).items():
        rooms.store.save_flag(clip, flag)
