"""The child's side of a fine-tune: the training loop of one run folder."""

from __future__ import annotations

import math
import shutil
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor, nn

from motionlens.domain.errors import Cancelled, TrainerError
from motionlens.domain.ports import ClipReader, Token
from motionlens.domain.run import RunSettings, RunState
from motionlens.domain.seeds import derive_seed
from motionlens.finetune.batches import Batch, draw_batch
from motionlens.finetune.checkpoints import load_checkpoint, save_checkpoint
from motionlens.finetune.latents import TrainingClips, training_clips
from motionlens.finetune.recipe import RECIPE, Recipe, steps_between_checkpoints
from motionlens.finetune.run_folder import RunFolder
from motionlens.models.lora import add_lora
from motionlens.models.video_model import VideoModel


def train(
    folder: Path,
    model: VideoModel,
    reader: ClipReader,
    token: Token | None = None,
    recipe: Recipe = RECIPE,
) -> RunState:
    """Train a run to its end, from its last checkpoint if there is one.

    On one thread of one machine a run that was stopped or killed and resumed ends with the same
    weights, bit for bit, as one that was not.

    Parameters
    ----------
    folder : Path
        The run's folder, as the launcher makes it.
    model : VideoModel
        The base, as loaded; its network is changed.
    token : Token, optional
        A cancel stops the run after the current step, as the folder's ``stop`` marker does.

    Returns
    -------
    RunState
        ``done`` or ``stopped``; in both the weights so far are in the folder.

    Raises
    ------
    TrainerError
        No clip can be read, the base is not the one that the run was started on, or the loss is
        no longer a number.
    """
    run = RunFolder(folder)
    settings = _with_base(run, model)
    try:
        clips = _clips(run, settings, model, reader, token)
    except Cancelled:
        run.say(RunState.STOPPED, max(run.checkpoint_steps(), default=0))
        return RunState.STOPPED
    loop = _Loop(run, settings, model, clips, recipe)
    loop.take_up()
    state = loop.run(token)
    if loop.step:
        loop.save_weights()
    run.say(state, loop.step, loop.loss)
    if state is RunState.DONE:
        run.latents.unlink(missing_ok=True)
    return state


def _with_base(run: RunFolder, model: VideoModel) -> RunSettings:
    settings = run.settings()
    own = model.weights_hash
    if not settings.base_hash:
        settings = replace(settings, base_hash=own)
        run.write_settings(settings)
    if settings.base_hash != own:
        raise TrainerError(
            f"The weights of {settings.base} have changed since this run was started",
            f"they were {settings.base_hash[:12]} and are {own[:12]}",
            "Start a new run on the new weights",
        )
    return settings


def _clips(
    run: RunFolder,
    settings: RunSettings,
    model: VideoModel,
    reader: ClipReader,
    token: Token | None,
) -> TrainingClips:
    def tell(done: int, total: int) -> None:
        if _stopped(run, token):
            raise Cancelled
        if done % 25 == 0 or done == total:
            run.say(RunState.STARTING, start, clips_read=done, clips=total)

    start = max(run.checkpoint_steps(), default=0)
    return training_clips(
        run.clips(),
        settings.manifest_sha256,
        model,
        settings.base_hash,
        reader,
        run.latents,
        tell,
    )


