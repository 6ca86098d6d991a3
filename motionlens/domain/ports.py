"""What operations need from the rooms beside them, at the level of numpy.

`app` binds each port to its room. Shapes: F frames, H rows, W columns, D numbers of a projection.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from motionlens.domain.clip import Clip, Flag, MediaInfo, MotionSummary, Region, Role, Span
from motionlens.domain.decision import Changes, Decision, Event
from motionlens.domain.fingerprint import IndexSpec
from motionlens.domain.manifest import Manifest
from motionlens.domain.run import RunInfo, RunSettings
from motionlens.domain.trial import CastVote, Pair

Frames = NDArray[np.uint8]  # (F, H, W, 3) RGB
Mask = NDArray[np.float32]  # (F, H, W) in [0, 1]
Flow = NDArray[np.float32]  # (H, W, 2) px, x then y


class Token(Protocol):
    """Cancel: checked between steps."""

    def check(self) -> None:
        """Raise :class:`motionlens.domain.errors.Cancelled` if the user asked to stop."""
        ...


class Progress(Protocol):
    """Called after each step: what is being done, how many steps are done, of how many."""

    def __call__(self, what: str, done: int, total: int) -> None: ...


class ClipReader(Protocol):
    """Media files, read exactly (`media/`)."""

    def probe(self, path: str | Path) -> MediaInfo:
        """Facts of a file; :class:`MediaError` if it holds no readable video."""
        ...

    def frames(
        self,
        path: str | Path,
        start: int = 0,
        stop: int | None = None,
        max_side: int | None = None,
        indices: Sequence[int] | None = None,
    ) -> Frames:
        """Frames `start` to `stop`, or those listed; scaled down so that the longer side is at
        most `max_side` px (area interpolation), never up."""
        ...

    def write(self, path: str | Path, frames: Frames, fps: float) -> None:
        """Write an H.264 mp4, atomically."""
        ...

    def decodes(self, codec: str) -> bool:
        """Whether FFmpeg here can decode a codec of this name."""
        ...

    def thumbnail(self, path: str | Path, frame: int, width: int, height: int) -> Frames:
        """(height, width, 3) RGB, cropped to fill."""
        ...


class FlowBackend(Protocol):
    """Dense optical flow (`motion/flow/`)."""

    name: str

    def flow(self, a: NDArray[np.uint8], b: NDArray[np.uint8]) -> Flow:
        """Displacement of each pixel of `a` to `b`; both (H, W) grey or (H, W, 3) RGB uint8."""
        ...


class Motion(Protocol):
    """Flow, masks, overlays and flaggers (`motion/`)."""

    backend: str

    def mask(self, frames: Frames, recipe: str = "adjacent", stabilise: bool = False) -> Mask: ...

    def overlay(self, frames: Frames, n: int, overlays: Sequence[str]) -> NDArray[np.uint8]:
        """Frame `n` (H, W, 3) RGB with overlays drawn."""
        ...

    def analyse(
        self, frames: Frames, info: MediaInfo, scale: float
    ) -> tuple[MotionSummary, list[Flag], NDArray[np.uint8]]:
        """Summary, the flags of this clip alone, and its signature for near copies. `scale` is
        shown width / width of `frames`, to give px of the clip as shown."""
        ...

    def flow(self, a: NDArray[np.uint8], b: NDArray[np.uint8]) -> Flow:
        """Flow of two (H, W, 3) RGB images by this backend."""
        ...

    def camera_only(self, frames: Frames) -> bool:
        """Whether a global camera model explains (nearly) all motion."""
        ...

    def tracks(self, frames: Frames, grid: int) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """(F, P, 2) px and (F, P) visible, from a grid x grid of points in frame 0."""
        ...

    def load_image(self, path: str | Path) -> NDArray[np.uint8]:
        """(H, W, 3) RGB; :class:`MediaError` if it is no image."""
        ...

    def save_image(self, path: str | Path, image: NDArray[np.uint8]) -> None:
        """PNG, atomically."""
        ...

    def save_flow(self, path: str | Path, flow: Flow) -> None:
        """Middlebury .flo or KITTI 16-bit .png by suffix, atomically."""
        ...

    def near_copies(self, signatures: Mapping[str, NDArray[np.uint8]]) -> dict[str, Flag]:
        """Clip id -> flag, from the signatures of all clips."""
        ...


class Projects(Protocol):
    """Clips and their measures in the store."""

    def add_clip(self, clip: Clip) -> bool:
        """Store a clip, or add its path to a known one; True if it is new."""
        ...

    def clips(self, role: Role | None = None) -> list[Clip]: ...

    def known_paths(self) -> dict[str, tuple[str, int, int]]:
        """Path -> (clip id, size in bytes, modification time in ns) as seen when added."""
        ...

    def set_caption(self, clip: str, caption: str) -> None: ...

    def save_analysis(
        self, clip: str, summary: MotionSummary, flags: Sequence[Flag], signature: bytes
    ) -> None: ...

    def save_flag(self, clip: str, flag: Flag) -> None: ...

    def analyses(self) -> dict[str, tuple[MotionSummary, bytes]]: ...

    def flags(self) -> dict[str, list[Flag]]: ...

    def setting(self, name: str) -> Any:
        """A JSON value kept with the project, or None."""
        ...

    def save_setting(self, name: str, value: Any) -> None: ...


class LabelStore(Protocol):
    """Decisions: events in, folded state out (`store/`)."""

    def decide(
        self,
        clips: Sequence[str],
        decision: Decision,
        by: str,
        note: str = "",
        evidence: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> Changes:
        """One step for all clips, in one transaction; evidence is given by clip id."""
        ...

    def undo(self, by: str | None = None) -> Changes: ...

    def redo(self, by: str | None = None) -> Changes: ...

    def events(self, clip: str | None = None) -> list[Event]: ...

    def decisions(self) -> dict[str, Event]:
        """Clip id -> the event that stands."""
        ...

    def disputed(self) -> set[str]:
        """Clips whose curators' latest answers differ."""
        ...

    def latest_answers(self) -> dict[str, dict[str, str]]:
        """Clip id -> curator -> that curator's latest standing answer."""
        ...

    def merge(self, other: Path) -> tuple[int, set[str]]:
        """Union of events with another database: new events, clips judged differently."""
        ...

    def undo_name(self, by: str | None = None) -> str:
        """The name of what `undo` would take back ("exclude of 37 clips"), or empty."""
        ...


