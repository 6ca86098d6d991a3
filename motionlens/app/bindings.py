"""Each port bound to its room, imported when first used: `clips` never loads torch."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from motionlens.domain.ports import (
    Attributor,
    ClipReader,
    Exporter,
    Formats,
    Frames,
    IndexSettings,
    ModelInfo,
    Models,
    Motion,
    Sampler,
    Scorer,
    World,
    WorldClip,
)
from motionlens.domain.report import ReportDocument
from motionlens.domain.requests import Drawing, FrameRenderer, ModelSight
from motionlens.lanes.child import available
from motionlens.operations.ahead import spare_lanes

if TYPE_CHECKING:
    from motionlens.app.isolated_renderer import SparePlayer
    from motionlens.models.video_model import VideoModel

# Parameters below which one CPU thread is best.
SMALL_MODEL = 50_000_000


class BoundTools:
    """Ports that work on plain files."""

    @property
    def reader(self) -> ClipReader:
        return isolated_reader()

    def motion(self, backend: str = "dis") -> Motion:
        """Tools of the caller's own: they keep the last clip's mask and belong to one lane."""
        from motionlens.motion import OpenCVMotion

        return OpenCVMotion(backend)

    @functools.cached_property
    def drawing(self) -> Drawing:
        from motionlens.motion.drawing import OpenCVDrawing

        return OpenCVDrawing()

    def open_renderer(self) -> FrameRenderer:
        """For pictures and films with overlays; the caller closes it."""
        return isolated_renderer()

    @functools.cached_property
    def models(self) -> Models:
        return BoundModels(None)

    @functools.cached_property
    def formats(self) -> Formats:
        return BoundFormats()

    @functools.cached_property
    def scorer(self) -> Scorer:
        from motionlens.attribution import GradientScorer

        return GradientScorer()

    def report_page(self, document: ReportDocument) -> str:
        from motionlens.formats import html_report

        return html_report.render(document)

    @functools.cached_property
    def world(self) -> World:
        return BoundWorld()


@functools.cache
def tools() -> BoundTools:
    """The tools that need no project."""
    return BoundTools()


@functools.cache
def isolated_reader() -> ClipReader:
    """The one reader of this process: its children are shared by all that is open in it."""
    if not available():
        from motionlens.media import PyAVReader

        return PyAVReader()
    from motionlens.app.isolated_reader import IsolatedReader

    return IsolatedReader(spare_lanes() + 1)


def isolated_renderer(cache: Path | None = None) -> FrameRenderer:
    """A renderer of the caller's own, in a child process; close it.

    Parameters
    ----------
    cache : path, optional
        The project's cache folder, where flow fields are kept.
    """
    if not available():
        from motionlens.app.renderer import make_renderer

        return make_renderer(cache)
    from motionlens.app.isolated_renderer import IsolatedRenderer

    return IsolatedRenderer(cache, spare=spare_player())


@functools.cache
def spare_player() -> SparePlayer:
    """Where the window's first decoder waits for its project."""
    from motionlens.app.isolated_renderer import SparePlayer

    return SparePlayer()


