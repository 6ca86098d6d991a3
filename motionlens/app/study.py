"""The ports of a study bound to their rooms, and the door of `evaluate`."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from motionlens.app.bindings import BoundWorld, tools
from motionlens.domain.errors import UsageError
from motionlens.domain.evaluation import LONG, QUICK, WORLDS, Evaluation, StudySize
from motionlens.domain.ports import Frames, GradientRow, Mask, Progress, Token, WorldClip
from motionlens.domain.ports.evaluation import Asked, Lab, StudyWorld, TrainedArm
from motionlens.operations.evaluate import evaluate as run_study
from motionlens.operations.evaluate import keep_latest
from motionlens.operations.evaluate_folder import StudyFolder
from motionlens.operations.rooms import NO_PROGRESS, NO_TOKEN

if TYPE_CHECKING:
    from motionlens.finetune.latents import TrainingClips
    from motionlens.models.video_model import VideoModel

_HELD_OUT = {"queries": 60_000_000, "judged": 61_000_000}


class PhysicsStudy(BoundWorld):
    """Planted clips that are statistical outliers of their class."""

    name = "physics"
    classes = True


class MatchedStudy(BoundWorld):
    """False clips that move as much as true ones; no caption names a class."""

    name = "matched"
    classes = False

    def clip(self, seed: int, kind: str = "clean") -> WorldClip:
        from motionlens.worlds.matched import simulate_matched

        made = simulate_matched(seed, kind != "clean")
        return WorldClip(made.frames, made.caption, made.kind, made.seed)

    def fine_tune_set(self, seed: int, clips: int, planted: int) -> Sequence[tuple[int, str]]:
        from motionlens.worlds.matched import matched_set

        return [(spec.seed, spec.kind) for spec in matched_set(seed, clips, planted)]

    def held_out_seeds(self, use: str, count: int) -> Sequence[int]:
        """Each class in turn: a seed's place among 15,000 says its class."""
        return [_HELD_OUT[use] + 15_000 * (n % 6) + n // 6 for n in range(count)]

    def error(self, seed: int, generation: Frames) -> float:
        from motionlens.worlds.judge import motion_error
        from motionlens.worlds.matched import simulate_matched

        return float(motion_error(simulate_matched(seed, False), generation))


class BoundLab:
    """A model with its gradients, features and short trainings; see the port `Lab`."""

    def __init__(self, model: str) -> None:
        from motionlens.attribution import TorchAttributor
        from motionlens.models import device, registry
        from motionlens.models.embedded import EmbeddedModel

        loaded = registry.load_model(tools().models.locate(model), "cpu", None)
        if not isinstance(loaded, EmbeddedModel):
            raise UsageError(
                f"{model} cannot be put to this test",
                "the truth is known of simulated clips alone, and they fit the embedded model",
                "Give a model of the embedded family, or none",
            )
        device.set_threads(1)
        self.name = model
        self.weights_hash = loaded.weights_hash
        self._model = loaded
        self._untrained = EmbeddedModel.untrained(1, loaded.network.shape)
        self._attributor = TorchAttributor(loaded)
        self._fresh = TorchAttributor(self._untrained)
        self._published = TorchAttributor(loaded, balance="none")
        self._held: TrainingClips | None = None

    def row(self, frames: Frames, mask: Mask | None, caption: str) -> GradientRow:
        return self._attributor.row(frames, mask, caption)

    def untrained_row(self, frames: Frames, mask: Mask | None, caption: str) -> GradientRow:
        return self._fresh.row(frames, mask, caption)

    def published_row(self, frames: Frames, mask: Mask | None, caption: str) -> GradientRow:
        return self._published.row(frames, mask, caption)

    def features(self, frames: Frames, caption: str, untrained: bool) -> NDArray[np.float32]:
        from motionlens.models.features import bottom_features

        return bottom_features(self._untrained if untrained else self._model, frames, caption)

    def hold(self, clips: Sequence[tuple[Frames, str]]) -> None:
        from motionlens.finetune.arms import encoded

        self._held = encoded(self._model, clips)

    def trained(self, chosen: Sequence[int], steps: int, seed: int, token: Token) -> TrainedArm:
        from motionlens.finetune.arms import train_copy

        if steps == 0:
            return _Arm(self._model)
        return _Arm(train_copy(self._model, self._clips(), chosen, steps, seed, token))

    def foretold(self, queries: Sequence[Asked], draws: int, token: Token) -> NDArray[np.float64]:
        from motionlens.finetune.foretold import foretold

        return foretold(self._model, self._clips(), queries, draws, token)

    def _clips(self) -> TrainingClips:
        if self._held is None:
            raise UsageError("There is nothing to train on", "no clips are held", "Hold some first")
        return self._held


class _Arm:
    def __init__(self, model: VideoModel) -> None:
        self._model = model

    def losses(self, queries: Sequence[Asked]) -> NDArray[np.float64]:
        from motionlens.finetune.arms import measured_losses

        return measured_losses(self._model, queries)

    def continued(
        self, given: Sequence[Frames], captions: Sequence[str], seeds: Sequence[int]
    ) -> Sequence[Frames]:
        import torch

        with torch.no_grad():
            return list(self._model.generate(given, captions, seeds))


def study_world(name: str) -> StudyWorld:
    """A world by its name."""
    worlds: dict[str, type[PhysicsStudy | MatchedStudy]] = {
        "physics": PhysicsStudy,
        "matched": MatchedStudy,
    }
    if name not in worlds:
        raise UsageError(f"There is no world {name!r}", "", f"Known: {', '.join(worlds)}, both")
    return worlds[name]()


def open_lab(model: str) -> Lab:
    """A lab of the caller's own: it belongs to one lane."""
    return BoundLab(model)


def studies_folder() -> Path:
    """Where studies are kept between calls, for this person."""
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "motionlens" / "studies"


def machine() -> str:
    """What the figures were measured on, in words."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{platform.machine()}, {cores} cores, Python {platform.python_version()}"


def evaluate(
    *,
    world: str = "physics",
    seed: int = 0,
    quick: bool = False,
    model: str = "embedded",
    folder: Path | None = None,
    size: StudySize | None = None,
    progress: Progress = NO_PROGRESS,
    cancel: Token = NO_TOKEN,
) -> Evaluation:
    """Measure how far attribution can be trusted, or go on with a study that was stopped.

    Parameters
    ----------
    world : {"physics", "matched", "both"}
    folder : Path, optional
        Where studies are kept; each finished unit of work is taken over from there.
    size : StudySize, optional
        In place of the quick or the long study.
    """
    names = WORLDS if world == "both" else (world,)
    root = folder or studies_folder()
    result = run_study(
        StudyFolder(root),
        [study_world(name) for name in names],
        lambda: open_lab(model),
        tools().motion,
        tools().scorer,
        size=size or (QUICK if quick else LONG),
        seed=seed,
        quick=quick,
        machine=machine(),
        progress=progress,
        token=cancel,
    )
    keep_latest(root, result)
    return result
