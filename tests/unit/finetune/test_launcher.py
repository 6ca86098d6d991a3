"""Real child processes: start, follow, stop, kill, resume, outlive."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from motionlens.domain.errors import Cancelled, MotionLensError, TrainerError
from motionlens.domain.manifest import Manifest
from motionlens.domain.run import LIVE, RunInfo, RunState
from motionlens.files import content_hash
from motionlens.finetune import ChildTrainer, RunFolder
from motionlens.lanes import CancelToken
from motionlens.models.registry import load_model
from tests.unit.finetune.conftest import settings

ENDLESS = 100_000
LIMIT_S = 120.0


@pytest.fixture
def trainer(tmp_path: Path) -> Iterator[ChildTrainer]:
    """A trainer whose children do not survive the test."""
    made = ChildTrainer(tmp_path / "runs")
    yield made
    for info in made.runs():
        process = RunFolder(tmp_path / "runs" / info.run).process()
        if process is not None and process.alive():
            os.kill(process.pid, signal.SIGKILL)
    until(lambda: all(info.state not in LIVE for info in made.runs()))


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + LIMIT_S
    while not true():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)


def quiet(what: str, done: int, total: int) -> None:
    """No progress."""


def info_of(trainer: ChildTrainer, run: str) -> RunInfo:
    return next(info for info in trainer.runs() if info.run == run)


def kill(trainer: ChildTrainer, run: str) -> None:
    process = trainer.folder(run).process()
    assert process is not None
    os.kill(process.pid, signal.SIGKILL)
    until(lambda: info_of(trainer, run).state is RunState.INTERRUPTED)


def weights(trainer: ChildTrainer, run: str) -> dict[str, torch.Tensor]:
    return load_file(info_of(trainer, run).weights)


def test_a_killed_and_resumed_child_ends_as_one_that_was_not(
    trainer: ChildTrainer, listed: Manifest, base_folder: Path
) -> None:
    chosen = settings(str(base_folder), steps=60)
    first = trainer.start(chosen, listed)
    second = trainer.start(chosen, listed)
    assert (first, second) == ("run-1", "run-2")
    until(lambda: info_of(trainer, second).step >= 8)
    kill(trainer, second)
    killed = info_of(trainer, second)
    assert "Resume from" in killed.why
    assert killed.weights == ""
    trainer.resume(second)
    seen: list[tuple[int, int]] = []
    ended = trainer.wait(second, lambda _, done, total: seen.append((done, total)), CancelToken())
    assert (ended.state, ended.step, seen[-1]) == (RunState.DONE, 60, (60, 60))
    trainer.wait(first, quiet, CancelToken())
    a, b = weights(trainer, first), weights(trainer, second)
    assert all(torch.equal(a[name], b[name]) for name in a)
    assert trainer.losses(second).tolist() == trainer.losses(first).tolist()
    assert [info.run for info in trainer.runs()] == [second, first]
    with pytest.raises(TrainerError, match="All its 60 steps are done"):
        trainer.resume(first)


def test_stop_ends_after_the_current_step_with_a_checkpoint(
    trainer: ChildTrainer, listed: Manifest, base_folder: Path
) -> None:
    run = trainer.start(settings(str(base_folder), run="long", steps=ENDLESS), listed)
    until(lambda: info_of(trainer, run).step >= 2)
    with pytest.raises(TrainerError, match="cannot be resumed"):
        trainer.resume(run)
    trainer.stop(run)
    info = trainer.wait(run, quiet, CancelToken())
    assert info.state is RunState.STOPPED
    assert trainer.folder(run).checkpoint_steps()[-1] == info.step
    assert load_model(info.weights, "cpu").name == "long"


def test_a_cancel_stops_the_run_that_is_waited_for(
    trainer: ChildTrainer, listed: Manifest, base_folder: Path
) -> None:
    run = trainer.start(settings(str(base_folder), steps=ENDLESS), listed)
    token = CancelToken()

    def cancel_in_time(what: str, done: int, total: int) -> None:
        if done >= 1:
            token.cancel()

    with pytest.raises(Cancelled):
        trainer.wait(run, cancel_in_time, token)
    assert info_of(trainer, run).state is RunState.STOPPED


def test_a_child_outlives_a_killed_parent(
    trainer: ChildTrainer, listed: Manifest, base_folder: Path, tmp_path: Path
) -> None:
    manifest = tmp_path / "list.jsonl"
    manifest.write_text(listed.to_json_lines(), encoding="utf-8")
    code = (
        "import sys, time; from pathlib import Path;"
        "from motionlens.finetune import ChildTrainer;"
        "from tests.unit.finetune.conftest import settings;"
        "runs, base, file = sys.argv[1:];"
        "ChildTrainer(runs).start_from_file(settings(base, steps=40), Path(file));"
        "print('started', flush=True); time.sleep(600)"
    )
    arguments = [str(tmp_path / "runs"), str(base_folder), str(manifest)]
    parent = subprocess.Popen(
        [sys.executable, "-c", code, *arguments], stdout=subprocess.PIPE, cwd=Path.cwd()
    )
    with parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"started\n"
        parent.kill()
    assert info_of(trainer, "run-1").state in LIVE
    info = trainer.wait("run-1", quiet, CancelToken())
    assert (info.state, info.step) == (RunState.DONE, 40)
    assert info.manifest_sha256 == content_hash(manifest)
    assert trainer.folder("run-1").manifest.read_bytes() == manifest.read_bytes()


def test_an_adapter_run_loads_and_can_be_a_base(
    trainer: ChildTrainer, listed: Manifest, base_folder: Path
) -> None:
    chosen = settings(str(base_folder), run="thin", method="lora", steps=3, learning_rate=0.0)
    run = trainer.start(chosen, listed)
    info = trainer.wait(run, quiet, CancelToken())
    model = load_model(info.weights, "cpu")
    assert model.tracked_parameters("lora")
    before, after = load_file(base_folder / "model.safetensors"), weights(trainer, run)
    kept = {name.replace(".base.", "."): value for name, value in after.items()}
    assert all(torch.equal(before[name], kept[name]) for name in before)
    assert any(value.abs().sum() > 0 for name, value in after.items() if "lora_up" in name)
    again = trainer.start(settings("thin", steps=2), listed)
    assert trainer.wait(again, quiet, CancelToken()).state is RunState.DONE


def test_failures_are_kept_in_words(
    trainer: ChildTrainer, listed: Manifest, tmp_path: Path
) -> None:
    pickle = tmp_path / "model.pt"
    pickle.write_bytes(b"no weights")
    run = trainer.start(settings(str(pickle)), listed)
    with pytest.raises(TrainerError, match="pickle"):
        trainer.wait(run, quiet, CancelToken())
    info = info_of(trainer, run)
    assert info.state is RunState.FAILED
    assert "Traceback" not in trainer.folder(run).log.read_text()


def test_what_makes_no_sense_is_refused(trainer: ChildTrainer, listed: Manifest) -> None:
    for wrong in ({"steps": 0}, {"method": "magic"}, {"run": "../out"}, {"run": ".hidden"}):
        with pytest.raises(MotionLensError):
            trainer.start(replace(settings(), **wrong), listed)  # type: ignore[arg-type]
    with pytest.raises(TrainerError, match="nothing to train on"):
        trainer.start(settings(), Manifest((), "keep"))
    with pytest.raises(TrainerError, match="no run"):
        trainer.stop("nobody")
    assert trainer.runs() == []


def test_a_taken_name_is_refused_and_a_broken_folder_listed(
    trainer: ChildTrainer, listed: Manifest, tmp_path: Path
) -> None:
    broken = tmp_path / "runs" / "mine"
    broken.mkdir(parents=True)
    (broken / "settings.json").write_text("{")
    with pytest.raises(TrainerError, match="a run mine already"):
        trainer.start(settings(run="mine"), listed)
    (info,) = trainer.runs()
    assert (info.run, info.state) == ("mine", RunState.FAILED)
    assert "damaged" in info.why


def test_a_given_file_that_is_no_list_is_refused(trainer: ChildTrainer, tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    for text in ("a,b\n1,2\n", "3\n"):
        file.write_text(text)
        with pytest.raises(TrainerError, match="not a training list"):
            trainer.start_from_file(settings(), file)
    with pytest.raises(TrainerError, match="cannot be trained on"):
        trainer.start_from_file(settings(), tmp_path / "gone.jsonl")
