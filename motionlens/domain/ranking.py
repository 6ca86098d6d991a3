"""Queries and the rankings that answer them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from motionlens.domain.clip import Region, Span
from motionlens.domain.language import say

# Largest q-value at which a candidate counts as more than chance.
STANDS_OUT = 0.05


class Polarity(StrEnum):
    """`bad`: motion we want gone; `good`: motion we want."""

    BAD = "bad"
    GOOD = "good"


class Method(StrEnum):
    """How projected gradients become one score; see `attribution/scoring`."""

    COSINE = "cosine"
    CENTRED = "centred"
    WHITENED = "whitened"
    VOTE = "vote"
    COMBINED = "combined"
    LEARNED = "learned"


@dataclass(frozen=True)
class Part:
    """Where and when in a query the motion is meant; nothing given means all of it."""

    region: Region | None = None
    span: Span | None = None

    @property
    def words(self) -> str:
        """Such as "12, 30 to 52, 80 % of the frame, frames 4 to 11"."""
        box, span = self.region, self.span
        where = say("whole frame")
        if box is not None:
            x, y = 100 * box.x, 100 * box.y
            right, bottom = x + 100 * box.width, y + 100 * box.height
            where = say(
                "{x:.0f}, {y:.0f} to {right:.0f}, {bottom:.0f} % of the frame",
                x=x,
                y=y,
                right=right,
                bottom=bottom,
            )
        when = say("all frames")
        if span is not None:
            when = say("frames {first} to {last}", first=span.start, last=span.stop - 1)
        return f"{where}, {when}"


@dataclass(frozen=True)
class Query:
    """A clip whose motion is asked about, with an optional region and frame range."""

    clip: str
    polarity: Polarity = Polarity.BAD
    region: Region | None = None
    span: Span | None = None


@dataclass(frozen=True)
class RankedClip:
    """One row of a ranking.

    Attributes
    ----------
    score : float
        Mean over bad queries minus mean over good ones; positive: training on the clip pushes
        the model toward the bad motion.
    rank : int
        1 is the most harmful candidate.
    p_value, q_value : float or None
        Against mask-shuffled queries; q after Benjamini and Hochberg (1995).
    per_query : mapping
        Query clip id -> cosine, -1 to 1.
    parts : mapping
        Name -> value of what the score was made of (for reasons and the learned ranker).
    rank_low, rank_high : int or None
        5th and 95th percentile of the rank under other queries and draws of noise.
    no_motion : bool
        Nothing moves in the clip: its mask is empty, so influence has nothing to say about it.
    """

    id: str
    score: float
    rank: int
    p_value: float | None = None
    q_value: float | None = None
    per_query: Mapping[str, float] = field(default_factory=dict)
    parts: Mapping[str, float] = field(default_factory=dict)
    rank_low: int | None = None
    rank_high: int | None = None
    no_motion: bool = False


@dataclass(frozen=True)
class Ranking:
    """Candidates, most harmful first.

    Attributes
    ----------
    left_out : int
        Training clips that are not indexed.
    ridge : float or None
        Damping of the whitened geometry, in mean eigenvalues.
    standing_out : int or None
        Clips above chance at a false discovery rate of `STANDS_OUT`; None without p-values.
    warnings : tuple of str
        What to know before trusting it, in sentences.
    band : (low, high) or None
        Scores between these are no evidence either way: moved masks reach them as well (q over
        `STANDS_OUT` on either side). None without p-values, and for methods whose scores are
        mean ranks.
    """

    method: str
    fingerprint: str
    rows: tuple[RankedClip, ...]
    queries: tuple[Query, ...] = ()
    left_out: int = 0
    ridge: float | None = None
    standing_out: int | None = None
    warnings: tuple[str, ...] = ()
    band: tuple[float, float] | None = None


@dataclass(frozen=True)
class ScoredClip:
    id: str
    score: float


@dataclass(frozen=True)
class Neighbours:
    """The N highest and the N lowest scores of one query, whatever their sign."""

    proponents: tuple[ScoredClip, ...]
    opponents: tuple[ScoredClip, ...]
    fingerprint: str = ""
    left_out: int = 0
