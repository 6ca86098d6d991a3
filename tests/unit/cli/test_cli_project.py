"""new, add, clips, check: a project and what lies in it, as a script sees it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.support.shared import shared_folder
from tests.support.verbs import slide, verb
from tests.unit.cli.conftest import SPEEDS

CLIP_KEYS = set(
    "id path role width height fps frames duration_s codec caption decision flags".split()
)


def test_new_makes_a_project_once(tmp_path: Path) -> None:
    made = verb("new", tmp_path / "deep" / "p", "--json")
    assert made.code == 0
    assert made.json.keys() == {"project", "schema"}
    assert made.json["project"] == str(tmp_path / "deep" / "p")
    assert isinstance(made.json["schema"], int)
    verb("new", tmp_path / "deep" / "p").refused("already a project", "Name another folder")


def test_add_takes_folders_with_their_captions_and_again_is_harmless(
    tmp_path: Path, media: Path
) -> None:
    verb("new", tmp_path / "p")
    first = verb("add", tmp_path / "p", media / "training", "--json")
    assert (first.code, first.json) == (0, {"added": len(SPEEDS), "known": 0, "skipped": []})
    again = verb("add", tmp_path / "p", media / "training", "--json")
    assert (again.code, again.json) == (0, {"added": 0, "known": len(SPEEDS), "skipped": []})
    rows = verb("clips", tmp_path / "p", "--json").json
    assert [row.keys() for row in rows] == [CLIP_KEYS] * len(SPEEDS)
    assert {row["caption"] for row in rows} == {
        f"slide: a square moves at speed {s}" for s in SPEEDS
    }
    first_row = next(row for row in rows if row["path"].endswith("slide_0.mp4"))
    assert (first_row["width"], first_row["height"], first_row["frames"]) == (64, 48, 10)
    assert (first_row["fps"], first_row["codec"]) == (8.0, "h264")
    assert (first_row["decision"], first_row["flags"]) == ("none", [])


def test_a_copy_is_the_same_clip_everywhere(project: Path, media: Path, tmp_path: Path) -> None:
    copy = tmp_path / "elsewhere" / "renamed.mp4"
    copy.parent.mkdir()
    shutil.copy(media / "training" / "slide_0.mp4", copy)
    assert verb("add", project, copy, "--json").json == {"added": 0, "known": 1, "skipped": []}
    row = verb("decide", project, "keep", copy, "--json").json
    assert row["changed"] == 1


def test_a_caption_with_another_suffix_and_one_written_later(tmp_path: Path) -> None:
    clip = slide(tmp_path / "m" / "a.mp4", 1, frames=3)
    verb("new", tmp_path / "p")
    verb("add", tmp_path / "p", clip)
    assert verb("clips", tmp_path / "p", "--json").json[0]["caption"] == ""
    clip.with_suffix(".caption").write_text("bounce: späte Worte\n", encoding="utf-8")
    verb("add", tmp_path / "p", clip, "--caption-suffix", ".caption")
    assert verb("clips", tmp_path / "p", "--json").json[0]["caption"] == "bounce: späte Worte"


def test_what_is_no_video_is_skipped_by_name(tmp_path: Path, media: Path) -> None:
    text = tmp_path / "words.mp4"
    text.write_text("this is not a film\n" * 40)
    verb("new", tmp_path / "p")
    got = verb("add", tmp_path / "p", text, media / "training", "--json")
    assert got.code == 3
    assert (got.json["added"], got.json["known"]) == (len(SPEEDS), 0)
    (skipped,) = got.json["skipped"]
    assert skipped.keys() == {"path", "why"}
    assert skipped["path"] == str(text)
    assert skipped["why"]
    assert f"Skipped {text}" in got.err


@pytest.mark.parametrize("name", ["zero_byte.mp4", "audio_only_named.mp4", "truncated_no_moov.mp4"])
def test_odd_files_are_skipped(name: str, tmp_path: Path) -> None:
    verb("new", tmp_path / "p")
    got = verb("add", tmp_path / "p", shared_folder("odd", name), "--json")
    assert got.code == 3
    assert [Path(row["path"]).name for row in got.json["skipped"]] == [name]


def test_nothing_to_add_is_an_error_in_words(tmp_path: Path) -> None:
    verb("new", tmp_path / "p")
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "notes.txt").write_text("no clip here")
    verb("add", tmp_path / "p", tmp_path / "empty").refused("No clips in", "none is a video")
    verb("add", tmp_path / "p", tmp_path / "gone").refused("gone does not exist")
    verb("add", tmp_path / "p").refused("Nothing to add")
    verb("add", tmp_path / "nowhere", tmp_path).refused(
        "not a MotionLens project", "motionlens new"
    )


def test_a_manifest_brings_captions_and_frame_ranges(tmp_path: Path) -> None:
    slide(tmp_path / "m" / "a.mp4", 2, frames=12)
    listed = tmp_path / "m" / "list.csv"
    listed.write_text("path,caption,start,stop\na.mp4,first half,0,6\na.mp4,second half,6,12\n")
    verb("new", tmp_path / "p")
    got = verb("add", tmp_path / "p", "--from", listed, "--json")
    assert (got.code, got.json["added"]) == (0, 2), got.err
    rows = verb("clips", tmp_path / "p", "--json").json
    assert [(row["caption"], row["frames"]) for row in rows] == [
        ("first half", 6),
        ("second half", 6),
    ]
    assert len({row["id"] for row in rows}) == 2
    verb("add", tmp_path / "p", "--from", tmp_path / "no.jsonl").refused("does not exist")


def test_clips_are_filtered(project: Path) -> None:
    def listed(*options: str) -> list[str]:
        rows = verb("clips", project, "--json", *options).json
        return sorted(Path(row["path"]).stem for row in rows)

    assert listed("--role", "generation") == ["bad_0", "bad_1"]
    assert len(listed("--role", "training")) == len(SPEEDS)
    assert listed("--role", "reference") == []
    chosen = verb("clips", project, "--json").json[0]
    verb("decide", project, "exclude", chosen["id"])
    assert listed("--decision", "exclude") == [Path(chosen["path"]).stem]
    assert len(listed("--decision", "none")) == len(SPEEDS) + 1
    assert listed("--flag", "static") == []


def test_people_get_a_table(project: Path) -> None:
    got = verb("clips", project)
    header, *rows = got.out.splitlines()
    assert header.split() == ["id", "role", "size", "frames", "decision", "flags", "path"]
    assert len(rows) == len(SPEEDS) + 2
    assert got.err == ""


def test_check_finds_media_that_went_away_and_nothing_else(tmp_path: Path) -> None:
    clip = slide(tmp_path / "m" / "a.mp4", 1, frames=3)
    verb("new", tmp_path / "p")
    verb("add", tmp_path / "p", clip)
    good = verb("check", tmp_path / "p", "--json")
    assert (good.code, good.json) == (0, {"ok": True, "problems": []})
    clip.unlink()
    bad = verb("check", tmp_path / "p", "--json")
    (problem,) = bad.json["problems"]
    assert bad.json["ok"] is False
    assert problem.keys() == {"where", "what", "repaired"}
    assert (problem["where"], problem["repaired"]) == ("media", False)
    assert str(clip) in problem["what"]


def test_check_on_a_corrupt_database_still_answers(project: Path) -> None:
    database = project / "project.db"
    for beside in project.glob("project.db-*"):
        beside.unlink()
    database.write_bytes(b"nothing that SQLite knows" * 400)
    got = verb("check", project, "--json")
    assert got.code == 2
    assert got.json["ok"] is False
    assert got.json["problems"]
    # Any other verb refuses it in one line, and touches nothing.
    verb("clips", project).refused()
    assert database.read_bytes() == b"nothing that SQLite knows" * 400


def test_backup_and_restore(project: Path) -> None:
    clip = verb("clips", project, "--json").json[0]["id"]
    verb("decide", project, "keep", clip)
    saved = verb("backup", project, "--json")
    assert saved.json.keys() == {"file"}
    verb("decide", project, "exclude", clip)
    assert verb("restore", project, saved.json["file"], "--json").code == 0
    assert verb("clips", project, "--json").json[0]["decision"] == "keep"