class Trials(Protocol):
    """Trials in the store."""

    def save_trial(
        self, trial: str, base: str, tuned: str, pairs: Sequence[Pair], at: str
    ) -> None: ...

    def trial(self, trial: str) -> tuple[str, str, list[Pair]]:
        """Base, tuned, pairs."""
        ...

    def trials(self) -> list[str]: ...

    def cast(self, trial: str, vote: CastVote) -> int:
        """Save a vote; the number of votes of this trial."""
        ...

    def votes(self, trial: str) -> list[CastVote]: ...


class Store(Projects, LabelStore, Trials, Protocol):
    """The project's database."""

    schema: int
    read_only: bool

    def check(self, repair: bool = False) -> list[tuple[str, str, bool]]:
        """Problems: where, what, repaired."""
        ...

    def backup(self) -> Path: ...

    def close(self) -> None: ...


@dataclass(frozen=True, eq=False)
class GradientRow:
    """One clip's row of an index.

    Attributes
    ----------
    vector : (D,) float32
        Mean over levels of the unit projected gradients.
    losses, norms : (L,) float32
        Masked loss and gradient length (of the projection) at each level.
    plain_losses : (L,) float32
        The unmasked loss at each level: a plain statistic for `combined`.
    """

    vector: NDArray[np.float32]
    losses: NDArray[np.float32]
    norms: NDArray[np.float32]
    plain_losses: NDArray[np.float32]


class Attributor(Protocol):
    """Gradients of the masked loss, projected (`attribution/`)."""

    spec: IndexSpec
    given_frames: int
    frames: int

    def row(self, frames: Frames, mask: Mask | None, caption: str) -> GradientRow:
        """One clip's row; `mask` None trains on the whole frame."""
        ...

    def query_row(
        self,
        frames: Frames,
        mask: Mask | None,
        caption: str,
        region: Region | None = None,
        span: Span | None = None,
    ) -> GradientRow:
        """The same under the mask times a box and a span of frames."""
        ...

    def null_rows(
        self, frames: Frames, masks: Sequence[Mask], caption: str
    ) -> NDArray[np.float32]:
        """(len(masks), D): the same clip under other clips' masks, for p-values."""
        ...


