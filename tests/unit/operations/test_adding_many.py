"""Adding many files: side by side, taken up again, moved, replaced."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from motionlens.app import Project, create_project
from motionlens.app.renderer import make_renderer
from motionlens.domain.errors import Cancelled, MediaError, UsageError
from motionlens.domain.requests import FrameRequest
from motionlens.operations.add import add
from motionlens.operations.changed import changed_files
from motionlens.operations.check import check
from tests.support.verbs import slide, verb


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with create_project(tmp_path / "p") as made:
        yield made


@pytest.fixture
def many(tmp_path: Path) -> Path:
    """30 files of one clip, each with another byte behind its end, and so another content."""
    one = slide(tmp_path / "one.mp4", 1, frames=3).read_bytes()
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(30):
        (folder / f"{number:02}.mp4").write_bytes(one + bytes([number]))
    return folder


class Watched:
    """A reader that counts the files it is asked about."""

    def __init__(self, reader) -> None:
        self._reader = reader
        self.probed: list[str] = []

    def probe(self, path):
        self.probed.append(str(path))
        return self._reader.probe(path)


def watched(project: Project, monkeypatch: pytest.MonkeyPatch) -> Watched:
    seen = Watched(project.rooms.reader)
    monkeypatch.setattr(type(project.rooms), "reader", property(lambda _: seen))
    return seen


@pytest.mark.parametrize("jobs", [1, 3])
def test_many_files_are_added_in_order_whatever_the_jobs(
    project: Project, many: Path, jobs: int
) -> None:
    result = add(project.rooms, [many], jobs=jobs)
    assert (result.added, result.known, result.skipped) == (30, 0, ())
    paths = [Path(clip.path).name for clip in project.rooms.store.clips()]
    assert paths == sorted(paths)


def test_no_jobs_are_refused(project: Project, many: Path) -> None:
    with pytest.raises(UsageError, match="1 job"):
        add(project.rooms, [many], jobs=0)


def test_an_interrupted_add_is_taken_up_without_reading_again(
    project: Project, many: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Token:
        left = 12

        def check(self) -> None:
            self.left -= 1
            if self.left < 0:
                raise Cancelled

    with pytest.raises(Cancelled):
        add(project.rooms, [many], token=Token(), jobs=1)
    kept = {clip.path for clip in project.rooms.store.clips()}
    assert len(kept) >= 12
    seen = watched(project, monkeypatch)
    result = add(project.rooms, [many], jobs=1)
    assert (result.added, result.known) == (30 - len(kept), len(kept))
    assert not kept & set(seen.probed)


def test_the_same_content_at_two_places_is_one_clip_and_decoded_once(
    project: Project, many: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(project.rooms, [many])
    shutil.copytree(many, tmp_path / "copies")
    seen = watched(project, monkeypatch)
    result = add(project.rooms, [tmp_path / "copies"])
    assert (result.added, result.known) == (0, 30)
    assert seen.probed == []
    clips = project.rooms.store.clips()
    assert len(clips) == 30
    assert all(len(clip.paths) == 2 for clip in clips)
    # Facts of a clip that is at two places are those of the first time.
    assert project.rooms.store.clip(clips[0].id).info.frame_times_s


def test_a_moved_library_is_linked_again_by_content(
    project: Project, many: Path, tmp_path: Path
) -> None:
    add(project.rooms, [many])
    (tmp_path / "elsewhere").mkdir()
    many.rename(tmp_path / "elsewhere" / "renamed")
    lost = check(project.rooms)
    assert not lost.ok
    assert len(lost.problems) == 30
    mended = check(project.rooms, repair=True)
    assert mended.ok, mended
    assert all("renamed" in problem.what for problem in mended.problems)
    assert check(project.rooms).problems == ()


def test_a_library_on_another_disk_is_found_where_one_says(
    project: Project, many: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    add(project.rooms, [many])
    other = tmp_path_factory.mktemp("other") / "disk"
    shutil.move(many, other)
    # One file of the right size and another content is no match.
    spoilt = other / "07.mp4"
    spoilt.write_bytes(spoilt.read_bytes()[:-1] + b"\xff")
    mended = check(project.rooms, repair=True, search=[other])
    left = [problem for problem in mended.problems if not problem.repaired]
    assert len(mended.problems) == 30
    assert len(left) == 1
    assert "07.mp4" in left[0].what


def test_a_clip_whose_file_was_replaced_is_not_taken_for_the_new_one(
    project: Project, tmp_path: Path
) -> None:
    file = slide(tmp_path / "a.mp4", 1, frames=3)
    add(project.rooms, [file])
    slide(file, 2, frames=4)
    assert add(project.rooms, [file]).added == 1
    old, new = project.rooms.store.clips()
    assert changed_files(project.rooms, [old, new]) == {old.id: str(file)}


def test_a_replaced_file_is_not_played_as_the_clip_it_was(project: Project, tmp_path: Path) -> None:
    file = slide(tmp_path / "a.mp4", 1, frames=3)
    add(project.rooms, [file])
    (clip,) = project.rooms.store.clips()
    asked = FrameRequest(
        clip.id, str(file), 0, frozenset(), 64, 48, 1, info=clip.info, content=clip.content_hash
    )
    with closing(make_renderer()) as renderer:
        assert renderer.render(asked).frame == 0
    slide(file, 2, frames=3)
    with closing(make_renderer()) as renderer, pytest.raises(MediaError, match="not shown") as told:
        renderer.render(asked)
    assert "replaced" in told.value.why
    assert told.value.next_step


def test_the_verb_looks_where_it_is_told(project: Project, many: Path, tmp_path_factory) -> None:
    add(project.rooms, [many])
    other = tmp_path_factory.mktemp("other") / "disk"
    shutil.move(many, other)
    root = str(project.folder.root)
    project.close()
    answer = verb("check", root, "--repair", "--search", str(other), "--json")
    assert (answer.code, answer.json["ok"]) == (0, True)
    assert verb("check", root, "--json").json["problems"] == []
