"""Merging is a union: commutative, associative, idempotent."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from motionlens.domain.decision import Decision
from motionlens.domain.errors import ProjectError, StoreError
from motionlens.store import SqliteStore, create_store, open_store


def digest(store: SqliteStore) -> tuple[list[str], dict[str, str], set[str]]:
    state = {clip: event.id for clip, event in store.decisions().items()}
    return [event.id for event in store.events()], state, store.disputed()


def copy_of(store: SqliteStore, folder: Path) -> Path:
    """A second project with the same past."""
    folder.mkdir()
    backup = store.backup()
    return Path(shutil.copy(backup, folder / "project.db"))


def test_two_curators_meet(store: SqliteStore, ids: list[str], tmp_path: Path) -> None:
    store.decide(ids[:1], Decision.KEEP, "ann")
    other_file = copy_of(store, tmp_path / "other")
    store.decide(ids[:3], Decision.EXCLUDE, "ann")
    with open_store(other_file) as other:
        other.decide(ids[2:5], Decision.KEEP, "bob")
        other.undo()
        other.decide(ids[2:4], Decision.KEEP, "bob")
    new, conflicts = store.merge(other_file.parent)
    assert (new, conflicts) == (8, {ids[2]})
    assert store.decisions()[ids[2]].by == "bob"
    assert ids[4] not in store.decisions()
    assert store.merge(other_file) == (0, set())
    assert store.merge(store.path) == (0, set())
    assert store.check() == []


def test_one_curator_on_two_machines(store: SqliteStore, ids: list[str], tmp_path: Path) -> None:
    """The same name on both sides: apart is told, a later change of mind is not."""
    store.decide(ids[:2], Decision.KEEP, "ann")
    other_file = copy_of(store, tmp_path / "other")
    store.decide(ids[:1], Decision.EXCLUDE, "ann")
    with open_store(other_file) as other:
        other.decide(ids[:1], Decision.UNSURE, "ann")
        other.decide(ids[1:2], Decision.EXCLUDE, "ann")
    assert store.merge(other_file).conflicts == {ids[0]}
    assert {c: str(e.decision) for c, e in store.decisions().items()} == {
        ids[0]: "unsure", ids[1]: "exclude"
    }  # fmt: skip


def test_events_about_strange_clips_wait_for_them(
    store: SqliteStore, make_clip, tmp_path: Path
) -> None:
    clip = make_clip("elsewhere")
    with create_store(tmp_path / "other.db") as other:
        other.add_clip(clip)
        other.decide([clip.id], Decision.EXCLUDE, "bob")
    assert store.merge(tmp_path / "other.db").new_events == 1
    store.add_clip(clip)
    assert store.query_ids(decision=Decision.EXCLUDE) == [clip.id]


def test_what_cannot_be_merged_is_told(store: SqliteStore, tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="not a MotionLens project"):
        store.merge(tmp_path / "nowhere")
    (tmp_path / "text.db").write_text("hello " * 1000)
    with pytest.raises(StoreError, match="damaged or no database"):
        store.merge(tmp_path / "text.db")


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["decide", "undo", "redo"]),
        st.sampled_from(list(Decision)),
        st.lists(st.integers(0, 3), min_size=1, max_size=3),
    ),
    max_size=5,
)


@settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(lives=st.tuples(STEPS, STEPS, STEPS))
def test_order_and_repetition_do_not_matter(tmp_path_factory, make_clip, lives) -> None:
    root = tmp_path_factory.mktemp("m")
    clips = [make_clip(str(n)) for n in range(4)]

    with create_store(root / "empty.db") as empty:
        empty.add_clips(clips)

    def project(name: str) -> SqliteStore:
        return open_store(shutil.copy(root / "empty.db", root / f"{name}.db"))

    for name, life in zip("abc", lives, strict=True):
        with project(name) as one:
            for verb, decision, numbers in life:
                if verb == "decide":
                    one.decide([clips[n].id for n in numbers], decision, name)
                elif getattr(one, f"{verb}_name")():
                    getattr(one, verb)()
    results = []
    for order in ("abc", "cba", "bacab"):
        with project(f"union-{order}") as union:
            for name in order:
                union.merge(root / f"{name}.db")
            results.append(digest(union))
            assert union.check() == []
    with project("left") as left:
        left.merge(root / "b.db")
        left.merge(root / "c.db")
    with project("nested") as nested:
        nested.merge(root / "left.db")
        nested.merge(root / "a.db")
        results.append(digest(nested))
    assert all(result == results[0] for result in results)
