"""Work on the next clips while this one is being used: decoding and flow on lanes of their own."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable
from typing import TypeVar

from motionlens.lanes import SerialLane

Item = TypeVar("Item")
Made = TypeVar("Made")


def spare_lanes(most: int = 4) -> int:
    """How many lanes of native work this machine runs side by side, at least one."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return max(1, min(most, cores or 1))


def ahead(
    items: Iterable[Item], workers: list[Callable[[Item], Made]], depth: int = 2
) -> Generator[tuple[Item, Callable[[], Made]], None, None]:
    """Each item, in order, with a call that waits for what its worker made of it.

    Parameters
    ----------
    workers : list of callables
        Each is called on a lane of its own, so that it may own tools that are not shared.
    depth : int
        Items that each lane works ahead of the reader: what bounds the memory.

    Notes
    -----
    What a worker raises comes out of the waiting call. Leaving the iterator early ends the lanes.
    """
    lanes = [SerialLane(f"ahead {number}") for number in range(len(workers))]
    waiting: deque[tuple[Item, Callable[[], Made]]] = deque()
    try:
        for number, item in enumerate(items):
            place = number % len(lanes)
            waiting.append((item, _started(lanes[place], workers[place], item)))
            if len(waiting) > depth * len(lanes):
                yield waiting.popleft()
        while waiting:
            yield waiting.popleft()
    finally:
        for lane in lanes:
            lane.close()


def _started(lane: SerialLane, work: Callable[[Item], Made], item: Item) -> Callable[[], Made]:
    return lane.submit("ahead", lambda _: work(item)).result
