"""Near copy: the same pictures in the same order as another clip, or as a part of it.

A signature (:mod:`motionlens.motion.signature`) holds a 9x8 picture 8 times a second. Of each a
difference hash is taken (is a cell brighter than its left neighbour?), which survives encoding anew
and scaling. Copies may start at another time, and may be mirrored; one that is cropped, graded anew
or played at another speed is not found.

Pairs to compare come from equal quarters of hashes, so that ten thousand clips need no comparison
of each with each.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from motionlens.domain.clip import Flag
from motionlens.motion.flaggers.copy_pairs import Candidate, candidate_pairs
from motionlens.motion.flaggers.words import counted, percent
from motionlens.motion.signature import RATE, is_current, pictures_of

NAME = "near_duplicate"
# Share of equal bits; two unrelated clips agree in about half.
THRESHOLD = 0.85
FINDS = "share of equal bits of picture hashes over time, with the clip that is nearest"
# Mean difference of the tiny pictures, levels: encoding anew stays under 2.
_LEVELS = 4.0
# What changes over time must change alike: two takes before one wall do not. Where the pictures
# change less than this, in levels, there is nothing to compare.
_ALIKE, _LEAST_CHANGE = 0.6, 0.7
# A part of a clip is a copy from one second on, or from half of the shorter clip.
_LEAST_OVERLAP = RATE
_UNRELATED = 0.5


@dataclass(frozen=True)
class _Copy:
    clip: int
    equal: float
    lag: int  # eighths of a second
    overlap: int
    mirrored: bool
    is_copy: bool


def near_copies(signatures: Mapping[str, NDArray[np.uint8]]) -> dict[str, Flag]:
    """The flag of each clip, from the signatures of all: score = share of equal bits with the
    clip nearest to it, 0 to 1.

    All clips that are near copies of each other are flagged; the reason names the others. Clips
    whose signature is of another version are left out.
    """
    known = {clip: pictures_of(s) for clip, s in signatures.items() if is_current(s)}
    ids, shown = list(known), list(known.values())
    hashes = [hashes_of(pictures) for pictures in shown]
    mirrored = [hashes_of(pictures[:, :, ::-1]) for pictures in shown]
    found: list[list[_Copy]] = [[] for _ in ids]
    for pair in candidate_pairs(shown, hashes, mirrored):
        first, second = pair.first, pair.second
        ours = mirrored[first] if pair.mirrored else hashes[first]
        pictures = shown[first][:, :, ::-1] if pair.mirrored else shown[first]
        best = _best_lag(pictures, ours, shown[second], hashes[second], pair)
        if best is not None:
            equal, lag, overlap, is_copy = best
            found[first].append(_Copy(second, equal, lag, overlap, pair.mirrored, is_copy))
            found[second].append(_Copy(first, equal, -lag, overlap, pair.mirrored, is_copy))
    return {clip: _flag(ids, copies) for clip, copies in zip(ids, found, strict=True)}


def hashes_of(pictures: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """(T,) uint64 difference hashes of (T, 8, 9) pictures."""
    brighter = pictures[:, :, 1:] > pictures[:, :, :-1]
    packed = np.packbits(brighter.reshape(len(pictures), 64), axis=1)
    return np.ascontiguousarray(packed).view(np.uint64).ravel()


def _best_lag(
    ours: NDArray[np.uint8],
    our_hashes: NDArray[np.uint64],
    theirs: NDArray[np.uint8],
    their_hashes: NDArray[np.uint64],
    pair: Candidate,
) -> tuple[float, int, int, bool] | None:
    """Share of equal bits, lag, overlap and whether it is a copy, at the best lag near the pair's.

    Picture n of the first clip is compared with picture n + lag of the second.
    """
    least = min(_LEAST_OVERLAP, (min(len(ours), len(theirs)) + 1) // 2)
    best: tuple[float, int, int, bool] | None = None
    for lag in (pair.lag - 1, pair.lag, pair.lag + 1):
        start, stop = max(0, -lag), min(len(ours), len(theirs) - lag)
        if stop - start < least:
            continue
        differ = np.bitwise_count(our_hashes[start:stop] ^ their_hashes[start + lag : stop + lag])
        equal = 1 - float(differ.mean()) / 64
        if best is None or equal > best[0]:
            a, b = ours[start:stop], theirs[start + lag : stop + lag]
            best = equal, lag, stop - start, equal >= THRESHOLD and _same(a, b)
    return best


def _same(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> bool:
    """Whether levels are near, and change alike over time."""
    x, y = a.astype(np.float32), b.astype(np.float32)
    if float(np.abs(x - y).mean()) > _LEVELS:
        return False
    x, y = x - x.mean(axis=0), y - y.mean(axis=0)
    spread = float(np.sqrt((x * x).mean())), float(np.sqrt((y * y).mean()))
    if max(spread) < _LEAST_CHANGE:
        return True
    return float((x * y).mean()) >= _ALIKE * max(spread) ** 2


def _flag(ids: list[str], found: list[_Copy]) -> Flag:
    copies = [copy for copy in found if copy.is_copy]
    if not copies:
        # What is alike by hash only is plain, not alike: it does not count for the score.
        score = max((c.equal for c in found if c.equal < THRESHOLD), default=_UNRELATED)
        return Flag(NAME, score, "No other clip shows nearly the same.", False)
    nearest = max(copies, key=lambda copy: (copy.equal, copy.overlap))
    others = len({copy.clip for copy in copies}) - 1
    more = f", and {counted(others, 'more clip')}" if others else ""
    turned = " mirrored" if nearest.mirrored else ""
    seconds = abs(nearest.lag) / RATE
    side = "later" if nearest.lag > 0 else "earlier"
    later = f", where it comes {seconds:.1f} s {side}" if seconds else ""
    reason = (
        f"Shows nearly the same as clip {ids[nearest.clip][:8]}{turned}{later}{more}: "
        f"{percent(nearest.equal)} of the picture hash over {nearest.overlap / RATE:.1f} s is "
        f"equal."
    )
    return Flag(NAME, nearest.equal, reason, True)
