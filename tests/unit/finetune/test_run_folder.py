"""States and losses, from what lies on disk."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime, timedelta

import pytest

from motionlens.domain.errors import TrainerError
from motionlens.domain.run import RunState
from motionlens.files import append_json_line, write_json
from motionlens.finetune.process import current
from motionlens.finetune.run_folder import RunFolder
from tests.unit.finetune.conftest import MakeRun


def dead_process(run: RunFolder) -> None:
    write_json(run.process_file, {**asdict(current()), "started": 1.0})


@pytest.mark.parametrize("state", [RunState.QUEUED, RunState.STARTING, RunState.RUNNING])
def test_a_run_whose_process_is_gone_never_stays_running(
    make_run: MakeRun, state: RunState
) -> None:
    run = make_run("run")
    run.say(state, 4, 0.5)
    dead_process(run)
    info = run.info()
    assert (info.state, info.step) == (RunState.INTERRUPTED, 4)
    assert "Resume to start again" in info.why
    (run.checkpoints / "step-3").mkdir(parents=True)
    assert run.info().why.endswith("Resume from 3")


@pytest.mark.parametrize("state", [RunState.DONE, RunState.STOPPED, RunState.FAILED])
def test_an_ended_run_stays_ended(make_run: MakeRun, state: RunState) -> None:
    run = make_run("run")
    run.say(state, 10, why="because")
    dead_process(run)
    assert (run.info().state, run.info().why) == (state, "because")


def test_a_living_process_keeps_its_run_running(make_run: MakeRun) -> None:
    run = make_run("run")
    run.say(RunState.RUNNING, 2, 0.25)
    write_json(run.process_file, asdict(current()))
    assert (run.info().state, run.info().loss) == (RunState.RUNNING, 0.25)


def test_a_run_without_a_process_is_queued_for_a_moment_only(make_run: MakeRun) -> None:
    run = make_run("run")
    run.say(RunState.QUEUED, 0)
    assert run.info().state is RunState.QUEUED
    old = (datetime.now(UTC) - timedelta(minutes=5)).isoformat()
    append_json_line(run.progress_file, {"state": "queued", "step": 0, "loss": None, "at": old})
    assert run.info().state is RunState.INTERRUPTED


def test_steps_done_again_after_a_resume_count_once(make_run: MakeRun) -> None:
    run = make_run("run")
    for step in (1, 2, 3, 4):
        run.say(RunState.RUNNING, step, float(step))
    run.say(RunState.STARTING, 2)
    run.say(RunState.RUNNING, 3, 30.0)
    assert run.losses() == [(1, 1.0), (2, 2.0), (3, 30.0)]


def test_a_cut_last_line_is_passed_over_and_spoils_no_other(make_run: MakeRun) -> None:
    run = make_run("run")
    run.say(RunState.RUNNING, 1, 1.0)
    with open(run.progress_file, "ab") as file:
        file.write(b'{"state": "running", "st')
    assert run.losses() == [(1, 1.0)]
    run.end_cut_line()
    run.say(RunState.RUNNING, 2, 2.0)
    assert run.losses() == [(1, 1.0), (2, 2.0)]


def test_settings_and_versions_are_written(make_run: MakeRun) -> None:
    run = make_run("run", steps=7)
    assert run.settings().steps == 7
    assert '"torch"' in run.settings_file.read_text()


@pytest.mark.parametrize("text", ["", "{}", '{"settings": {"run": 1}}'])
def test_damaged_settings_are_told_in_words(make_run: MakeRun, text: str) -> None:
    run = make_run("run")
    run.settings_file.write_text(text)
    with pytest.raises(TrainerError, match=r"settings\.json is missing or damaged"):
        run.settings()


def test_a_damaged_list_is_told_in_words(make_run: MakeRun) -> None:
    run = make_run("run")
    run.manifest.write_text('{"id": 3}\n')
    with pytest.raises(TrainerError, match="no readable training list"):
        run.clips()
