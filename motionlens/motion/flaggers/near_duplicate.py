"""Near copy: the same pictures in the same order as another clip.

A signature holds, for 8 times spread evenly over the clip, a difference hash (is each cell of a
9x8 picture brighter than its left neighbour?) and the mean colours of a 4x4 picture. The hash finds
the same picture after re-encoding and scaling; the colours keep plain clips apart, whose hash says
little. A copy that starts at another time, or is mirrored, cropped or graded anew, is not found.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from motionlens.domain.clip import Flag
from motionlens.domain.ports import Frames
from motionlens.motion.flaggers.words import counted, percent
from motionlens.motion.grids import grey, require_frames
from motionlens.motion.opencv import cv2

NAME = "near_duplicate"
# Share of equal bits; two unrelated clips agree in about half. A plain clip encoded anew at half
# the size falls to 0.88, most stay over 0.95.
THRESHOLD = 0.85
_TIMES, _HASH_BYTES, _COLOUR_SIDE = 8, 8, 4
_BITS = _TIMES * _HASH_BYTES * 8
_COLOURS = 3 * _COLOUR_SIDE * _COLOUR_SIDE
SIGNATURE_BYTES = _TIMES * (_HASH_BYTES + _COLOURS)
# Mean difference of the colours, in levels: encoding anew stays under 1.2, while two takes of one
# person before one wall (0.95 of the bits are equal) are 5.7 apart.
_COLOUR_LEVELS = 3.0
_ROWS_AT_ONCE = 256


def signature(frames: Frames) -> NDArray[np.uint8]:
    """(448,) uint8: 64 bytes of hash, then 384 of colours.

    Parameters
    ----------
    frames : (F, H, W, 3) uint8
        RGB.
    """
    require_frames(frames)
    hashes, colours = [], []
    for place in np.linspace(0, len(frames) - 1, _TIMES).round().astype(int):
        frame = np.ascontiguousarray(frames[place])
        cells = cv2.resize(grey(frame), (9, 8), interpolation=cv2.INTER_AREA).astype(np.int16)
        hashes.append(np.packbits(cells[:, 1:] > cells[:, :-1]))
        small = cv2.resize(frame, (_COLOUR_SIDE, _COLOUR_SIDE), interpolation=cv2.INTER_AREA)
        colours.append(np.asarray(small, np.uint8).ravel())
    return np.concatenate([*hashes, *colours])


def near_copies(signatures: Mapping[str, NDArray[np.uint8]]) -> dict[str, Flag]:
    """The flag of each clip, from the signatures of all: score = share of equal bits with the
    clip nearest to it, 0 to 1.

    All clips that are near copies of each other are flagged; the reason names the others.
    """
    ids = list(signatures)
    if not ids:
        return {}
    table = np.stack([np.asarray(signatures[clip], np.uint8) for clip in ids])
    hashes = np.ascontiguousarray(table[:, : _TIMES * _HASH_BYTES]).view(np.uint64)
    colours = table[:, _TIMES * _HASH_BYTES :].astype(np.int16)
    flags = {}
    for start in range(0, len(ids), _ROWS_AT_ONCE):
        rows = hashes[start : start + _ROWS_AT_ONCE]
        differ = np.zeros((len(rows), len(ids)), np.int32)
        for word in range(hashes.shape[1]):
            differ += np.bitwise_count(rows[:, word, None] ^ hashes[None, :, word])
        for offset, row in enumerate(differ):
            flags[ids[start + offset]] = _flag(ids, start + offset, row, colours)
    return flags


def _flag(ids: list[str], clip: int, differ: NDArray[np.int32], colours: NDArray[np.int16]) -> Flag:
    # Only clips near by hash are compared by colour: a few of many thousands.
    near = np.flatnonzero(differ <= (1 - THRESHOLD) * _BITS)
    near = near[near != clip]
    apart = np.abs(colours[near] - colours[clip]).mean(axis=1)
    copies = near[apart <= _COLOUR_LEVELS]
    if not len(copies):
        # What is alike by hash only is plain, not alike: it does not count for the score.
        others = np.delete(differ, np.append(near, clip))
        score = 1 - float(others.min(initial=_BITS)) / _BITS
        return Flag(NAME, score, "No other clip shows nearly the same.", False)
    nearest = copies[int(np.argmin(differ[copies]))]
    score = 1 - float(differ[nearest]) / _BITS
    more = f", and {counted(len(copies) - 1, 'more clip')}" if len(copies) > 1 else ""
    reason = (
        f"Shows nearly the same as clip {ids[nearest][:8]}{more}: "
        f"{percent(score)} of the picture hash over time is equal."
    )
    return Flag(NAME, score, reason, True)
