"""`analyse`: flow statistics and flags for all clips; goes on where it was stopped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from motionlens.domain.clip import Clip, Flag, MotionSummary
from motionlens.domain.errors import MediaError, UsageError
from motionlens.domain.ports import Progress, Token
from motionlens.operations.add import Skipped
from motionlens.operations.ahead import ahead, spare_lanes
from motionlens.operations.rooms import NO_PROGRESS, NO_TOKEN, Rooms, frame_range, present_path

# Flow is measured on frames of at most this side: DIS MEDIUM works at half size anyway, and the
# curve is given back in px of the clip as shown.
ANALYSIS_SIDE = 320
# At most so many frames of a clip are analysed (100 s at 30 fps), so that memory stays bounded.
MOST_FRAMES = 3000

Measured = tuple[MotionSummary, list[Flag], NDArray[np.uint8]]


@dataclass(frozen=True)
class AnalyseResult:
    """`done` counts all clips of the project that are analysed now, in this call or before."""

    done: int
    flags: Mapping[str, int]
    skipped: tuple[Skipped, ...]


def analyse(
    rooms: Rooms,
    *,
    again: bool = False,
    jobs: int | None = None,
    progress: Progress = NO_PROGRESS,
    token: Token = NO_TOKEN,
) -> AnalyseResult:
    """Measure each clip's motion and flag what looks wrong.

    Clips that are analysed already are left alone unless `again`. Each clip is committed by
    itself, so a stopped analysis goes on where it was.

    Parameters
    ----------
    jobs : int, optional
        Clips measured side by side; by the machine's cores without it.
    """
    clips = rooms.store.clips()
    have = set() if again else set(rooms.store.analyses())
    todo = [clip for clip in clips if clip.id not in have]
    skipped: list[Skipped] = []
    workers = [_measurer(rooms) for _ in range(jobs or spare_lanes())]
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
    _flag_near_copies(rooms)
    measured_now = {clip.id for clip in clips} & set(rooms.store.analyses())
    return AnalyseResult(len(measured_now), flag_counts(rooms), tuple(skipped))


def flag_counts(rooms: Rooms) -> dict[str, int]:
    """Flag name -> number of clips over its threshold; names with none are listed too."""
    counts: Counter[str] = Counter()
    for flags in rooms.store.flags().values():
        for flag in flags:
            counts[flag.name] += bool(flag.over)
    return dict(sorted(counts.items()))


def _measurer(rooms: Rooms) -> Callable[[Clip], Measured]:
    """A worker with flow tools of its own."""
    motion = rooms.motion()

    def measure(clip: Clip) -> Measured:
        start, stop = frame_range(clip, MOST_FRAMES)
        frames = rooms.reader.frames(present_path(clip), start, stop, max_side=ANALYSIS_SIDE)
        return motion.analyse(frames, clip.info, clip.info.width / frames.shape[2])

    return measure


def _flag_near_copies(rooms: Rooms) -> None:
    training = {clip.id for clip in rooms.store.clips()}
    signatures = {
        clip: np.frombuffer(signature, np.uint8)
        for clip, (_, signature) in rooms.store.analyses().items()
        if clip in training
    }
    for clip, flag in rooms.motion().near_copies(signatures).items():
        rooms.store.save_flag(clip, flag)