class BoundModels:
    """Models by name, folder, weights file, or (inside a project) by run."""

    def __init__(self, runs: Path | None) -> None:
        self._runs = runs

    def known(self) -> list[ModelInfo]:
        from motionlens.models import registry

        return registry.list_models()

    def describe(self, path: str) -> ModelInfo:
        from motionlens.models import registry

        return registry.describe_model(path)

    def sight(self, model: str) -> ModelSight:
        from motionlens.models import registry

        return registry.sight_of(self.locate(model))

    def devices(self) -> list[str]:
        from motionlens.models import device

        return device.describe_devices()

    def weights_hash(self, model: str) -> str:
        return self._load(model, "cpu").weights_hash

    def attributor(self, settings: IndexSettings) -> Attributor:
        return self.attributors(settings, 1)[0]

    def attributors(self, settings: IndexSettings, most: int) -> list[Attributor]:
        from motionlens.attribution import TorchAttributor

        def make(model: VideoModel) -> Attributor:
            return TorchAttributor(
                model,
                tracked=settings.tracked,
                levels=settings.levels,
                noise_seed=settings.seed,
                mask=settings.mask,
                flow=settings.flow,
                projection=settings.projection,
                dim=settings.dim,
                projection_seed=settings.seed,
                rows=settings.rows,
                balance=settings.balance,
            )

        first = self._load(settings.model, settings.device)
        copies = most if _small_on_cpu(first) else 1
        others = [self._load(settings.model, settings.device) for _ in range(copies - 1)]
        return [make(model) for model in (first, *others)]

    def sampler(self, model: str, device: str = "auto") -> Sampler:
        return _BoundSampler(self._load(model, device), model)

    def locate(self, model: str) -> str:
        """The weights of a run, an absolute path, or a built-in's name as it is."""
        if self._runs is not None and model and Path(model).name == model:
            weights = self._runs / model / "weights"
            if weights.is_dir():
                return str(weights.absolute())
        if any(model == known.name and known.ready for known in self.known()):
            return model  # a folder of that name here must not shadow it
        return str(Path(model).absolute()) if Path(model).exists() else model

    def _load(self, model: str, name: str) -> VideoModel:
        from motionlens.models import device, registry

        cache = None if self._runs is None else self._runs.parent / "cache" / "models"
        loaded = registry.load_model(self.locate(model), name, cache)
        if _small_on_cpu(loaded):
            # Beside decoding and flow, a second thread for small kernels costs more than it gives.
            device.set_threads(1)
        return loaded


def _small_on_cpu(model: VideoModel) -> bool:
    return model.device.type == "cpu" and model.parameters < SMALL_MODEL


class _BoundSampler:
    def __init__(self, model: VideoModel, name: str) -> None:
        self._model = model
        self.name = name
        self.weights_hash = model.weights_hash
        self.given_frames = model.given_frames
        self.fps = model.fps

    def sample(
        self, given: Sequence[Frames], captions: Sequence[str], seeds: Sequence[int]
    ) -> Sequence[Frames]:
        import torch

        with torch.no_grad():
            return list(self._model.generate(given, captions, seeds))


class BoundFormats:
    """The table of manifest formats."""

    def names(self) -> list[str]:
        from motionlens.formats import registry

        return registry.names()

    def exporter(self, name: str) -> Exporter:
        from motionlens.formats import registry

        return registry.exporter(name)

    def read(self, path: Path) -> list[tuple[Path, str, tuple[int, int] | None]]:
        from motionlens.formats import registry

        return registry.read(path)


class BoundWorld:
    """The physics world."""

    fps = 8.0

    def clip(self, seed: int, kind: str = "clean") -> WorldClip:
        from motionlens.worlds import physics

        made = physics.simulate(seed, kind)
        return WorldClip(made.frames, made.caption, made.kind, made.seed)

    def fine_tune_set(self, seed: int, clips: int, planted: int) -> Sequence[tuple[int, str]]:
        from motionlens.worlds import physics

        return [(spec.seed, spec.kind) for spec in physics.fine_tune_set(seed, clips, planted)]

    def held_out_seeds(self, use: str, count: int) -> Sequence[int]:
        from motionlens.worlds import physics

        starts = physics.query_starts if use == "queries" else physics.judged_starts
        return [spec.seed for spec in starts(count)]

    def start_for(self, prompt: str, seed: int) -> WorldClip:
        from motionlens.domain.seeds import derive_seed
        from motionlens.worlds import physics
        from motionlens.worlds.scene import MOTION_CLASSES

        words = [word.strip(".,:;!?").casefold() for word in prompt.split()]
        motion_class = next((word for word in words if word in MOTION_CLASSES), None)
        made = physics.simulate(
            derive_seed("prompt", prompt, seed) % 1_000_000, "clean", motion_class
        )
        return WorldClip(made.frames, made.caption, made.kind, made.seed)

    def error(self, seed: int, generation: Frames) -> float:
        from motionlens.worlds import judge, physics

        return float(judge.motion_error(physics.simulate(seed), generation))
