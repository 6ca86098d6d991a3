"""Ranking as the window starts it: which method, which queries, what comes back."""

from __future__ import annotations

from motionlens.domain.ranking import Polarity, Query, Ranking
from motionlens.lanes import InlineLane
from motionlens.operations.index import IndexResult
from motionlens.session import ranking as module
from motionlens.session.jobs import JobsState
from motionlens.session.ranking import RankState
from tests.unit.session.test_review_state import Rooms, id_of, store

__all__ = ["store"]


class Project:
    def __init__(self, rooms) -> None:
        self.rooms = rooms
        self.lanes = type("Lanes", (), {"compute": InlineLane()})()


def asked(monkeypatch, store):
    """What `rank` is called with; the model is another test's matter."""
    calls = []
    monkeypatch.setattr(module, "index_again", lambda *_: IndexResult("a91f03", 4, 1.0, ()))

    def rank(rooms, **options):
        calls.append(options)
        return Ranking(options["method"], "a91f03", ())

    monkeypatch.setattr(module, "rank", rank)
    ranked = []
    jobs = JobsState(lambda call: call())
    state = RankState(Project(Rooms(store)), jobs, ranked.append, calls.append, lambda: None)
    state.start((Query(id_of("gen")), Query(id_of("delta"), Polarity.GOOD)), 4)
    return calls[0], ranked, jobs


def test_an_analysed_project_is_ranked_by_the_combined_score(monkeypatch, store):
    options, ranked, jobs = asked(monkeypatch, store)
    assert options["method"] == "combined"
    assert (options["bad"], options["good"]) == ([id_of("gen")], [id_of("delta")])
    assert [one.method for one in ranked] == ["combined"]
    assert [row.kind for row in jobs.rows] == ["index", "rank"]


def test_without_an_analysis_influence_ranks_alone(monkeypatch, store):
    monkeypatch.setattr(store._store, "analyses", dict)
    options, _, _ = asked(monkeypatch, store)
    assert options["method"] == "centred"
