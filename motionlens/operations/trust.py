"""What a ranking says about how far to trust it, in sentences."""

from __future__ import annotations

from collections.abc import Sequence

from motionlens.domain.clip import Clip
from motionlens.domain.ranking import STANDS_OUT

# Bad queries below which the program asks for more.
LEAST_BAD = 10
# Bad and good queries each -> AUROC of influence in finding planted clips, measured in the
# embedded world (300 clips, 105 of them planted, 20 draws of queries).
EXPECTED_AUROC = {3: 0.65, 6: 0.70, 12: 0.73, 20: 0.75}


def few_queries(bad: int) -> str:
    """A warning where a ranking has some bad queries but fewer than ten, else empty."""
    if not 0 < bad < LEAST_BAD:
        return ""
    one = "Only one bad query: " if bad == 1 else f"Only {bad} bad queries: "
    counts = ", ".join(str(count) for count in EXPECTED_AUROC)
    rates = ", ".join(f"{rate:.2f}" for rate in EXPECTED_AUROC.values())
    return (
        f"{one}ten or more rank better. In the embedded world {counts} bad and good queries each"
        f" found false motion with an AUROC of {rates}."
    )


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
