"""Clips, their paths, measures and settings survive as they were given."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from motionlens.domain.clip import Clip, Flag, MotionSummary, Role, Span, clip_id
from motionlens.domain.decision import Decision
from motionlens.domain.errors import UsageError
from motionlens.store import SqliteStore, open_store


def test_a_clip_comes_back_after_reopening(store: SqliteStore, make_clip) -> None:
    clip = make_clip("one", caption="a ball; DROP TABLE clips")
    clip = dataclasses.replace(clip, span=Span(3, 9))
    assert store.add_clip(clip) is True
    assert store.add_clip(clip) is False
    store.close()
    with open_store(store.path) as again:
        assert again.clip(clip.id) == clip
        listed = again.clips()
        assert [c.id for c in listed] == [clip.id]
        assert listed[0].info.frame_times_s == ()
        with pytest.raises(KeyError):
            again.clip("f" * 32)


def test_clips_are_listed_by_role_in_order(store: SqliteStore, make_clip) -> None:
    made = [make_clip(n, role) for n, role in zip("cab", Role, strict=True)]
    store.add_clips(made)
    assert [c.id for c in store.clips()] == [c.id for c in made]
    assert [c.id for c in store.clips(Role.GENERATION)] == [made[1].id]
    assert [c.id for c in store.clips_by_id([made[2].id, "unknown", made[0].id])] == [
        made[2].id, made[0].id
    ]  # fmt: skip


def test_a_second_path_and_a_late_caption_are_added(store: SqliteStore, make_clip) -> None:
    clip = make_clip("one")
    store.add_clip(clip)
    moved = dataclasses.replace(clip, paths=("/else/one.mp4",), caption="late")
    assert store.add_clip(moved) is False
    found = store.clip(clip.id)
    assert found.paths == ("/media/one.mp4", "/else/one.mp4")
    assert found.caption == "late"
    assert store.add_clip(dataclasses.replace(clip, caption="later")) is False
    assert store.clip(clip.id).caption == "late"
    store.set_caption(clip.id, "mine")
    store.set_role(clip.id, Role.REFERENCE)
    assert (store.clip(clip.id).caption, store.clip(clip.id).role) == ("mine", Role.REFERENCE)


def test_known_paths_hold_size_and_time(store: SqliteStore, make_clip, tmp_path: Path) -> None:
    file = tmp_path / "näme with 'quotes'.mp4"
    file.write_bytes(b"12345")
    clip = dataclasses.replace(make_clip("one"), paths=(str(file),))
    part = dataclasses.replace(clip, id=clip_id(clip.content_hash, Span(0, 2)), span=Span(0, 2))
    store.add_clips([clip, part])
    assert store.known_paths() == {str(file): (clip.id, 5, file.stat().st_mtime_ns)}
    file.write_bytes(b"123456")
    store.add_clip(clip)
    assert store.known_paths()[str(file)][1] == 6


def test_a_file_replaced_in_place_means_its_new_content(store: SqliteStore, make_clip) -> None:
    old = dataclasses.replace(make_clip("old"), paths=("/media/a.mp4", "/media/copy.mp4"))
    new = dataclasses.replace(make_clip("new"), paths=("/media/a.mp4",))
    store.add_clips([old, new])
    assert store.clip(old.id).paths == ("/media/copy.mp4",)
    assert store.resolve("/media/a.mp4") == new.id
    newest = dataclasses.replace(make_clip("newest"), paths=("/media/a.mp4",))
    store.add_clip(newest)
    assert store.clip(new.id).paths == ("/media/a.mp4",)
    assert store.resolve("/media/a.mp4") == newest.id


def test_measures_and_flags(store: SqliteStore, ids: list[str]) -> None:
    summary = MotionSummary((0.1, 1 / 3, 2.5), 0.98, 0.4, cuts=(2,), repeats=(1, 2))
    flags = [Flag("static", 0.9, "it rests"), Flag("cartoon", 0.1, "no", over=False)]
    store.save_analysis(ids[0], summary, flags, b"\x00\xff")
    store.save_flag(ids[0], Flag("near_duplicate", 1.0, "like another"))
    store.save_flag(ids[1], Flag("static", 0.8, "it rests too"))
    assert store.analyses() == {ids[0]: (summary, b"\x00\xff")}
    assert {f.name for f in store.flags()[ids[0]]} == {"static", "cartoon", "near_duplicate"}
    assert store.query_ids(flag="static") == ids[:2]
    assert store.query_ids(flag="cartoon") == []
    store.save_analysis(ids[0], summary, flags[1:], b"")
    assert store.flags()[ids[0]] == flags[1:]


def test_settings_are_json(store: SqliteStore) -> None:
    assert store.setting("place") is None
    store.save_setting("place", {"clip": "a", "numbers": [1, 2.5, None]})
    store.save_setting("place", {"clip": "b"})
    assert store.setting("place") == {"clip": "b"}


def test_queries_by_decision(store: SqliteStore, ids: list[str]) -> None:
    store.decide(ids[:3], Decision.EXCLUDE, "ann")
    store.decide(ids[3:4], Decision.UNSURE, "ann")
    assert store.query_ids(Role.TRAINING, Decision.EXCLUDE) == ids[:3]
    assert store.query_ids(decision=Decision.CLEAR) == ids[4:]
    assert store.counts() == {"exclude": 3, "unsure": 1, "none": 36}


def test_resolve_by_id_prefix_and_path(
    store: SqliteStore, make_clip, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    clip = dataclasses.replace(make_clip("x"), paths=(str(tmp_path / "x.mp4"),))
    store.add_clip(clip)
    monkeypatch.chdir(tmp_path)
    names = (clip.id, clip.id[:6], clip.id[:9].upper(), "x.mp4", "./x.mp4", str(tmp_path / "x.mp4"))
    assert {store.resolve(text) for text in names} == {clip.id}


@pytest.mark.parametrize("text", ["", "abc", "ffffffffff", "no/such.mp4", "%", "' OR 1=1 --"])
def test_unknown_names_are_told(store: SqliteStore, ids: list[str], text: str) -> None:
    with pytest.raises(UsageError, match="unknown"):
        store.resolve(text)


def test_ambiguous_names_are_told(store: SqliteStore, make_clip) -> None:
    base = make_clip("x")
    twins = [dataclasses.replace(base, id="abcdef" + c * 26, paths=(f"/{c}",)) for c in "01"]
    parts = [
        Clip(clip_id(base.content_hash, Span(n, n + 5)), ("/long.mp4",), base.content_hash,
             base.role, base.info, span=Span(n, n + 5))
        for n in (0, 5)
    ]  # fmt: skip
    store.add_clips(twins + parts)
    for text in ("abcdef", "/long.mp4"):
        with pytest.raises(UsageError, match="not one clip"):
            store.resolve(text)
    assert store.resolve("abcdef0") == twins[0].id


def test_adding_costs_the_same_in_a_large_project(store: SqliteStore, make_clip) -> None:
    """Counted in steps of SQLite's machine, so that no clock decides."""
    steps = [0]

    def count() -> int:
        steps[0] += 1
        return 0

    def cost(name: str) -> int:
        steps[0] = 0
        store.add_clip(make_clip(name))
        store.decide([make_clip(name).id], Decision.KEEP, "ann")
        return steps[0]

    store.connection.raw.set_progress_handler(count, 10)
    small = cost("first")
    store.add_clips([make_clip(f"clip {n}") for n in range(3000)])
    assert cost("last") < 2 * small + 20
    store.connection.raw.set_progress_handler(None, 0)
