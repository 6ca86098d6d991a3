"""Explain without a window: what is asked, what an answer comes to, where influence lies."""

from __future__ import annotations

import shlex
from types import SimpleNamespace
from typing import Any

import pytest

from motionlens.domain.clip import Region, Span
from motionlens.domain.ranking import Part, Polarity, RankedClip, Ranking
from motionlens.operations.whatif import Agreement, RandomSet, WhatIfResult
from motionlens.session.explain import ExplainState
from motionlens.session.explain_words import (
    Answer,
    densest,
    effect_rows,
    effect_words,
    spread_of,
    where_words,
)
from motionlens.session.jobs import JobsState

BOX = Region(0, 0, 0.5, 0.5)


@pytest.fixture
def state(tmp_path) -> ExplainState:
    # Nothing is asked of the project here but its folder.
    project: Any = SimpleNamespace(rooms=SimpleNamespace(folder=SimpleNamespace(root=tmp_path)))
    return ExplainState(project, JobsState(lambda call: call()))


def ranking(scores: list[float], band: tuple[float, float] | None = None) -> Ranking:
    rows = tuple(RankedClip(f"c{n}", score, n + 1, q_value=0.2) for n, score in enumerate(scores))
    return Ranking("centred", "f" * 12, rows, standing_out=0, band=band)


def test_one_query_is_asked_as_bad_until_there_is_a_set(state: ExplainState) -> None:
    state.choose("a")
    assert dict(state.asked) == {"a": Polarity.BAD}
    state.put("b", Polarity.GOOD)
    state.put("c", Polarity.BAD)
    assert dict(state.asked) == {"b": Polarity.GOOD, "c": Polarity.BAD}
    state.put("b", None)
    state.put("c", None)
    assert dict(state.asked) == {"a": Polarity.BAD}


def test_each_query_keeps_the_part_that_was_marked_on_it(state: ExplainState) -> None:
    state.choose("a")
    state.mark(BOX, Span(2, 5))
    state.choose("b")
    assert state.part == Part()
    state.choose("a")
    assert state.part == Part(BOX, Span(2, 5))
    assert state.part.words == "0, 0 to 50, 50 % of the frame, frames 2 to 4"
    state.mark(None, None)
    assert state.parts == {}


def test_an_answer_is_to_what_was_asked(state: ExplainState) -> None:
    state.choose("a")
    key = state._key()
    state.answers[key] = Answer(ranking([0.5, 0.25, 0.0, -0.25, -0.5]))
    assert [row.id for row in state.rows] == ["c0", "c1"]
    state.show("opponents")
    assert [row.id for row in state.rows] == ["c4", "c3"]
    state.show("all")
    assert len(state.rows) == 5
    assert state.answer is not None
    assert state.answer.told == ("Nothing in this library stands out for this motion (lowest q .2)")
    for change in (
        lambda: state.mark(BOX, None),
        lambda: state.use("whitened"),
        lambda: state.put("b", Polarity.BAD),
    ):
        change()
        assert state.answer is None
    state.put("b", None)
    state.use("centred")
    state.mark(None, None)
    assert state._key() == key


def test_a_part_of_another_query_does_not_change_what_is_asked(state: ExplainState) -> None:
    state.choose("a")
    key = state._key()
    state.parts["elsewhere"] = Part(BOX)
    assert state._key() == key


def test_scores_inside_the_band_of_chance_have_no_colour(state: ExplainState) -> None:
    state.choose("a")
    found = ranking([0.5, 0.25, 0.0, -0.25, -0.5], band=(-0.4, 0.3))
    state.answers[state._key()] = Answer(found)
    assert [state.colour(row) for row in found.rows] == [1, 0, 0, 0, -1]
    spread = spread_of(found, bins=4)
    assert (spread.below, spread.inside, spread.above) == (1, 3, 1)
    assert sum(spread.counts) == 5
    assert (spread.edges[0], spread.edges[-1]) == (-0.5, 0.5)


def test_it_is_asked_again_by_itself_only_where_that_is_quick(state: ExplainState) -> None:
    state.choose("a")
    assert not state.quick()
    state.cost_s = 1.0
    assert state.quick()
    for clip in "bcdef":
        state.put(clip, Polarity.BAD)
    assert not state.quick()


def test_the_command_line_asks_the_same(state: ExplainState) -> None:
    state.choose("a")
    state.mark(Region(0.1, 0.2, 0.3, 0.4), Span(2, 5))
    words = shlex.split(state.command())
    assert words[:2] == ["motionlens", "rank"]
    assert words[3:] == [
        "--bad", "a", "--region", "0.1,0.2,0.3,0.4", "--frames", "2:5", "--method", "centred",
    ]  # fmt: skip
    state.put("b", Polarity.GOOD)
    words = shlex.split(state.command())
    assert words[3:] == ["--good", "b", "--method", "centred"]


def test_where_most_of_the_influence_lies() -> None:
    curve = [0.0] * 20
    curve[7:10] = [-0.5, 3.0, 2.0]
    assert densest(tuple(curve)) == (8, 9, 1.0)
    assert densest(tuple([1.0] * 20)) is None
    assert densest((0.0, 0.0)) is None
    assert densest(()) is None
    assert where_words(tuple(curve)) == (
        "+4.5 for this query; 100\N{NO-BREAK SPACE}% of what pushes toward it lies in frames"
        " 8\N{EN DASH}9."
    )
    assert "away from it" in where_words(tuple(-value for value in curve))
    assert (
        where_words((1e-5,) * 9)
        == "+9e\N{MINUS SIGN}05 for this query, spread over the whole clip."
    )


def test_what_if_is_told_by_groups_of_queries_beside_a_random_set() -> None:
    queries = "abcde"
    asked = {q: Polarity.GOOD if q == "e" else Polarity.BAD for q in queries}
    values = {"a": 0.02, "b": 0.01, "c": 0.02, "d": 0.03, "e": -0.01}
    found = WhatIfResult(
        predicted=dict.fromkeys(queries, 0.005), measured=values, steps=8,
        predicted_damped=dict.fromkeys(queries, 0.0), before=dict.fromkeys(queries, 2.0),
        random=RandomSet({}, {}, dict.fromkeys(queries, 0.001)),
        agreement=Agreement(2, None, None, None), excluded=3, learning_rate=0.1,
        fingerprint="f" * 12,
    )  # fmt: skip
    rows = effect_rows(found, asked, "a", "shown.mp4")
    assert [row.name for row in rows] == ["shown.mp4", "3 other bad queries", "1 good query"]
    assert rows[0].measured == pytest.approx(1.0)
    assert rows[1].measured == pytest.approx(1.0)
    assert rows[1].interval == pytest.approx((1 - 1.96 * 0.5 / 3**0.5, 1 + 1.96 * 0.5 / 3**0.5))
    assert rows[2].measured == pytest.approx(-0.5)
    assert all(row.random == pytest.approx(0.05) for row in rows)
    assert "not checked yet" in effect_words(found)
    assert "Not above" not in effect_words(found)
