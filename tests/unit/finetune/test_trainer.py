"""The training loop on real clips: learning, stopping, resuming, and failing in words."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from motionlens.domain.errors import TrainerError
from motionlens.domain.manifest import Manifest
from motionlens.domain.run import RunState
from motionlens.files import read_json
from motionlens.finetune.batches import draw_batch
from motionlens.finetune.latents import training_clips
from motionlens.finetune.recipe import RECIPE
from motionlens.finetune.run_folder import RunFolder
from motionlens.finetune.trainer import augmented, train
from motionlens.lanes import CancelToken
from motionlens.media import PyAVReader
from motionlens.models.embedded import EmbeddedModel
from tests.unit.finetune.conftest import SMALL, MakeRun

READER = PyAVReader()


class StopAt:
    """A token that is cancelled when it was asked so many times."""

    def __init__(self, asked: int) -> None:
        self._left = asked
        self._token = CancelToken()

    def check(self) -> None:
        self._left -= 1
        if self._left < 0:
            self._token.cancel()
        self._token.check()


def weights(run: RunFolder) -> dict[str, torch.Tensor]:
    file = run.weights_file()
    assert file is not None
    return load_file(file)


def same(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def fresh() -> EmbeddedModel:
    return EmbeddedModel.untrained(3, SMALL)


def test_a_run_lowers_its_loss_and_leaves_weights_with_their_origin(
    make_run: MakeRun, base: EmbeddedModel
) -> None:
    before = base.weights_hash
    run = make_run("run-1", steps=60)
    assert train(run.root, base, READER) is RunState.DONE
    losses = [loss for _, loss in run.losses()]
    assert len(losses) == 60
    assert sum(losses[-15:]) < 0.8 * sum(losses[:15])
    info = run.info()
    assert (info.state, info.step, info.skipped) == (RunState.DONE, 60, ())
    assert info.loss == losses[-1]
    origin = read_json(run.weights / "config.json")["provenance"]
    assert origin["base_hash"] == before
    assert origin["manifest_sha256"] == run.settings().manifest_sha256
    assert not run.latents.exists()


def test_a_repeated_run_gives_the_same_weights(make_run: MakeRun) -> None:
    runs = [make_run(name) for name in ("one", "two")]
    for run in runs:
        train(run.root, fresh(), READER)
    assert same(weights(runs[0]), weights(runs[1]))


def test_stopped_and_resumed_equals_uninterrupted(make_run: MakeRun) -> None:
    straight, broken = make_run("straight"), make_run("broken")
    train(straight.root, fresh(), READER)
    clips = 5 + 1  # the token is asked before each clip and after the last
    assert train(broken.root, fresh(), READER, StopAt(clips + 5)) is RunState.STOPPED
    assert (broken.info().state, broken.info().step) == (RunState.STOPPED, 5)
    assert broken.checkpoint_steps()[-1] == 5
    assert not same(weights(straight), weights(broken))
    assert train(broken.root, fresh(), READER) is RunState.DONE
    assert same(weights(straight), weights(broken))
    assert straight.losses() == broken.losses()


def test_a_damaged_checkpoint_is_passed_over(make_run: MakeRun) -> None:
    straight, broken = make_run("straight"), make_run("broken")
    train(straight.root, fresh(), READER)
    train(broken.root, fresh(), READER, StopAt(6 + 7))
    newest = broken.checkpoints / "step-7" / "optimiser.safetensors"
    newest.write_bytes(newest.read_bytes()[:100])
    train(broken.root, fresh(), READER)
    assert same(weights(straight), weights(broken))


def test_only_damaged_checkpoints_are_an_error(make_run: MakeRun) -> None:
    run = make_run("run")
    train(run.root, fresh(), READER, StopAt(6 + 2))
    for step in run.checkpoint_steps():
        (run.checkpoints / f"step-{step}" / "loop.json").write_text("{")
    with pytest.raises(TrainerError, match="No checkpoint can be used"):
        train(run.root, fresh(), READER)


def test_the_last_two_checkpoints_are_kept(make_run: MakeRun, base: EmbeddedModel) -> None:
    run = make_run("run")
    train(run.root, base, READER)
    assert run.checkpoint_steps() == [8, 9]
    assert not list(run.checkpoints.glob(".*"))


def test_the_stop_marker_ends_it_while_clips_are_read(
    make_run: MakeRun, base: EmbeddedModel
) -> None:
    run = make_run("run")
    run.stop_marker.touch()
    assert train(run.root, base, READER) is RunState.STOPPED
    assert run.losses() == []
    assert run.info().weights == ""


def test_clips_that_cannot_be_read_are_named_and_skipped(
    make_run: MakeRun, listed: Manifest, base: EmbeddedModel, tmp_path: Path
) -> None:
    text = tmp_path / "text.mp4"
    text.write_text("no video")
    changed = tmp_path / "changed.mp4"
    shutil.copy(listed.entries[0].path, changed)
    entries = (
        *listed.entries,
        replace(listed.entries[0], id="a", path=str(text), content_hash=""),
        replace(listed.entries[0], id="b", path=str(tmp_path / "gone.mp4")),
        replace(listed.entries[0], id="c", path=str(changed), content_hash="0" * 64),
    )
    run = make_run("run", Manifest(entries, "keep"), steps=2)
    train(run.root, base, READER)
    skipped = dict(run.info().skipped)
    assert set(skipped) == {str(text), str(tmp_path / "gone.mp4"), str(changed)}
    assert "not there" in skipped[str(tmp_path / "gone.mp4")]
    assert "not the file that was approved" in skipped[str(changed)]


def test_no_readable_clip_is_an_error_in_words(
    make_run: MakeRun, listed: Manifest, base: EmbeddedModel
) -> None:
    gone = tuple(replace(entry, path="gone.mp4") for entry in listed.entries)
    run = make_run("run", Manifest(gone, "keep"))
    with pytest.raises(TrainerError, match="None of the clips can be read"):
        train(run.root, base, READER)


def test_a_changed_base_is_refused(make_run: MakeRun, base: EmbeddedModel) -> None:
    run = make_run("run", base_hash="1" * 64)
    with pytest.raises(TrainerError, match="have changed since"):
        train(run.root, base, READER)


def test_a_loss_that_is_no_number_ends_the_run_and_keeps_the_checkpoint(
    make_run: MakeRun, base: EmbeddedModel
) -> None:
    run = make_run("run", learning_rate=1e30)
    with pytest.raises(TrainerError, match="no longer a number"):
        train(run.root, base, READER)


def test_a_part_of_a_file_is_trained_on_as_that_part(
    listed: Manifest, base: EmbeddedModel, tmp_path: Path
) -> None:
    from motionlens.domain.clip import Span

    entry = replace(listed.entries[0], span=Span(4, 12), frames=8)
    clips = training_clips(
        Manifest((entry,), "keep"), "m", base, "w", READER, tmp_path / "cache", lambda *_: None
    )
    frames = READER.frames(entry.path, 4, 12)
    assert torch.equal(clips.latents[0], base.encode(frames))


def test_augmentation_is_what_encoding_the_changed_clip_gives(
    listed: Manifest, base: EmbeddedModel, tmp_path: Path
) -> None:
    clips = training_clips(listed, "m", base, "w", READER, tmp_path / "cache", lambda *_: None)
    assert clips.mirrors
    assert clips.inverts
    batch = draw_batch(0, 0, 16, len(clips.latents), tuple(base.noise(0).shape), RECIPE)
    assert 0 < int(batch.mirrored.sum()) < 16
    for at, latent in enumerate(augmented(clips, batch)):
        frames = READER.frames(listed.entries[int(batch.clips[at])].path)
        frames = frames[:, :, ::-1] if batch.mirrored[at] else frames
        frames = 255 - frames if batch.inverted[at] else frames
        assert torch.allclose(latent, base.encode(frames.copy()), atol=1e-4)


def test_the_cache_of_latents_is_used_and_hangs_on_list_and_base(
    listed: Manifest, base: EmbeddedModel, tmp_path: Path
) -> None:
    cache = tmp_path / "latents.safetensors"
    read: list[int] = []

    def tell(done: int, total: int) -> None:
        read.append(done)

    first = training_clips(listed, "m", base, "w", READER, cache, tell)
    assert read == [0, 1, 2, 3, 4, 5]
    again = training_clips(listed, "m", base, "w", READER, cache, tell)
    assert len(read) == 6
    assert torch.equal(first.latents, again.latents)
    assert torch.equal(first.conditions, again.conditions)
    training_clips(listed, "other", base, "w", READER, cache, tell)
    assert len(read) == 12
