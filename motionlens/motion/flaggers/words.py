"""Numbers in reasons, as people read them."""

from __future__ import annotations


def percent(share: float) -> str:
    """A share of 1 in percent: no "100 %" that is not all, no "0 %" that is not none."""
    value = 100 * share
    if 0 < value < 1:
        return "under 1 %"
    if 99 < value < 100:
        return "over 99 %"
    return f"{value:.0f} %"


def pixels(length: float) -> str:
    """A length in px: one decimal below 10, none above."""
    return f"{length:.1f} px" if length < 9.95 else f"{length:.0f} px"


def times(ratio: float) -> str:
    """A ratio: "9 times", "over 100 times"."""
    return "over 100 times" if ratio > 100 else f"{ratio:.0f} times"


def counted(number: int, what: str) -> str:
    """ "1 run", "4 runs"."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
