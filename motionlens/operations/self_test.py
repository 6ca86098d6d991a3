"""The self-test of an index: clips of it, asked about as queries, must find themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from motionlens.domain.ports import Attributor, Frames, GradientIndex, Indexes, Mask
from motionlens.domain.seeds import generator
from motionlens.domain.self_test import SelfTest

CLIPS = 2
# Moved masks a clip.
SHUFFLES = 4
# The same gradient twice, on any device.
SAME = 0.999
# With its mask moved elsewhere a clip must lose at least this much likeness to itself; measured in
# the embedded world: 0.1 of 1 is left.
MOVED = 0.99
_BLOCK = 16384


@dataclass(frozen=True, eq=False)
class Tested:
    """A clip of the index, as the model sees it."""

    id: str
    frames: Frames
    mask: Mask | None
    caption: str


def self_test(index: GradientIndex, attributor: Attributor, clips: Sequence[Tested]) -> SelfTest:
    """Ask about clips of an index as if they were queries.

    Each must come out on top with a cosine of 1, so that rows and queries are made alike and rows
    belong to their clips; under masks that were moved it must not, so that the mask counts. Clips
    with exactly the same gradient share the first place.
    """
    places = {clip: n for n, clip in enumerate(index.ids)}
    owns, ranks, moved = [], [], []
    for clip in clips:
        query = attributor.query_row(clip.frames, clip.mask, clip.caption).vector
        cosines = _cosines(index.vectors(), query)
        own = float(cosines[places[clip.id]])
        owns.append(own)
        ranks.append(1 + int(np.count_nonzero(cosines > own + 1 - SAME)))
        if clip.mask is not None:
            rng = generator("self-test", index.spec.fingerprint, clip.id)
            masks = [moved_mask(clip.mask, rng) for _ in range(SHUFFLES)]
            rows = attributor.null_rows(clip.frames, masks, clip.caption)
            row = np.asarray(index.vectors()[places[clip.id]], dtype=np.float32)
            moved.append(float(np.median(_cosines(rows, row))))
    own, rank = min(owns, default=1.0), max(ranks, default=1)
    shuffled = min(moved, default=None)
    why = _why(own, rank, shuffled)
    return SelfTest(not why, len(clips), own, rank, shuffled, why)


def kept_self_test(indexes: Indexes, fingerprint: str) -> SelfTest | None:
    """The result that is kept with an index; None where it was never tested."""
    kept = indexes.latest(fingerprint)[1].get("self_test")
    try:
        return None if kept is None else SelfTest(**kept)
    except TypeError:
        return None  # of another version; the next rows bring a new one


def keep_self_test(indexes: Indexes, fingerprint: str, result: SelfTest) -> None:
    """Keep a result with its index."""
    indexes.keep_note(fingerprint, "self_test", asdict(result))


def moved_mask(mask: Mask, rng: np.random.Generator) -> Mask:
    """A mask rolled in time and space and perhaps mirrored: the motion's size and shape, but not
    its place."""
    frames, height, width = mask.shape
    rolled = np.roll(
        mask,
        (
            int(rng.integers(frames)),
            int(rng.integers(height // 4, height - height // 4 + 1)),
            int(rng.integers(width // 4, width - width // 4 + 1)),
        ),
        axis=(0, 1, 2),
    )
    return np.ascontiguousarray(rolled[:, :, ::-1] if rng.integers(2) else rolled)


def _cosines(rows: NDArray[np.float32], query: NDArray[np.float32]) -> NDArray[np.float32]:
    """(N,) cosines, 0 for rows of zeros; block by block, and in float32 whatever the rows are."""
    found = np.zeros(len(rows), np.float32)
    for start in range(0, len(rows), _BLOCK):
        block = np.asarray(rows[start : start + _BLOCK], dtype=np.float32)
        lengths = np.sqrt(np.vecdot(block, block)) * np.linalg.norm(query)
        part = found[start : start + _BLOCK]
        np.divide(block @ query, lengths, where=lengths > 0, out=part)
    return found


def _why(own: float, rank: int, shuffled: float | None) -> str:
    if own < SAME or rank > 1:
        return (
            f"a clip asked about as a query comes out at rank {rank} with a cosine of {own:.3f}"
            " where rank 1 and 1.000 are due: rows do not belong to their clips, or the model's"
            " results change from run to run"
        )
    if shuffled is not None and shuffled > MOVED:
        return (
            f"a clip whose motion mask is moved elsewhere keeps {100 * shuffled:.0f} % likeness to"
            " itself: the mask makes no difference to this model"
        )
    return ""
