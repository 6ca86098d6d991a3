"""decide, undo, redo, history, export, merge: what the curator answers, and what comes of it."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from tests.support.verbs import verb
from tests.unit.cli.conftest import SPEEDS

FORMATS = verb("export", "--list-formats", "--json").json
FILES = {"jsonl": "list.jsonl", "csv": "list.csv", "parquet": "list.parquet"}


def ids(project: Path, role: str = "training") -> list[str]:
    return [row["id"] for row in verb("clips", project, "--role", role, "--json").json]


def decision(project: Path, clip: str) -> str:
    rows = verb("clips", project, "--json").json
    return next(str(row["decision"]) for row in rows if row["id"] == clip)


def test_decisions_are_taken_back_and_brought_again(project: Path) -> None:
    one, two, three, *_ = ids(project)
    made = verb("decide", project, "exclude", one[:8], two, "--by", "ada", "--json")
    assert (made.code, made.json.keys(), made.json["changed"]) == (0, {"event", "changed"}, 2)
    verb("decide", project, "keep", "-", "--by", "bob", "--note", "true fall", given=f"{three}\n")
    assert [decision(project, clip) for clip in (one, two, three)] == ["exclude", "exclude", "keep"]
    mine = verb("undo", project, "--by", "ada", "--json")
    assert (mine.json.keys(), mine.json["changed"]) == ({"event", "changed"}, 2)
    assert [decision(project, clip) for clip in (one, three)] == ["none", "keep"]
    assert verb("redo", project, "--by", "ada", "--json").json["changed"] == 2
    assert decision(project, two) == "exclude"
    verb("decide", project, "clear", two)
    assert decision(project, two) == "none"


def test_history_has_one_row_a_clip_and_event(project: Path) -> None:
    one, two, *_ = ids(project)
    verb("decide", project, "exclude", one, two, "--by", "ada", "--note", "hangs in the air")
    verb("decide", project, "unsure", one, "--by", "bob")
    rows = verb("history", project, "--json").json
    assert [row.keys() for row in rows] == [
        {"event", "at", "by", "clip", "decision", "note", "evidence"}
    ] * 3
    assert {(row["clip"], row["by"], row["decision"]) for row in rows} == {
        (one, "ada", "exclude"),
        (two, "ada", "exclude"),
        (one, "bob", "unsure"),
    }
    assert rows[0]["event"] == rows[1]["event"] != rows[2]["event"]
    assert [row["by"] for row in verb("history", project, one[:10], "--json").json] == [
        "ada",
        "bob",
    ]
    assert "hangs in the air" in verb("history", project).out


def test_nothing_to_take_back_is_told(project: Path) -> None:
    before = verb("history", project, "--json").json
    verb("undo", project).refused()
    verb("redo", project).refused()
    verb("decide", project, "exclude", "nowhere.mp4").refused("nowhere.mp4 is not a clip")
    verb("decide", project, "burn", ids(project)[0]).refused("burn")
    assert verb("history", project, "--json").json == before == []


def test_formats_are_listed() -> None:
    assert {"jsonl", "csv", "parquet", "diffsynth", "videofolder"} <= set(FORMATS)
    assert verb("export", "--list-formats").out.split() == FORMATS


@pytest.mark.parametrize("name", FORMATS)
def test_what_is_exported_comes_back(name: str, project: Path, tmp_path: Path) -> None:
    out_one = ids(project)[0]
    verb("decide", project, "exclude", out_one)
    out = tmp_path / "new" / FILES.get(name, name)
    got = verb("export", project, "--format", name, "-o", out, "--json")
    assert got.code == 0, got.err
    assert got.json.keys() >= {"format", "clips", "sha256", "files"}
    assert (got.json["format"], got.json["clips"]) == (name, len(SPEEDS) - 1)
    first = Path(got.json["files"][0])
    assert got.json["sha256"] == hashlib.sha256(first.read_bytes()).hexdigest()
    verb("new", tmp_path / "back")
    back = verb("add", tmp_path / "back", "--from", out, "--json")
    assert (back.code, back.json["added"]) == (0, len(SPEEDS) - 1), back.err
    rows = verb("clips", tmp_path / "back", "--json").json
    assert {row["id"] for row in rows} == set(ids(project)) - {out_one}
    assert {row["caption"] for row in rows} == {
        row["caption"]
        for row in verb("clips", project, "--role", "training", "--json").json
        if row["id"] != out_one
    }


def test_export_takes_what_is_approved(project: Path, tmp_path: Path) -> None:
    one, two, *_ = ids(project)
    ask = ("export", project, "--format", "jsonl", "-o", tmp_path / "l.jsonl")
    verb(*ask, "--include", "keep").refused("No clip is approved")
    verb("decide", project, "keep", one, "--by", "ada")
    assert verb(*ask, "--include", "keep", "--json").json["clips"] == 1
    verb("decide", project, "exclude", two, "--by", "ada")
    verb("decide", project, "keep", two, "--by", "bob")
    assert verb(*ask, "--json").json["clips"] == len(SPEEDS)
    assert verb(*ask, "--include", "agreed", "--json").json["clips"] == len(SPEEDS) - 1
    verb("export", project, "--format", "nope", "-o", tmp_path / "x").refused("'nope'", "jsonl")
    verb("export", project).refused("--format")


def test_two_stores_become_one(project: Path, media: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    verb("new", other)
    verb("add", other, media / "training")
    one, two, *_ = ids(project)
    verb("decide", project, "exclude", one, "--by", "ada")
    verb("decide", other, "keep", one, two, "--by", "bob")
    got = verb("merge", project, other, "--json").json
    assert got == {"new_events": 2, "conflicts": [one]}
    assert verb("merge", project, other, "--json").json["new_events"] == 0
    told = verb("agreement", project, "--json").json
    assert told.keys() == {
        "curators",
        "clips",
        "percent",
        "cohen_kappa",
        "krippendorff_alpha",
        "krippendorff_ci95",
        "with_oneself",
    }
    assert (told["clips"], told["percent"]) == (1, 0)


def test_normalised_clips_are_written_anew(project: Path, tmp_path: Path) -> None:
    ask = ("export", project, "--normalise", "-o", tmp_path / "out", "--json")
    verb(*ask, "--format", "jsonl").refused("cannot be normalised", "videofolder")
    got = verb(*ask, "--format", "videofolder").json
    made = [Path(file) for file in got["files"] if file.endswith(".mp4")]
    assert len(made) == got["clips"] == len(SPEEDS)
    assert not any(file.is_symlink() for file in made)
    facts = verb("probe", made[0], "--json").json
    assert (facts["width"], facts["height"], facts["codec"]) == (64, 48, "h264")
