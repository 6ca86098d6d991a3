"""Which clips are worth comparing for a near copy, and at which lag."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# Quarters of a 64-bit hash: one of them survives a few bits that differ.
_BANDS, _BAND_BITS = 4, 16
# Of pictures with an equal quarter, so many are paired, those of nearest brightness.
_NEIGHBOURS = 10
# A clip is compared at most so often: those that share most quarters come first.
_MOST_OF_CLIP = 24
_LAG_RANGE = 1024  # beyond any lag of two signatures


@dataclass(frozen=True)
class Candidate:
    """Picture n of clip `first` may show what picture n + `lag` of clip `second` does."""

    first: int
    second: int
    lag: int
    mirrored: bool


def candidate_pairs(
    shown: Sequence[NDArray[np.uint8]],
    hashes: Sequence[NDArray[np.uint64]],
    mirrored: Sequence[NDArray[np.uint64]],
) -> Iterator[Candidate]:
    """Pairs of clips of which pictures share a quarter of their hash, best first.

    Parameters
    ----------
    shown : sequence of (T, 8, 9) uint8
        Pictures of each clip.
    hashes, mirrored : sequence of (T,) uint64
        Their hashes, and those of the mirrored pictures.
    """
    if len(shown) < 2:
        return
    table = _Table(shown, hashes, mirrored)
    codes = np.concatenate([table.pairs_of(band) for band in range(_BANDS)])
    unique, votes = np.unique(codes, return_counts=True)
    taken: dict[int, int] = defaultdict(int)
    seen: set[tuple[int, int, bool]] = set()
    for place in np.argsort(-votes, kind="stable"):
        pair = _decoded(int(unique[place]), len(shown))
        key = (pair.first, pair.second, pair.mirrored)
        if key in seen or min(taken[pair.first], taken[pair.second]) >= _MOST_OF_CLIP:
            continue
        seen.add(key)
        taken[pair.first] += 1
        taken[pair.second] += 1
        yield pair


class _Table:
    """One row for each picture, as it is and mirrored; a picture that stays counts once."""

    def __init__(
        self,
        shown: Sequence[NDArray[np.uint8]],
        hashes: Sequence[NDArray[np.uint64]],
        mirrored: Sequence[NDArray[np.uint64]],
    ) -> None:
        clip, time, level, value, flipped = [], [], [], [], []
        for number, pictures in enumerate(shown):
            fresh = np.flatnonzero(
                np.concatenate([[True], hashes[number][1:] != hashes[number][:-1]])
            )
            for kind, values in enumerate((hashes[number], mirrored[number])):
                clip.append(np.full(len(fresh), number, np.int64))
                time.append(fresh)
                level.append(pictures[fresh].mean(axis=(1, 2)))
                value.append(values[fresh])
                flipped.append(np.full(len(fresh), bool(kind)))
        self._clips = len(shown)
        self._clip, self._time = np.concatenate(clip), np.concatenate(time)
        self._level = np.concatenate(level)
        self._value, self._flipped = np.concatenate(value), np.concatenate(flipped)

    def pairs_of(self, band: int) -> NDArray[np.int64]:
        """Codes of the pairs that one quarter of the hashes finds."""
        shift = np.uint64(band * _BAND_BITS)
        part = (self._value >> shift) & np.uint64((1 << _BAND_BITS) - 1)
        order = np.lexsort((self._level, part))
        found = []
        for step in range(1, min(_NEIGHBOURS, len(order) - 1) + 1):
            a, b = order[:-step], order[step:]
            fits = (part[a] == part[b]) & (self._clip[a] != self._clip[b])
            fits &= ~(self._flipped[a] & self._flipped[b])
            found.append(self._codes(a[fits], b[fits]))
        return np.concatenate(found) if found else np.zeros(0, np.int64)

    def _codes(self, a: NDArray[np.int64], b: NDArray[np.int64]) -> NDArray[np.int64]:
        # The mirrored side, or else the clip of the lower number, is the first of a pair.
        mirrored = self._flipped[a] | self._flipped[b]
        swap = np.where(mirrored, self._flipped[b], self._clip[a] > self._clip[b])
        first, second = np.where(swap, b, a), np.where(swap, a, b)
        lag = self._time[second] - self._time[first] + _LAG_RANGE
        pair = self._clip[first] * self._clips + self._clip[second]
        return np.asarray((pair * (2 * _LAG_RANGE) + lag) * 2 + mirrored, np.int64)


def _decoded(code: int, clips: int) -> Candidate:
    rest, mirrored = divmod(code, 2)
    pair, lag = divmod(rest, 2 * _LAG_RANGE)
    first, second = divmod(pair, clips)
    return Candidate(first, second, lag - _LAG_RANGE, bool(mirrored))
