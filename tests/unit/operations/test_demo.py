"""The demo at a small size: every link of the loop, for real."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from motionlens.app import make_demo, open_project
from motionlens.domain.errors import Cancelled, ProjectError
from motionlens.finetune.process import hold_alone
from motionlens.lanes import CancelToken
from motionlens.operations.demo import STAND_IN, DemoSize, clear_demo, goes_on

SMALL = DemoSize(clips=12, planted=4, queries=4, steps=3, pairs=3)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("demo") / "project"
    return folder, make_demo(folder, size=SMALL)


def test_its_document_holds_what_was_measured(made: tuple[Path, dict[str, Any]]) -> None:
    folder, document = made
    assert document["project"] == str(folder)
    assert (document["clips"], document["planted"], document["candidates"]) == (12, 4, 5)
    assert document["wins"] + document["ties"] + document["losses"] == 3
    decided = document["wins"] + document["losses"]
    assert document["win_rate"] == (document["wins"] / decided if decided else None)
    assert set(document["errors"]) == {"base", "tuned", "control"}
    assert all(error > 0 for error in document["errors"].values())


def test_each_decision_says_that_the_truth_stood_in(made: tuple[Path, dict[str, Any]]) -> None:
    folder, document = made
    with open_project(folder) as project:
        rows = project.history()
        excluded = project.clips(decision="exclude")
        kinds = project.rooms.store.setting("planted")
    assert {row.by for row in rows} == {STAND_IN}
    assert len(rows) == document["candidates"]
    assert len(excluded) == document["found"]
    assert all(kinds[row.id] != "clean" for row in excluded)
    assert all(row.evidence["method"] == "combined" for row in rows)


def test_runs_and_trials_are_real(made: tuple[Path, dict[str, Any]]) -> None:
    folder, document = made
    with open_project(folder) as project:
        runs = {run.run: run for run in project.runs()}
        report = project.trial_report(document["trial"])
    assert {run.state for run in runs.values()} == {"done"}
    # As many clips in both lists, but not the same ones: the control differs in its clips alone.
    lists = {
        name: (folder / "runs" / name / "manifest.jsonl").read_text().splitlines() for name in runs
    }
    assert len(lists["curated"]) == len(lists["control"]) == 12 - document["found"]
    assert (report.base, report.tuned) == ("embedded", "curated")


def test_a_finished_demo_is_taken_as_it_is(made: tuple[Path, dict[str, Any]]) -> None:
    folder, document = made
    before = (folder / "project.db").stat().st_mtime_ns
    assert make_demo(folder)["seconds"] == document["seconds"]
    assert (folder / "runs").is_dir()
    assert (folder / "project.db").stat().st_mtime_ns == before


def test_a_folder_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(ProjectError, match="not empty"):
        make_demo(tmp_path, size=SMALL)
    assert (tmp_path / "thesis.txt").read_text() == "mine"


def test_a_stopped_demo_goes_on_and_leaves_nothing_running(tmp_path: Path) -> None:
    tiny = DemoSize(clips=6, planted=2, queries=2, steps=200, pairs=2)
    token = CancelToken()

    def stop_in_training(what: str, done: int, total: int) -> None:
        if what == "Training" and done >= 2:
            token.cancel()

    with pytest.raises(Cancelled):
        make_demo(tmp_path / "p", size=tiny, progress=stop_in_training, cancel=token)
    with open_project(tmp_path / "p") as project:
        assert {run.state for run in project.runs()} <= {"stopped", "done"}
        rows = project.rooms.indexes.latest()[0].vectors().tobytes()
        events = [row.event for row in project.history()]
    (tmp_path / "p" / "thesis.txt").write_text("mine")
    with open_project(tmp_path / "p") as project:
        assert goes_on(project.rooms, tiny, 0)
        assert not goes_on(project.rooms, tiny, 1)
        assert project.rooms.indexes.latest()[0].vectors().tobytes() == rows
        assert [row.event for row in project.history()] == events
        clear_demo(project.rooms)
    left = sorted(path.name for path in (tmp_path / "p").iterdir())
    assert left == ["demo.lock", "thesis.txt"]


def test_two_demos_in_one_folder_are_refused(tmp_path: Path) -> None:
    folder = tmp_path / "p"
    folder.mkdir()
    held = hold_alone(folder / "demo.lock")
    assert held is not None
    with held, pytest.raises(ProjectError, match="being made already"):
        make_demo(folder, size=SMALL)
    assert not (folder / "project.db").exists()
    file = tmp_path / "file"
    file.write_text("mine")
    with pytest.raises(ProjectError, match="cannot become a project"):
        make_demo(file, size=SMALL)
