"""What an index says about itself: does a clip find itself, and does its motion matter?"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SelfTest:
    """The check that follows on new rows of an index.

    Attributes
    ----------
    ok : bool
        False: rankings from this index cannot be trusted.
    clips : int
        Training clips that were asked about as if they were queries.
    own : float
        Lowest cosine of such a query with its own row; 1 but for rounding.
    rank : int
        Worst place of a clip in the ranking by itself; 1 where all is well.
    shuffled : float or None
        Median cosine of the same queries with their own rows when their masks are moved to where
        the motion is not, of the clip where it is lowest; None for an index without masks.
    why : str
        Empty, or in words what is wrong.
    """

    ok: bool
    clips: int
    own: float
    rank: int
    shuffled: float | None
    why: str = ""