class GradientIndex(Protocol):
    """An open index: rows by clip id, memory-mapped."""

    spec: IndexSpec
    ids: Sequence[str]

    def vectors(self) -> NDArray[np.float32]:
        """(N, D), in the order of `ids`."""
        ...

    def losses(self) -> NDArray[np.float32]:
        """(N, L) unmasked losses."""
        ...

    def norms(self) -> NDArray[np.float32]: ...

    def done(self) -> set[str]: ...

    def commit(self, rows: Mapping[str, GradientRow]) -> None:
        """Add rows; they are there after a kill, or not at all."""
        ...

    def check(self) -> list[str]:
        """Damage, in words."""
        ...


class Indexes(Protocol):
    """All gradient indexes of a project."""

    def open(self, spec: IndexSpec, note: Mapping[str, Any]) -> GradientIndex:
        """Open or make the index of a spec; `note` (model, mask...) is kept in its meta.json."""
        ...

    def latest(self, fingerprint: str | None = None) -> tuple[GradientIndex, Mapping[str, Any]]:
        """The index of the last `index` call, or the named one, with its note."""
        ...

    def fingerprints(self) -> list[str]: ...


class Sampler(Protocol):
    """A model as far as generating goes."""

    name: str
    weights_hash: str
    given_frames: int

    def sample(
        self, given: Sequence[Frames], captions: Sequence[str], seed: int
    ) -> Iterator[Frames]:
        """Continue each clip's first given frames: (16, 256, 256, 3) uint8 each."""
        ...


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


@dataclass(frozen=True)
class ModelInfo:
    """One row of `models`."""

    name: str
    family: str
    parameters: int
    ready: bool
    why_not: str = ""


@dataclass(frozen=True)
class IndexSettings:
    """What `index` was asked for; `app` turns it into an attributor with a full spec."""

    model: str
    tracked: str = "all"
    levels: tuple[float, ...] = (0.6, 0.9)
    mask: str = "adjacent"
    flow: str = "dis"
    projection: str = "default"
    dim: int = 512
    seed: int = 0
    device: str = "auto"


class Models(Protocol):
    """The model families, as far as numpy reaches."""

    def list(self) -> list[ModelInfo]: ...

    def devices(self) -> list[str]:
        """What could compute here, in words: "cpu", "cuda:0 NAME, 24 GB"."""
        ...

    def weights_hash(self, model: str) -> str: ...

    def attributor(self, settings: IndexSettings) -> Attributor: ...

    def sampler(self, model: str, device: str = "auto") -> Sampler: ...


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


@dataclass(frozen=True, eq=False)
class CandidateStatistics:
    """What `combined` and `learned` take beside gradients, each in the order of the index.

    Attributes
    ----------
    mean_px : (N,) float64
        Mean flow length, px a frame; NaN where a clip was not analysed.
    losses : (N,) float64
        Unmasked loss at the highest level.
    classes : sequence of str
        Motion class or first word of the caption; clips of one class are compared.
    static : (N,) bool
        Flagged as a static shot, or with an empty mask.
    flags : (N, K) float64
        Scores of the K flaggers, 0 where none.
    decisions : sequence of str
        "exclude", "keep", or "" where nobody decided.
    """

    mean_px: NDArray[np.float64]
    losses: NDArray[np.float64]
    classes: Sequence[str]
    static: NDArray[np.bool_]
    flags: NDArray[np.float64]
    decisions: Sequence[str]


@dataclass(frozen=True, eq=False)
class CandidateScores:
    """Scores of N clips; `per_query` (N, Q) are cosines, bad queries first."""

    scores: NDArray[np.float64]
    per_query: NDArray[np.float32]
    parts: Mapping[str, NDArray[np.float64]]


class Scorer(Protocol):
    """Projected gradients into scores (`attribution/scoring`)."""

    def candidates(
        self,
        vectors: NDArray[np.float32],
        bad: NDArray[np.float32],
        good: NDArray[np.float32],
        method: str,
        statistics: CandidateStatistics | None,
    ) -> CandidateScores:
        """`vectors` (N, D), `bad` (Qb, D), `good` (Qg, D); either may be empty, not both."""
        ...

    def p_values(
        self, scores: NDArray[np.float64], null: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Share of null scores at least as high, with one added on both sides."""
        ...
