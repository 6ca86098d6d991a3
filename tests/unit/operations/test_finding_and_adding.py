"""Clips by name, what `add` looks at, and what a row remembers of its caption."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from motionlens.app import Project, create_project, open_project
from motionlens.domain.clip import Clip, MediaInfo, Role, Span
from motionlens.domain.errors import Cancelled, UsageError
from motionlens.lanes import CancelToken
from motionlens.media.writer import write_video
from motionlens.operations import captions
from motionlens.operations.changed import changed_files
from motionlens.operations.clips import ClipFinder
from motionlens.store.clips import ClipTables
from tests.support.verbs import slide
from tests.support.window import small_project

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
    halves = [
        replace(clip(name, "/m/a.mp4"), span=Span(*span))
        for name, span in (("aaaa0000", (0, 4)), ("bbbb0000", (4, 8)))
    ]
    with pytest.raises(UsageError, match="parts of one file"):
        ClipFinder(halves).find("/m/a.mp4")
    whole = clip("cccc0000", "/m/a.mp4")
    assert ClipFinder([*halves, whole]).find("/m/a.mp4") is whole


def test_a_replaced_file_names_its_newest_clip() -> None:
    old, new = clip("aaaa0000", "/m/a.mp4"), clip("bbbb0000", "/m/a.mp4")
    assert ClipFinder([old, new]).find("/m/a.mp4") is new


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


def test_one_file_has_one_name(project: Project, tmp_path: Path) -> None:
    again = project.add(tmp_path / "m" / ".." / "m" / "0.mp4")
    assert (again.added, again.known) == (0, 1)
    assert all(".." not in row.path for row in project.clips())


def test_what_the_project_keeps_is_no_clip_of_a_folder_round_it(tmp_path: Path) -> None:
    slide(tmp_path / "a.mp4", 2, frames=4)
    with create_project(tmp_path / "p") as made:
        slide(made.folder.generations / "made.mp4", 3, frames=4)
        result = made.add(tmp_path)
        assert (result.added, result.skipped) == (1, ())
        # Named itself, it is what the user wants.
        assert made.add(made.folder.generations, role="generation").added == 1


def test_a_name_that_is_no_text_is_skipped_in_words(project: Project, tmp_path: Path) -> None:
    folder = os.fsencode(tmp_path / "odd")
    os.mkdir(folder)
    shutil.copyfile(tmp_path / "m" / "0.mp4", os.path.join(folder, b"caf\xe9.mp4"))
    (skipped,) = project.add(tmp_path / "odd").skipped
    assert "UTF-8" in skipped.why
    assert "caf" in skipped.path
    skipped.path.encode()


def test_scenes_become_clips_of_their_own(tmp_path: Path) -> None:
    first = np.broadcast_to(np.arange(0, 256, 2, dtype=np.uint8)[None, :, None], (96, 128, 3))
    second = first[:, ::-1]
    frames = np.stack([first] * 12 + [second] * 10)
    write_video(tmp_path / "cut.mp4", frames, 8.0)
    slide(tmp_path / "plain.mp4", 2, frames=8)
    with create_project(tmp_path / "p") as made:
        for added, known in ((3, 0), (0, 3)):
            result = made.add([tmp_path / "cut.mp4", tmp_path / "plain.mp4"], split_scenes=True)
            assert (result.added, result.known) == (added, known)
        assert sorted(row.frames for row in made.clips()) == [8, 10, 12]
        # The whole file is another clip.
        assert made.add(tmp_path / "cut.mp4").added == 1


def test_a_changed_file_is_left_out_of_an_index_by_name(project: Project, tmp_path: Path) -> None:
    slide(tmp_path / "m" / "1.mp4", 6, frames=4)
    changed = changed_files(project.rooms, project.rooms.store.clips())
    assert [Path(path).name for path in changed.values()] == ["1.mp4"]
    result = project.index()
    assert result.clips == 2
    assert [Path(s.path).name for s in result.skipped] == ["1.mp4"]
    assert "add it again" in result.skipped[0].why


def test_a_clips_history_reads_no_other_clip(tmp_path, monkeypatch):
    with open_project(small_project(tmp_path)) as project:
        clips = [row.id for row in project.clips(role="training")]
        project.decide("keep", [clips[0]], by="ann")

        def every(*_):
            raise AssertionError("of 100,000 clips that costs a second at each press of an arrow")

        monkeypatch.setattr(type(project.rooms.store), "clips", every, raising=False)
        monkeypatch.setattr(ClipTables, "clips", every)
        assert [row.by for row in project.history(clips[0])] == ["ann"]
        assert project.history(clips[1]) == []
