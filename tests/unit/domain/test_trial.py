"""The blind trial's arithmetic."""

from __future__ import annotations

from motionlens.domain.trial import CastVote, Pair, Vote, report, sides


def _pairs(lefts: list[bool]) -> list[Pair]:
    return [Pair(i + 1, "l", "r", left) for i, left in enumerate(lefts)]


def test_votes_count_for_the_tuned_side() -> None:
    pairs = _pairs([True, False, True, False])
    votes = [
        CastVote(1, Vote.LEFT, "ann"),  # tuned
        CastVote(2, Vote.LEFT, "ann"),  # base
        CastVote(3, Vote.TIE, "ann"),
        CastVote(4, Vote.RIGHT, "ann"),  # tuned
    ]
    found = report("t", pairs, votes, "base", "run-1")
    assert (found.wins, found.ties, found.losses) == (2, 1, 1)
    assert found.win_rate == 2 / 3
    assert found.win_share == 0.5
    assert (found.base, found.tuned) == ("base", "run-1")


def test_a_second_vote_replaces_the_first_and_names_wait_for_all_pairs() -> None:
    pairs = _pairs([True, True])
    votes = [CastVote(1, Vote.RIGHT, "ann"), CastVote(1, Vote.LEFT, "ann")]
    found = report("t", pairs, votes, "base", "run-1")
    assert (found.wins, found.losses, found.participants) == (1, 0, 1)
    assert found.base == found.tuned == ""


def test_nothing_decided_has_no_rate() -> None:
    found = report("t", _pairs([True]), [CastVote(1, Vote.TIE, "ann")], "a", "b")
    assert found.win_rate is None
    assert found.ci95 == (0.0, 1.0)
    assert found.p_value == 1.0


def test_sides_are_seeded_and_balanced() -> None:
    first = sides("trial-1", 51)
    assert first == sides("trial-1", 51)
    assert first != sides("trial-2", 51)
    assert sum(first) in (25, 26)
