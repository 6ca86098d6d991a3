"""Bad input in the window: told in words at its panel, the window lives, nothing is lost."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication

from motionlens.app import create_project, open_project
from tests.support.shared import shared_folder
from tests.support.verbs import slide
from tests.support.window_driver import Curator

# Files that hold no video, whatever their names say, and some that are odd and fine.
_NOT_CLIPS = ("text_named.mp4", "zero_byte.mp4", "truncated_no_moov.mp4", "audio_only_named.mp4")
_CLIPS = ("odd_37x53.mp4", "two_frames.mp4", "rotated90.mp4")


def in_words(notice: str) -> None:
    """A notice says what, why and what next, in words of the user."""
    assert "Traceback" not in notice
    assert "Error" not in notice
    assert len(notice) > 30, notice


def lives(curator: Curator) -> None:
    """The window still takes keys."""
    curator.press(Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    assert curator.window.palette_overlay.isVisible()
    curator.press(Qt.Key.Key_Escape)
    assert not curator.window.palette_overlay.isVisible()


def refused(curator: Curator, *words: str) -> None:
    """The start page with one notice that holds these words."""
    curator.until(lambda: bool(curator.notices), "it is told")
    (notice,) = curator.notices
    in_words(notice)
    for word in words:
        assert word in notice
    assert curator.window.actions_table.view == "start"
    lives(curator)
    curator.quit()


@pytest.mark.parametrize("damage", ["text", "cut", "empty"])
def test_a_corrupt_project_is_told_and_left_as_it_was(opened, project, damage):
    file = project / "project.db"
    whole = file.read_bytes()
    broken = {
        "text": b"this is no database\n" * 100, "cut": whole[: len(whole) // 3], "empty": b"",
    }[damage]  # fmt: skip
    file.write_bytes(broken)
    assert opened(project, lambda curator: refused(curator, "project.db")) == 0
    assert file.read_bytes() == broken


def test_a_missing_folder_is_told(opened, tmp_path):
    nowhere = tmp_path / "nowhere"
    assert opened(nowhere, lambda curator: refused(curator, "nowhere")) == 0
    assert not nowhere.exists()


def test_a_file_in_place_of_a_project_is_told(opened, tmp_path):
    file = tmp_path / "notes.txt"
    file.write_text("no project")
    assert opened(file, lambda curator: refused(curator, "notes.txt")) == 0


def test_media_that_are_gone_are_told_and_the_clips_stay(opened, tmp_path):
    """The clips' files were moved away: the library lists them, Review says what is missing."""
    project, clips = moved_away(tmp_path)

    def sitting(curator: Curator) -> None:
        curator.until(lambda: bool(curator.clip), "the first clip is on the stage")
        curator.until(lambda: bool(told(curator)), "it is told what is missing")
        in_words(told(curator))
        assert "clip_" in told(curator)
        # What cannot be seen cannot be judged, and another clip can be asked for.
        clip = curator.clip
        curator.press(Qt.Key.Key_X)
        curator.press(Qt.Key.Key_D)
        assert curator.clip != clip
        lives(curator)
        curator.command("analyse")
        curator.job_done("Analyse")
        assert curator.job("Analyse") == "done: 0 clips analysed, 0 flags"
        curator.view(1)
        curator.until(
            lambda: any("skipped" in notice for notice in curator.notices), "the skipped are told"
        )
        notice = next(notice for notice in curator.notices if "skipped" in notice)
        in_words(notice)
        assert curator.window.views["library"].grid.table.rowCount() == len(clips)
        curator.quit()

    assert opened(project, sitting) == 0
    with open_project(project) as again:
        assert len(again.clips(role="training")) == len(clips)
        assert again.rooms.store.decisions() == {}


def told(curator: Curator) -> str:
    """What the stage says in place of a frame."""
    error = curator.window.views["review"].playback.candidate.error
    return "" if error is None else f"{error.what}. {error.why}. {error.next_step}"


def moved_away(tmp_path: Path) -> tuple[Path, list[str]]:
    """A project whose clips lie elsewhere now; the clips' ids."""
    media = tmp_path / "media"
    files = [slide(media / f"clip_{n}.mp4", speed=1 + n, frames=8) for n in range(3)]
    with create_project(tmp_path / "gone") as made:
        made.add([media])
        clips = [clip.id for clip in made.rooms.store.clips()]
    for file in files:
        file.unlink()
    return tmp_path / "gone", clips


def test_odd_files_added_by_keys_are_named_where_they_were_skipped(opened, project, tmp_path):
    folder = tmp_path / "odd"
    folder.mkdir()
    for name in (*_NOT_CLIPS, *_CLIPS):
        shutil.copy(shared_folder("odd", name), folder)

    def sitting(curator: Curator) -> None:
        curator.until(lambda: curator.seen, "the first clip is on the stage")
        curator.choose_file(folder)
        curator.command("add a folder")
        curator.job_done("Add")
        curator.view(1)
        skipped = f"{len(_NOT_CLIPS)} skipped"
        curator.until(lambda: any(skipped in n for n in curator.notices), "the skipped are told")
        (notice,) = [notice for notice in curator.notices if skipped in notice]
        in_words(notice)
        assert notice.startswith(f"{len(_CLIPS)} clips added")
        named = [name for name in _NOT_CLIPS if name in notice]
        assert len(named) >= 3, notice
        lives(curator)
        curator.quit()

    assert opened(project, sitting) == 0
    with open_project(project) as again:
        names = {Path(clip.path).name for clip in again.rooms.store.clips()}
    assert set(_CLIPS) <= names
    assert not set(_NOT_CLIPS) & names


def test_odd_files_dropped_on_the_window_are_named_where_they_were_skipped(opened, project):
    files = [shared_folder("odd", name) for name in (_NOT_CLIPS[0], _CLIPS[1])]

    def sitting(curator: Curator) -> None:
        curator.until(lambda: curator.seen, "the first clip is on the stage")
        drop(curator.window, files)
        curator.job_done("Add")
        curator.view(1)
        curator.until(lambda: any("skipped" in n for n in curator.notices), "it is told")
        (notice,) = [notice for notice in curator.notices if "skipped" in notice]
        assert _NOT_CLIPS[0] in notice
        curator.quit()

    assert opened(project, sitting) == 0


def drop(window: object, files: list[Path]) -> None:
    """Let files fall on the window."""
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(file)) for file in files])
    where, action = QPointF(300, 300), Qt.DropAction.CopyAction
    left, plain = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    entered = QDragEnterEvent(where.toPoint(), action, mime, left, plain)
    QApplication.sendEvent(window, entered)
    assert entered.isAccepted()
    fallen = QDropEvent(where, action, mime, left, plain)
    QApplication.sendEvent(window, fallen)
    assert fallen.isAccepted()
