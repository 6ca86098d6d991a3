"""The frame table: which timestamp frame N has, and where decoding can start."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from statistics import median
from typing import NamedTuple

from av.packet import Packet
from av.video.stream import VideoStream


class PacketFacts(NamedTuple):
    """What is kept of a packet; times in ticks of the stream's time base."""

    pts: int | None
    dts: int | None
    size: int
    key: bool
    discard: bool

    @classmethod
    def of(cls, packet: Packet[VideoStream]) -> PacketFacts:
        """The facts of a packet."""
        return cls(
            packet.pts, packet.dts, packet.size, bool(packet.is_keyframe), bool(packet.is_discard)
        )


@dataclass(frozen=True)
class Key:
    """A key frame: its packet's times in ticks, and the first frame that can be had from it."""

    pts: int
    dts: int
    first: int


@dataclass(frozen=True)
class FrameTable:
    """Frame numbers of a file.

    Attributes
    ----------
    pts : tuple of int
        The timestamp of each frame, ticks, strictly increasing; empty where timestamps cannot tell
        frames apart, which leaves counting from the start.
    keys : tuple of Key
        Where decoding can start, by `first`; none for damaged files, whose repaired frames depend
        on all frames before them.
    damaged : bool
        To be decoded on one thread, from the start.
    """

    frames: int
    pts: tuple[int, ...]
    keys: tuple[Key, ...]
    damaged: bool = False


def make_table(
    pts: Sequence[int | None], packets: Sequence[PacketFacts], damaged: bool
) -> FrameTable:
    """The table of a file from the timestamps of its decoded frames and its packets."""
    known = tuple(p for p in pts if p is not None)
    if damaged or len(known) < len(pts) or not strictly_increasing(known):
        return FrameTable(len(pts), (), (), damaged)
    keys: dict[int, Key] = {}
    for packet in packets:
        if packet.key and packet.pts is not None:
            first = bisect_left(known, packet.pts)
            if first < len(known):
                # Matroska does not give decoding times at the start.
                dts = packet.pts if packet.dts is None else packet.dts
                keys[first] = Key(packet.pts, dts, first)
    return FrameTable(len(known), known, tuple(keys[first] for first in sorted(keys)))


def table_from_packets(
    packets: Sequence[PacketFacts], times: Sequence[float], time_base: Fraction
) -> FrameTable | None:
    """The table of an undamaged file from its packets alone.

    Parameters
    ----------
    packets : sequence of PacketFacts
        All of the stream.
    times : sequence of float
        The frame times that an earlier full decode found, seconds.

    Returns
    -------
    FrameTable or None
        None where the packets do not bear out those times: then only decoding can tell.
    """
    shown = [p.pts for p in packets if not p.discard]
    known = sorted(p for p in shown if p is not None)
    if len(known) != len(shown) or [float(p * time_base) for p in known] != list(times):
        return None
    return make_table(known, packets, damaged=False)


def strictly_increasing(values: Sequence[int]) -> bool:
    """Whether each value is greater than the one before it."""
    return all(a < b for a, b in pairwise(values))


def shown_ticks(
    pts: Sequence[int | None], dts: Sequence[int | None], step: Fraction
) -> list[Fraction]:
    """Times of frames in ticks, in order of showing.

    The stream's own timestamps where they increase. Some AVI files have them in the order of
    decoding; the decoding times of the frames, which increase, are then the times of showing (the
    rule of FFmpeg's own players). Where neither helps, frames follow each other by `step` ticks.
    """
    for candidate in (pts, dts):
        filled = _filled(candidate, step)
        if filled is not None:
            return filled
    start = next((p for p in pts if p is not None), 0)
    return [start + n * step for n in range(len(pts))]


def _filled(ticks: Sequence[int | None], step: Fraction) -> list[Fraction] | None:
    known = [t for t in ticks if t is not None]
    # A few gaps (frames flushed at the end of the stream) may be filled; most must be known.
    if not known or 2 * len(known) <= len(ticks) or not strictly_increasing(known):
        return None
    if len(known) > 1:
        step = Fraction(median(b - a for a, b in pairwise(known)))
    missing_first = next(n for n, t in enumerate(ticks) if t is not None)
    filled = [Fraction(known[0]) - (missing_first - n) * step for n in range(missing_first)]
    for tick in ticks[missing_first:]:
        filled.append(Fraction(tick) if tick is not None else filled[-1] + step)
    return filled if all(a < b for a, b in pairwise(filled)) else None