class _Loop:
    """A run in memory; `step` counts the steps done."""

    def __init__(
        self,
        run: RunFolder,
        settings: RunSettings,
        model: VideoModel,
        clips: TrainingClips,
        recipe: Recipe,
    ) -> None:
        self._run = run
        self._settings = settings
        self._model = model
        self._clips = clips
        self._recipe = recipe
        self._noise_shape = tuple(model.noise(0).shape)
        self._parameters = _trainable(model, settings, recipe)
        self._optimiser = torch.optim.AdamW(
            self._parameters.values(),
            lr=settings.learning_rate,
            betas=recipe.betas,
            weight_decay=recipe.decay,
        )
        # What a checkpoint must agree with.
        self._place = {"seed": settings.seed, "batch": settings.batch, "steps": settings.steps}
        self._saved = -1
        self.step = 0
        self.loss: float | None = None

    def take_up(self) -> None:
        """Go to the last checkpoint."""
        self.step = load_checkpoint(
            self._run.checkpoints, self._parameters, self._optimiser, self._place
        )
        self._saved = self.step if self.step else -1
        skipped = [list(pair) for pair in self._clips.skipped]
        self._run.say(RunState.STARTING, self.step, skipped=skipped)

    def run(self, token: Token | None) -> RunState:
        """Train to the end, or until asked to stop."""
        steps = self._settings.steps
        every = steps_between_checkpoints(steps)
        self._model.network.train()
        while self.step < steps:
            if _stopped(self._run, token):
                self._checkpoint()
                return RunState.STOPPED
            self.loss = self._train_one()
            self.step += 1
            if self.step % every == 0 and self.step < steps:
                self._checkpoint()
            self._run.say(RunState.RUNNING, self.step, self.loss)
        return RunState.DONE

    def save_weights(self) -> None:
        """Write the result beside its provenance, whole or not at all."""
        self._model.network.eval()
        settings = self._settings
        partial = self._run.root / ".weights.part"
        shutil.rmtree(partial, ignore_errors=True)
        self._model.name = settings.run
        self._model.save(
            partial,
            run=settings.run,
            base=settings.base,
            base_hash=settings.base_hash,
            method=settings.method,
            steps=str(self.step),
            seed=str(settings.seed),
            manifest_sha256=settings.manifest_sha256,
        )
        shutil.rmtree(self._run.weights, ignore_errors=True)
        partial.rename(self._run.weights)

    def _train_one(self) -> float:
        settings = self._settings
        batch = draw_batch(
            settings.seed,
            self.step,
            settings.batch,
            len(self._clips.latents),
            self._noise_shape,
            self._recipe,
        )
        rate = settings.learning_rate * self._recipe.rate(self.step, settings.steps)
        for group in self._optimiser.param_groups:
            group["lr"] = rate
        loss = self._model.loss(
            augmented(self._clips, batch),
            self._clips.conditions[batch.clips],
            batch.levels,
            batch.noise,
        ).mean()
        value = float(loss.detach())
        if not math.isfinite(value):
            raise TrainerError(
                f"The loss is no longer a number at step {self.step + 1}",
                "the learning rate is too large for this model and these clips",
                "Start a new run with a smaller learning rate",
            )
        self._optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(list(self._parameters.values()), self._recipe.clip)
        self._optimiser.step()
        return value

    def _checkpoint(self) -> None:
        if self.step and self.step != self._saved:
            save_checkpoint(
                self._run.checkpoints, self.step, self._parameters, self._optimiser, self._place
            )
            self._saved = self.step


def augmented(clips: TrainingClips, batch: Batch) -> Tensor:
    """The batch's latents (B, C, F, h, w), some mirrored, some with light and dark swapped.

    Physics does not care about either; both double what a clip can teach.
    """
    latents = clips.latents[batch.clips]
    if clips.mirrors:
        latents = torch.where(_per_clip(batch.mirrored), latents.flip(-1), latents)
    if clips.inverts:
        latents = torch.where(_per_clip(batch.inverted), -latents, latents)
    return latents


def _per_clip(flags: Tensor) -> Tensor:
    return flags[:, None, None, None, None]


def _trainable(model: VideoModel, settings: RunSettings, recipe: Recipe) -> dict[str, nn.Parameter]:
    if settings.method == "lora":
        # The adapter's first weights come from the run's seed, so that arms start alike.
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(derive_seed("adapter", settings.seed))
            add_lora(model, recipe.rank)
        parameters = model.tracked_parameters("lora")
    else:
        parameters = model.tracked_parameters("all")
    chosen = {id(value) for value in parameters.values()}
    for value in model.network.parameters():
        value.requires_grad_(id(value) in chosen)
    return parameters


def _stopped(run: RunFolder, token: Token | None) -> bool:
    if run.stop_marker.exists():
        return True
    if token is not None:
        try:
            token.check()
        except Cancelled:
            return True
    return False
