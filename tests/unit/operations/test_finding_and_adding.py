"""Clips by name, what `add` looks at, and what a row remembers of its caption."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from motionlens.app import Project, create_project
from motionlens.domain.clip import Clip, MediaInfo, Role
from motionlens.domain.errors import Cancelled, UsageError
from motionlens.lanes import CancelToken
from motionlens.operations import captions
from motionlens.operations.clips import ClipFinder
from tests.support.verbs import slide

INFO = MediaInfo(64, 48, 8.0, 8, False, 0, "h264", 1.0)


def clip(id_: str, path: str, caption: str = "") -> Clip:
    return Clip(id_ * 4, (path,), id_ * 8, Role.TRAINING, INFO, caption)


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with create_project(tmp_path / "p") as made:
        for number in range(3):
            slide(tmp_path / "m" / f"{number}.mp4", 1 + number, frames=4)
        made.add([tmp_path / "m"])
        yield made


def test_a_clip_is_found_by_id_prefix_and_path() -> None:
    one, two = clip("0123abcd", "/m/a.mp4"), clip("0123abce", "/m/b.mp4")
    finder = ClipFinder([one, two])
    assert finder.find(one.id) is one
    assert finder.find("0123ABCE") is two
    assert finder.find("/m/b.mp4") is two
    assert finder.find_all(["/m/b.mp4", one.id, two.id]) == [two, one]
    with pytest.raises(UsageError, match="fits 2 clips"):
        finder.find("0123ab")
    with pytest.raises(UsageError, match="6 characters"):
        finder.find("0123")


def test_a_file_of_several_clips_needs_an_id() -> None:
    halves = [clip("aaaa0000", "/m/a.mp4"), clip("bbbb0000", "/m/a.mp4")]
    with pytest.raises(UsageError, match="parts of one file"):
        ClipFinder(halves).find("/m/a.mp4")


def test_folders_pass_over_what_lies_beside_clips(project: Project, tmp_path: Path) -> None:
    folder = tmp_path / "more"
    slide(folder / "deep" / "er" / "clip.mp4", 5, frames=4)
    slide(folder / ".hidden" / "clip.mp4", 6, frames=4)
    (folder / "notes.md").write_text("words")
    (folder / "cover.png").write_bytes(b"\x89PNG")
    (folder / "broken.mov").write_text("no film")
    result = project.add([folder])
    assert result.added == 1
    assert [Path(s.path).name for s in result.skipped] == ["broken.mov"]


def test_a_stopped_add_keeps_what_it_had(project: Project, tmp_path: Path) -> None:
    token = CancelToken()
    paths = [slide(tmp_path / "late" / f"{n}.mp4", 1 + n, frames=5) for n in range(4)]

    def stop_after_two(what: str, done: int, total: int) -> None:
        if done == 2:
            token.cancel()

    with pytest.raises(Cancelled):
        project.add(paths, progress=stop_after_two, cancel=token)
    kept = len(project.clips()) - 3
    assert 0 < kept < 4
    assert project.add(paths).added == 4 - kept


def test_captions_are_remembered_for_rows_alone(project: Project) -> None:
    stored = project.rooms.store.clips()
    captions.remember(project.rooms, "f1", stored[:2])
    renamed = [replace(c, caption="another") for c in stored]
    assert captions.changed(project.rooms, "f1", stored) == []
    assert captions.changed(project.rooms, "f1", renamed) == [c.id for c in stored[:2]]
    assert captions.changed(project.rooms, "f2", renamed) == []
