"""The blind comparison of base and tuned model: pairs, votes, and their report."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from motionlens.domain.seeds import generator
from motionlens.domain.statistics import binomial_p_value, wilson_interval


class Vote(StrEnum):
    LEFT = "left"
    RIGHT = "right"
    TIE = "tie"


@dataclass(frozen=True)
class Pair:
    """Two generations from one start. `tuned_left` stays sealed until the report."""

    number: int
    left: str
    right: str
    tuned_left: bool
    prompt: str = ""


@dataclass(frozen=True)
class CastVote:
    pair: int
    vote: Vote
    by: str
    at: str = ""


@dataclass(frozen=True)
class TrialReport:
    """Counts and rates; `base` and `tuned` stay empty until every pair has a vote.

    Attributes
    ----------
    win_rate : float or None
        wins / (wins + losses); None where nothing was decided.
    ci95 : tuple of float
        Wilson interval of `win_rate`.
    p_value : float
        Exact two-sided binomial test without ties.
    win_share, tie_share, loss_share : float or None
        Shares of all votes (the convention of the published 74.1 %).
    """

    trial: str
    pairs: int
    participants: int
    wins: int
    ties: int
    losses: int
    win_rate: float | None
    ci95: tuple[float, float]
    p_value: float
    win_share: float | None
    tie_share: float | None
    loss_share: float | None
    voted_pairs: int
    base: str = ""
    tuned: str = ""


def sides(trial: str, pairs: int) -> list[bool]:
    """For each pair whether the tuned model stands left: seeded, balanced to within one."""
    rng = generator("trial sides", trial)
    left = [i < (pairs + int(rng.integers(2))) // 2 for i in range(pairs)]
    rng.shuffle(left)
    return left


def latest_votes(votes: Iterable[CastVote]) -> list[CastVote]:
    """One vote a person and pair: a second vote replaces the first."""
    kept: dict[tuple[int, str], CastVote] = {}
    for vote in votes:
        kept[vote.pair, vote.by] = vote
    return list(kept.values())


def report(
    trial: str, pairs: Iterable[Pair], votes: Iterable[CastVote], base: str, tuned: str
) -> TrialReport:
    """Count the votes; names are given only when every pair has one."""
    by_number = {pair.number: pair for pair in pairs}
    cast = latest_votes(votes)
    wins = losses = ties = 0
    for vote in cast:
        if vote.vote is Vote.TIE:
            ties += 1
        elif (vote.vote is Vote.LEFT) == by_number[vote.pair].tuned_left:
            wins += 1
        else:
            losses += 1
    decided, total = wins + losses, wins + losses + ties
    voted = len({vote.pair for vote in cast})
    whole = voted == len(by_number) and voted > 0
    return TrialReport(
        trial=trial,
        pairs=len(by_number),
        participants=len({vote.by for vote in cast}),
        wins=wins,
        ties=ties,
        losses=losses,
        win_rate=wins / decided if decided else None,
        ci95=wilson_interval(wins, decided),
        p_value=binomial_p_value(wins, decided),
        win_share=wins / total if total else None,
        tie_share=ties / total if total else None,
        loss_share=losses / total if total else None,
        voted_pairs=voted,
        base=base if whole else "",
        tuned=tuned if whole else "",
    )
