"""Fine-tune, generate and trial as verbs, on a real project with rendered clips."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from motionlens.app import Project, create_project
from motionlens.domain.errors import (
    Cancelled,
    ManifestError,
    ModelError,
    TrainerError,
    UsageError,
)
from motionlens.files import content_hash
from motionlens.lanes import CancelToken
from motionlens.models.embedded import EmbeddedModel
from motionlens.models.network import NetworkShape
from motionlens.operations import finetune, trial
from motionlens.worlds.physics import simulate

SMALL = NetworkShape(widths=(8, 8, 16), blocks=(1, 1, 1, 1, 1), condition=16)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("base") / "small"
    EmbeddedModel.untrained(3, SMALL).save(folder)
    return str(folder)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """Four training clips and one reference."""
    folder = tmp_path_factory.mktemp("project")
    with create_project(folder / "p") as made:
        for number in range(5):
            clip = simulate(60 + number)
            made.rooms.reader.write(folder / "clips" / f"{number}.mp4", clip.frames, 8.0)
            (folder / "clips" / f"{number}.txt").write_text(clip.caption)
        made.add([folder / "clips" / f"{number}.mp4" for number in range(4)])
        made.add([folder / "clips" / "4.mp4"], role="reference")
        yield made


@pytest.fixture(scope="module")
def tuned(project: Project, base: str) -> str:
    """A finished run."""
    result = project.finetune(model=base, steps=2, batch=2, name="tuned", learning_rate=0.01)
    assert (result.run, result.steps, result.state) == ("tuned", 2, "done")
    assert result.weights
    assert Path(result.weights).is_file()
    return result.run


def test_a_run_is_listed_with_the_hash_of_its_list(project: Project, tuned: str) -> None:
    row = next(row for row in project.runs() if row.run == tuned)
    assert (row.state, row.step, row.steps) == ("done", 2, 2)
    frozen = project.folder.runs / tuned / "manifest.jsonl"
    assert row.manifest_sha256 == content_hash(frozen)
    exported = project.export(format="jsonl", out=project.folder.root / "list.jsonl")
    assert exported.sha256 == row.manifest_sha256


def test_a_given_list_of_another_format_is_copied_and_trained_on(
    project: Project, base: str
) -> None:
    exported = project.export(format="csv", out=project.folder.root / "list.csv")
    result = project.finetune(model=base, steps=1, batch=2, manifest=exported.files[0])
    assert result.manifest_sha256 == exported.sha256
    copy = project.folder.runs / result.run / "manifest.csv"
    assert copy.read_bytes() == Path(exported.files[0]).read_bytes()


def test_the_same_call_goes_on_with_a_run_that_was_stopped(project: Project, base: str) -> None:
    token = CancelToken()

    def stop_early(what: str, done: int, total: int) -> None:
        if what == "Training" and done:
            token.cancel()

    call: dict[str, Any] = {"model": base, "steps": 120, "batch": 1}
    with pytest.raises(Cancelled):
        project.finetune(**call, progress=stop_early, cancel=token)
    before = project.runs()
    assert before[0].state == "stopped"
    assert 0 < before[0].step < 120
    after = project.finetune(**call)
    assert (after.run, after.steps, after.state) == (before[0].run, 120, "done")
    assert len(project.runs()) == len(before)


def test_what_cannot_start_is_told_in_words(project: Project, base: str, tuned: str) -> None:
    with pytest.raises(TrainerError, match="2 processes"):
        project.finetune(model=base, processes=2)
    with pytest.raises(ModelError, match="no model 'nope'"):
        project.finetune(model="nope")
    with pytest.raises(ManifestError, match="No clip is approved"):
        project.finetune(model=base, include="keep")
    with pytest.raises(ManifestError, match="does not exist"):
        project.finetune(model=base, manifest="gone.jsonl")
    with pytest.raises(TrainerError, match="a run tuned already"):
        project.finetune(model=base, name=tuned, steps=9)
    with pytest.raises(TrainerError, match="no run nobody"):
        project.stop("nobody")


def test_a_detached_run_stops_when_asked_and_the_same_call_goes_on(
    project: Project, base: str
) -> None:
    started = project.finetune(model=base, name="apart", steps=12, batch=2, detach=True)
    assert started.final_loss is None
    (row,) = project.stop("apart")
    assert row.run == "apart"
    ended = project.rooms.trainer.wait("apart", lambda *_: None, finetune.NO_TOKEN)
    assert str(ended.state) in ("stopped", "done")
    if str(ended.state) == "stopped":
        again = project.finetune(model=base, name="apart", steps=12, batch=2)
        assert (again.run, again.steps, again.state) == ("apart", 12, "done")


def test_prompts_become_generations_once(project: Project, tuned: str, tmp_path: Path) -> None:
    prompts = tmp_path / "prompts.txt"
    prompts.write_text("a ball bounces\n\nslide left\nslide left\n")
    first = project.generate(model=tuned, prompts=prompts)
    assert len(set(first.clips)) == 3
    rows = {row.id: row for row in project.clips(role="generation")}
    assert [rows[clip].caption for clip in first.clips] == [
        "a ball bounces",
        "slide left",
        "slide left",
    ]
    row = rows[first.clips[0]]
    assert (row.width, row.height, row.fps, row.frames) == (256, 256, 8.0, 16)
    assert Path(row.path).parent == project.folder.generations
    before = {path: path.stat().st_mtime_ns for path in project.folder.generations.iterdir()}
    assert project.generate(model=tuned, prompts=prompts).clips == first.clips
    assert before == {p: p.stat().st_mtime_ns for p in project.folder.generations.iterdir()}


def test_references_are_continued_from_their_first_frames(
    project: Project, tuned: str, tmp_path: Path
) -> None:
    (clip,) = project.generate(model=tuned, references=True, out=tmp_path / "out").clips
    (reference,) = project.clips(role="reference")
    made = next(row for row in project.clips(role="generation") if row.id == clip)
    shown = project.rooms.reader.frames(made.path, 0, 4).mean(axis=-1)
    given = project.rooms.reader.frames(reference.path, 0, 4).mean(axis=-1)
    # Grey and enlarged from 32x32, so only broad brightness can agree.
    blocks = [x.reshape(4, 8, 32, 8, 32).mean(axis=(2, 4)) for x in (shown, given)]
    assert abs(blocks[0] - blocks[1]).max() < 25


@pytest.mark.parametrize("both", [True, False])
def test_generations_start_from_exactly_one_thing(
    project: Project, tuned: str, tmp_path: Path, both: bool
) -> None:
    prompts = tmp_path / "p.txt"
    prompts.write_text("bounce\n")
    with pytest.raises(UsageError, match="Exactly one"):
        project.generate(model=tuned, prompts=prompts if both else None, references=both)


@pytest.mark.parametrize("data", [b"", b"\n \n", b"\xff\xfe\x00"])
def test_prompts_that_are_none_are_told_in_words(
    project: Project, tuned: str, tmp_path: Path, data: bytes
) -> None:
    prompts = tmp_path / "p.txt"
    prompts.write_bytes(data)
    with pytest.raises(UsageError, match="holds no prompts"):
        project.generate(model=tuned, prompts=prompts)


def test_a_trial_is_blind_until_every_pair_has_a_vote(
    project: Project, base: str, tuned: str
) -> None:
    made = project.trial_new(base=base, tuned=tuned, pairs=3)
    assert made.pairs == 3
    files = trial.pair_files(project.rooms, made.trial)
    names = sorted(path.name for path in (project.folder.trials / made.trial).iterdir())
    assert names == sorted(path.name for _, *sides in files for path in sides)
    assert all(re.fullmatch(r"pair-00[123]-(left|right)\.mp4", name) for name in names)
    _, left, right = files[0]
    read = project.rooms.reader.frames
    # One start, the same given frames; what follows differs.
    assert abs(read(left, 0, 4).astype(int) - read(right, 0, 4)).max() < 12
    assert content_hash(left) != content_hash(right)
    for number in (1, 2):
        project.trial_vote(made.trial, number, "left", by="ann")
    assert project.trial_report(made.trial).tuned == ""
    assert project.trial_vote(made.trial, 3, "tie", by="ann").votes == 3
    assert project.trial_vote(made.trial, 3, "right", by="ann").votes == 3
    report = project.trial_report(made.trial)
    _, _, pairs = project.rooms.store.trial(made.trial)
    wins = sum(pair.tuned_left == (pair.number < 3) for pair in pairs)
    assert (report.base, report.tuned) == (base, tuned)
    assert (report.wins, report.losses, report.ties) == (wins, 3 - wins, 0)


def test_trials_that_make_no_sense_are_refused(project: Project, base: str, tuned: str) -> None:
    with pytest.raises(UsageError, match="the same weights"):
        project.trial_new(base=base, tuned=base)
    with pytest.raises(UsageError, match="needs pairs"):
        project.trial_new(base=base, tuned=tuned, pairs=0)
    with pytest.raises(UsageError, match="no trial trial-99"):
        project.trial_report("trial-99")
    before = sorted(project.folder.trials.glob("*")) if project.folder.trials.is_dir() else []
    with pytest.raises(KeyboardInterrupt):
        project.trial_new(base=base, tuned=tuned, pairs=2, progress=_interrupt)
    after = sorted(project.folder.trials.glob("*")) if project.folder.trials.is_dir() else []
    assert before == after


def _interrupt(what: str, done: int, total: int) -> None:
    if what == "Making pairs" and done == 1:
        raise KeyboardInterrupt
