"""What a ranking says about how far to trust it, in sentences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from motionlens.domain.clip import Clip
from motionlens.domain.ranking import STANDS_OUT
from motionlens.operations.evaluate_shown import shipped_studies

# Bad queries below which the program asks for more.
LEAST_BAD = 10


def few_queries(bad: int) -> str:
    """A warning where a ranking has some bad queries but fewer than ten, else empty."""
    if not 0 < bad < LEAST_BAD:
        return ""
    one = "Only one bad query: " if bad == 1 else f"Only {bad} bad queries: "
    return f"{one}ten or more rank better.{_gain()}"


def _gain() -> str:
    """What more queries gained in the first shipped study that measured it."""
    found = next((f for d in shipped_studies() for f in _by_queries(d)), None)
    if found is None:
        return ""
    world, rates = found
    return (
        f" In the {world} world {', '.join(rates)} bad and good queries each found false motion"
        f" with an AUROC of {', '.join(f'{rate:.2f}' for rate in rates.values())}."
    )


def _by_queries(document: dict[str, Any]) -> list[tuple[str, dict[str, float]]]:
    worlds = document.get("worlds", {}).items()
    # JSON sorts its keys as words: 12 before 3.
    return [
        (name, {count: rates[count] for count in sorted(rates, key=int)})
        for name, w in worlds
        if (rates := w.get("auroc_by_queries"))
    ]


def still_queries(clips: Sequence[Clip]) -> str:
    """A warning about queries in which nothing moves, else empty."""
    if not clips:
        return ""
    names = ", ".join(clip.name for clip in clips[:3]) + (", ..." if len(clips) > 3 else "")
    return f"Nothing moves in {names}: a query without motion has no direction and is left out."


def nothing_stands_out(standing_out: int | None) -> str:
    """The answer where no clip is above chance, else empty."""
    if standing_out is None or standing_out > 0:
        return ""
    return (
        "Nothing stands out: no clip scores higher than queries whose masks were moved reach by"
        f" chance (no q-value up to {STANDS_OUT:g})."
    )
