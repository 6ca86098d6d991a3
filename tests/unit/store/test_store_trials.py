"""Trials: pairs stay sealed as they were, and one vote a person and pair counts."""

from __future__ import annotations

import pytest

from motionlens.domain.errors import UsageError
from motionlens.domain.trial import CastVote, Pair, Vote
from motionlens.store import SqliteStore, open_store

PAIRS = [Pair(1, "pair-001-left.mp4", "pair-001-right.mp4", True, "a ball"),
         Pair(2, "pair-002-left.mp4", "pair-002-right.mp4", False)]  # fmt: skip


def test_a_trial_survives_and_votes_replace(store: SqliteStore) -> None:
    store.save_trial("t1", "embedded", "run-1", PAIRS, "2026-01-01T00:00:00")
    assert store.cast("t1", CastVote(1, Vote.LEFT, "ann", "a")) == 1
    assert store.cast("t1", CastVote(2, Vote.TIE, "ann", "b")) == 2
    assert store.cast("t1", CastVote(1, Vote.RIGHT, "bob", "c")) == 3
    assert store.cast("t1", CastVote(1, Vote.RIGHT, "ann", "d")) == 3
    store.close()
    with open_store(store.path) as again:
        assert again.trials() == ["t1"]
        assert again.trial("t1") == ("embedded", "run-1", PAIRS)
        assert again.votes("t1") == [
            CastVote(2, Vote.TIE, "ann", "b"),
            CastVote(1, Vote.RIGHT, "bob", "c"),
            CastVote(1, Vote.RIGHT, "ann", "d"),
        ]


def test_unknown_trials_and_pairs_are_told(store: SqliteStore) -> None:
    with pytest.raises(UsageError, match="trial t9 is unknown"):
        store.trial("t9")
    with pytest.raises(UsageError, match="trial t9 is unknown"):
        store.cast("t9", CastVote(1, Vote.LEFT, "ann"))
    store.save_trial("t1", "a", "b", PAIRS, "now")
    with pytest.raises(UsageError, match="no pair 3"):
        store.cast("t1", CastVote(3, Vote.LEFT, "ann"))
    with pytest.raises(UsageError, match="exists already"):
        store.save_trial("t1", "a", "b", PAIRS, "now")
    assert store.votes("t1") == []
