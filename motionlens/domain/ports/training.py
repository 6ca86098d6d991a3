"""Fine-tunes, manifest formats and simulated clips, as operations see them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from motionlens.domain.manifest import Manifest
from motionlens.domain.ports.common import Frames, Progress, Token
from motionlens.domain.run import RunInfo, RunSettings


class Trainer(Protocol):
    """Fine-tunes: child processes and their folders (`finetune/`)."""

    def start(self, settings: RunSettings, manifest: Manifest) -> str:
        """Make the run's folder and start its child; returns the run's name."""
        ...

    def start_from_file(
        self, settings: RunSettings, manifest_file: Path, manifest: Manifest | None = None
    ) -> str:
        """Train on a given list, copied as it is; `manifest` says what a foreign format lists."""
        ...

    def resume(self, run: str) -> None:
        """Go on from the last checkpoint with the run's own settings."""
        ...

    def wait(self, run: str, progress: Progress, token: Token) -> RunInfo:
        """Follow a run to its end; a cancel stops it after its current step."""
        ...

    def stop(self, run: str) -> None:
        """Ask it to end after the current step."""
        ...

    def runs(self) -> list[RunInfo]:
        """Newest first; a run whose process is gone is never `running`."""
        ...

    def settings(self, run: str) -> RunSettings:
        """What a run was started with; :class:`TrainerError` if that cannot be read."""
        ...

    def losses(self, run: str) -> NDArray[np.float64]:
        """(S, 2): step and loss of each reported step."""
        ...


class Exporter(Protocol):
    """One manifest format out."""

    name: str
    folder: bool

    def write(self, manifest: Manifest, out: Path, options: Mapping[str, Any]) -> list[Path]:
        """Write it atomically; the files, the manifest file first."""
        ...


class Importer(Protocol):
    """One manifest format in: paths with captions and frame ranges."""

    name: str

    def reads(self, path: Path) -> bool: ...

    def read(self, path: Path) -> list[tuple[Path, str, tuple[int, int] | None]]: ...


class Formats(Protocol):
    """The manifest formats."""

    def names(self) -> list[str]: ...

    def exporter(self, name: str) -> Exporter: ...

    def read(self, path: Path) -> list[tuple[Path, str, tuple[int, int] | None]]:
        """A manifest of any known format: path, caption, frame range of each clip."""
        ...


@dataclass(frozen=True, eq=False)
class WorldClip:
    """A simulated clip as its users see it: frames (16, 256, 256, 3), truth kept by the world."""

    frames: Frames
    caption: str
    kind: str
    seed: int


class World(Protocol):
    """Simulated clips with known truth (`worlds/`)."""

    fps: float

    def clip(self, seed: int, kind: str = "clean") -> WorldClip: ...

    def fine_tune_set(self, seed: int, clips: int, planted: int) -> Sequence[tuple[int, str]]:
        """Seed and kind of each clip; seeds are disjoint from the base's and the queries'."""
        ...

    def held_out_seeds(self, use: str, count: int) -> Sequence[int]:
        """Seeds of starts never trained on; `use` is "queries" or "judged"."""
        ...

    def start_for(self, prompt: str, seed: int) -> WorldClip:
        """The scene that a prompt stands for: class by its first known word."""
        ...

    def error(self, seed: int, generation: Frames) -> float:
        """The built-in judge: motion error in px of the model's size against the true path."""
        ...
