"""One row of a benchmark, and how its two sides are timed."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """Ours and a peer, or a physical limit, measured in one run.

    Attributes
    ----------
    ours, peer : float
        Milliseconds, except where `case` names another unit.
    ratio : float
        ours / peer; what counts, since the machine's speed cancels.
    limit : float or None
        The goal for `ratio`, where there is one.
    """

    suite: str
    case: str
    ours: float
    peer: float
    peer_name: str
    ratio: float
    limit: float | None = None


def best_of(
    runs: int,
    ours: Callable[[], object],
    peer: Callable[[], object],
    clock: Callable[[], float] = time.process_time,
) -> tuple[float, float]:
    """Medians in ms of CPU time, the two taken in turn so that drift hits both alike."""
    spent: tuple[list[float], list[float]] = ([], [])
    for work in (ours, peer):
        work()  # caches and pages are warm for both
    for _ in range(runs):
        for work, kept in zip((ours, peer), spent, strict=True):
            start = clock()
            work()
            kept.append((clock() - start) * 1000)
    middle = runs // 2
    return sorted(spent[0])[middle], sorted(spent[1])[middle]


def compared(
    suite: str,
    case: str,
    peer_name: str,
    ours: Callable[[], object],
    peer: Callable[[], object],
    *,
    limit: float | None = None,
    runs: int = 5,
    clock: Callable[[], float] = time.process_time,
) -> Row:
    """Time both sides and put them in a row.

    `clock` is CPU time, which other programs do not lengthen; `time.perf_counter` where threads
    that spin while they wait would count, for one side or for both.
    """
    mine, theirs = best_of(runs, ours, peer, clock)
    return Row(suite, case, mine, theirs, peer_name, mine / max(theirs, 1e-6), limit)
