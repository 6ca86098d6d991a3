"""Deciding, undoing and redoing: the state is the fold of the events, always."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from motionlens.domain.decision import Decision, StepKind, fold, next_redo, next_undo
from motionlens.domain.errors import StoreError, UsageError
from motionlens.store import SqliteStore, create_store, open_store


def state(store: SqliteStore) -> dict[str, str]:
    return {clip: str(event.decision) for clip, event in store.decisions().items()}


def test_a_decision_carries_its_evidence_through_a_restart(
    store: SqliteStore, ids: list[str]
) -> None:
    evidence = {
        ids[0]: {"score": np.float32(0.5), "queries": ["q"], "rank": 3, "odd": float("nan")},
        ids[1]: {"vector": np.arange(2), "flags": ("static",)},
    }
    changes = store.decide(ids[:2], Decision.EXCLUDE, "ann", "hovers", evidence)
    assert (changes.changed, changes.name) == (2, "exclude of 2 clips")
    store.close()
    with open_store(store.path) as again:
        first, second = again.events()
        assert {first.clip, second.clip} == set(ids[:2])
        event = again.decisions()[ids[0]]
        assert (event.by, event.note, event.step) == ("ann", "hovers", changes.event)
        assert event.evidence == {"score": 0.5, "queries": ["q"], "rank": 3, "odd": None}
        assert again.decisions()[ids[1]].evidence == {"vector": [0, 1], "flags": ["static"]}


def test_a_batch_is_one_step_and_undo_survives_a_restart(
    store: SqliteStore, ids: list[str]
) -> None:
    store.decide(ids[:1], Decision.KEEP, "ann")
    batch = store.decide(ids[:37], Decision.EXCLUDE, "ann")
    assert store.undo_name() == "exclude of 37 clips"
    store.close()
    with open_store(store.path) as again:
        taken = again.undo()
        assert set(taken.clips) == set(ids[:37])
        assert state(again) == {ids[0]: "keep"}
        undone = [e for e in again.events() if e.kind is StepKind.UNDO]
        assert {e.target for e in undone} == {batch.event}
        holds = {e.clip: e.decision for e in undone}
        assert holds[ids[0]] is Decision.KEEP
        assert holds[ids[1]] is Decision.CLEAR
        assert again.redo_name() == "exclude of 37 clips"
    with open_store(store.path) as once_more:
        once_more.redo()
        assert state(once_more) == dict.fromkeys(ids[:37], "exclude")


def test_undo_of_a_name_takes_back_only_that_persons_step(
    store: SqliteStore, ids: list[str]
) -> None:
    store.decide(ids[:1], Decision.EXCLUDE, "ann")
    store.decide(ids[1:2], Decision.EXCLUDE, "bob")
    store.undo("ann")
    assert state(store) == {ids[1]: "exclude"}
    with pytest.raises(StoreError, match="nothing to undo"):
        store.undo("ann")
    with pytest.raises(StoreError, match="nothing to redo"):
        store.redo("bob")
    store.redo("ann")
    store.undo()
    assert state(store) == {ids[0]: "exclude"}
    assert store.undo_name("bob") == ""


def test_a_new_decision_ends_the_redo_chain(store: SqliteStore, ids: list[str]) -> None:
    store.decide(ids[:1], Decision.EXCLUDE, "ann")
    store.undo()
    store.decide(ids[1:2], Decision.KEEP, "ann")
    with pytest.raises(StoreError, match="nothing to redo"):
        store.redo()


def test_clear_takes_the_decision_away(store: SqliteStore, ids: list[str]) -> None:
    store.decide(ids[:2], Decision.EXCLUDE, "ann")
    store.decide(ids[:1], Decision.CLEAR, "ann")
    assert state(store) == {ids[1]: "exclude"}
    store.undo()
    assert state(store) == dict.fromkeys(ids[:2], "exclude")


def test_what_cannot_be_decided_is_told(store: SqliteStore, ids: list[str]) -> None:
    with pytest.raises(UsageError, match="not in this project"):
        store.decide([ids[0], "0" * 32], Decision.KEEP, "ann")
    with pytest.raises(UsageError, match="No clip"):
        store.decide([], Decision.KEEP, "ann")
    assert store.events() == []
    assert store.decide([ids[0], ids[0]], Decision.KEEP, "ann").changed == 1


def test_disputed_and_latest_answers(store: SqliteStore, ids: list[str]) -> None:
    store.decide(ids[:3], Decision.EXCLUDE, "ann")
    store.decide(ids[:2], Decision.KEEP, "bob")
    store.decide(ids[1:2], Decision.EXCLUDE, "bob")
    assert store.disputed() == {ids[0]}
    answers = store.latest_answers()
    assert answers[ids[0]] == {"ann": "exclude", "bob": "keep"}
    assert answers[ids[2]] == {"ann": "exclude"}
    store.undo("bob")
    assert store.disputed() == {ids[0], ids[1]}
    store.decide(ids[:2], Decision.CLEAR, "ann")
    assert store.disputed() == set()
    clips, decisions, disputed = store.training_state()
    assert (len(clips), set(decisions), disputed) == (40, {ids[2]}, set())


def test_events_are_never_changed_or_deleted(store: SqliteStore, ids: list[str]) -> None:
    store.decide(ids[:1], Decision.KEEP, "ann")
    for sql in ("DELETE FROM events", "UPDATE events SET decision = 'exclude'"):
        with pytest.raises(Exception, match="only ever added"):
            store.connection.raw.execute(sql)
    assert state(store) == {ids[0]: "keep"}


def test_time_never_runs_backwards(
    store: SqliteStore, ids: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from datetime import UTC, datetime

    from motionlens.store import events

    class Stuck(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:
            return datetime(2020, 1, 1, tzinfo=UTC)

    store.decide(ids[:1], Decision.EXCLUDE, "ann")
    monkeypatch.setattr(events, "datetime", Stuck)
    store.decide(ids[:1], Decision.KEEP, "ann")
    store.decide(ids[:1], Decision.UNSURE, "ann")
    times = [event.at for event in store.events()]
    assert times == sorted(set(times))
    assert state(store) == {ids[0]: "unsure"}


ACTIONS = st.lists(
    st.one_of(
        st.tuples(
            st.sampled_from(list(Decision)),
            st.lists(st.integers(0, 5), min_size=1, max_size=4),
            st.sampled_from(["ann", "bob"]),
        ),
        st.tuples(st.sampled_from(["undo", "redo"]), st.sampled_from([None, "ann", "bob"])),
    ),
    max_size=14,
)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(actions=ACTIONS)
def test_state_and_undo_are_those_of_the_domain(tmp_path_factory, make_clip, actions) -> None:
    with create_store(tmp_path_factory.mktemp("p") / "project.db") as store:
        clips = [make_clip(str(n)) for n in range(6)]
        store.add_clips(clips)
        for action in actions:
            events = store.events()
            if len(action) == 3:
                decision, numbers, by = action
                store.decide([clips[n].id for n in numbers], decision, by)
                continue
            verb, by = action
            expected = (next_undo if verb == "undo" else next_redo)(events, by)
            if expected is None:
                with pytest.raises(StoreError, match="nothing to"):
                    getattr(store, verb)(by)
                continue
            changes = getattr(store, verb)(by)
            assert {e.target for e in store.events() if e.step == changes.event} == {expected}
        truth = {clip: event.id for clip, event in fold(store.events()).items()}
        assert {clip: event.id for clip, event in store.decisions().items()} == truth
        assert store.check() == []


def test_undoing_everything_leaves_nothing_and_redo_brings_it_back(
    store: SqliteStore, ids: list[str]
) -> None:
    for number, decision in enumerate([Decision.KEEP, Decision.EXCLUDE, Decision.UNSURE] * 4):
        store.decide(ids[number % 5 : number % 5 + 3], decision, "ann")
    before = state(store)
    for _ in range(12):
        store.undo("ann")
    assert state(store) == {}
    for _ in range(12):
        store.redo("ann")
    assert state(store) == before
    assert json.dumps(before, sort_keys=True)
