"""Queries into projected gradients, against an index that is known to be fresh."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from motionlens.domain.clip import Clip, Region, Span
from motionlens.domain.errors import IndexStale, UsageError
from motionlens.domain.ports import Attributor, GradientIndex, GradientRow, Progress, Token
from motionlens.domain.ranking import Part
from motionlens.domain.seeds import generator
from motionlens.operations import captions
from motionlens.operations.changed import changed_files
from motionlens.operations.index import attributor_for
from motionlens.operations.model_clip import ModelClip, model_clip, picture_side
from motionlens.operations.rooms import Rooms
from motionlens.operations.self_test import moved_mask

_MASKS_AT_ONCE = 8


@dataclass(frozen=True, eq=False)
class OpenIndex:
    """An index with the attributor that makes rows like its own."""

    index: GradientIndex
    note: Mapping[str, Any]
    attributor: Attributor


def open_fresh(
    rooms: Rooms, fingerprint: str | None, device: str, clips: Sequence[Clip]
) -> OpenIndex:
    """The index of the last `index` call, or the named one.

    Raises
    ------
    IndexMissing
        There is none yet.
    IndexStale
        Weights, recipe, or a clip's file changed under it.
    """
    index, noted = rooms.indexes.latest(fingerprint)
    attributor = attributor_for(rooms, noted, device)
    changed = index.spec.differences(attributor.spec)
    indexed = set(index.ids)
    files = changed_files(rooms, (clip for clip in clips if clip.id in indexed))
    changed += [f"the content of {path} changed" for path in files.values()]
    if renamed := captions.changed(rooms, index.spec.fingerprint, clips):
        changed.append(f"the captions of {len(renamed)} indexed clips changed")
    if changed:
        raise IndexStale(
            f"Index {index.spec.fingerprint} is stale",
            "; ".join(changed),
            # A changed file is another clip: indexing alone would never see it.
            f"{'Add the changed files again, then index' if files else 'Index'} again, or name"
            " another index with --index",
        )
    return OpenIndex(index, noted, attributor)


class QueryMaker:
    """Makes rows of queries, and of the same queries under shuffled masks."""

    def __init__(self, rooms: Rooms, opened: OpenIndex) -> None:
        self._rooms = rooms
        self._opened = opened
        self._motion = rooms.motion(opened.note["flow"])
        self._made: dict[str, ModelClip] = {}

    def rows(
        self,
        clips: Sequence[Clip],
        parts: Sequence[Part],
        progress: Progress,
        token: Token,
    ) -> list[GradientRow]:
        """One row a query, of its part."""
        rows = []
        self._opened.attributor.prepare([clip.caption for clip in clips])
        for done, (clip, part) in enumerate(zip(clips, parts, strict=True)):
            token.check()
            progress("Gradients of the queries", done, len(clips))
            rows.append(self.row(clip, part.region, part.span))
        return rows

    def row(self, clip: Clip, region: Region | None, span: Span | None) -> GradientRow:
        """The row of one query, `span` in its own frame numbers."""
        self._opened.attributor.prepare([clip.caption])
        seen = self.seen(clip)
        part = None if span is None else self.part(clip, seen, span)
        return self._opened.attributor.query_row(seen.frames, seen.mask, clip.caption, region, part)

    def part(self, clip: Clip, seen: ModelClip, span: Span) -> Span:
        """The span in the frames that the model sees; refused in the clip's own frame numbers."""
        if not 0 <= span.start < span.stop <= clip.info.frames:
            raise UsageError(
                f"The span {span.start}:{span.stop} is empty or lies outside {clip.name}",
                f"it has {clip.info.frames} frames",
                "Mend the span",
            )
        part = seen.sampled_span(span)
        attributor = self._opened.attributor
        first = attributor.first_generated(len(seen.frames))
        if part.stop <= first < len(seen.times):
            start = int(seen.times[first])
            raise UsageError(
                f"The frames {span.start}:{span.stop} of {clip.name} cannot be asked about",
                f"the model is given a clip's first {attributor.given_frames} frames at equal"
                f" times (here all before frame {start}) and does not make them",
                f"Choose frames from {start} on",
            )
        return part

    def null_rows(
        self, clips: Sequence[Clip], copies: int, progress: Progress, token: Token
    ) -> NDArray[np.float32]:
        """(copies, Q, D): the queries under masks rolled in time and turned in space.

        A mask of its own clip, moved to where the motion is not, has the motion's size and shape
        but not its place: what such a query scores is chance.
        """
        rng = generator("null masks", self._opened.index.spec.fingerprint)
        dim = self._opened.index.spec.dim
        rows = np.empty((copies, len(clips), dim), np.float32)
        for q, clip in enumerate(clips):
            seen = self.seen(clip)
            if seen.mask is None:
                raise ValueError("an index without masks has none to move")
            for first in range(0, copies, _MASKS_AT_ONCE):
                token.check()
                progress("Chance level", q * copies + first, copies * len(clips))
                last = min(copies, first + _MASKS_AT_ONCE)
                # One forward pass serves all masks of a clip.
                masks = [moved_mask(seen.mask, rng) for _ in range(first, last)]
                rows[first:last, q] = self._opened.attributor.null_rows(
                    seen.frames, masks, clip.caption
                )
        return rows

    def seen(self, clip: Clip) -> ModelClip:
        """What the model sees of a clip; read once."""
        if clip.id not in self._made:
            self._made[clip.id] = model_clip(
                self._rooms,
                clip,
                self._motion,
                self._opened.note["mask"],
                self._opened.attributor.frames,
                picture_side(self._opened.attributor),
            )
        return self._made[clip.id]
