"""Models, gradient indexes and scores, as operations see them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from motionlens.domain.clip import Region, Span
from motionlens.domain.errors import MotionLensError
from motionlens.domain.fingerprint import IndexSpec
from motionlens.domain.ports.common import Frames, Mask, Token
from motionlens.domain.requests import ModelSight


@dataclass(frozen=True)
class ModelInfo:
    """One row of `models`: `why_not` is empty where it is ready; `note` says what it sees of a
    clip, and what is lost.

    Gigabytes (1e9 bytes): `needs_gb` of the device for one clip's gradient of all parameters,
    `here_gb` of memory that it has here, `encoder_gb` of the text encoder that is loaded once for
    all captions; 0 where they are not known or do not matter.
    """

    name: str
    family: str
    parameters: int
    ready: bool
    why_not: str = ""
    note: str = ""
    needs_gb: float = 0.0
    here_gb: float = 0.0
    encoder_gb: float = 0.0
    sight: ModelSight | None = None


@dataclass(frozen=True)
class IndexSettings:
    """What `index` was asked for; `app` turns it into an attributor with a full spec."""

    model: str
    tracked: str = "all"
    levels: tuple[float, ...] = (0.8, 0.95)
    mask: str = "adjacent"
    flow: str = "dis"
    projection: str = "default"
    dim: int = 512
    seed: int = 0
    device: str = "auto"
    rows: str = "float32"
    balance: str = "layers"


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
    draws : (L, D) float32 or None
        The unit projected gradient of each level, whose mean `vector` is; not kept in an index.
    """

    vector: NDArray[np.float32]
    losses: NDArray[np.float32]
    norms: NDArray[np.float32]
    plain_losses: NDArray[np.float32]
    draws: NDArray[np.float32] | None = None


# A clip as a model is shown it: frames, motion mask, caption.
SeenClip = tuple[Frames, Mask | None, str]


@dataclass(frozen=True, eq=False)
class PlaceShares:
    """What places and frames of a clip add to a score.

    Attributes
    ----------
    shares : (F, H, W) float32, signed
        Of the frames as the model saw them; their sum is the product of row and direction.
    weights : (F, H, W) float32
        How the clip's mask weighs the same places, adding up to 1; all 0 where nothing moves.
    """

    shares: NDArray[np.float32]
    weights: NDArray[np.float32]


class Attributor(Protocol):
    """Gradients of the masked loss, projected (`attribution/`); `side` is the longer one, in
    pixels, of the pictures that the model sees, `micro_batch` the clips that `rows` takes through
    the model together: it shrinks where they do not fit, and may be set to less at the start."""

    spec: IndexSpec
    given_frames: int
    frames: int
    side: int
    micro_batch: int

    def prepare(self, captions: Sequence[str]) -> None:
        """Told of captions before their rows are asked for: what they need is loaded once."""
        ...

    def row(self, frames: Frames, mask: Mask | None, caption: str) -> GradientRow:
        """One clip's row; `mask` None trains on the whole frame."""
        ...

    def rows(self, clips: Sequence[SeenClip]) -> Sequence[GradientRow | MotionLensError]:
        """A row for each clip, or the error of that clip; none depends on the others."""
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

    def encode_ahead(self, frames: Frames) -> None:
        """Make what the model is shown of a clip before its row is asked for, on any thread."""
        ...

    def first_generated(self, frames: int) -> int:
        """The first frame, of a clip of so many, that the model makes and is not given."""
        ...

    def null_rows(self, frames: Frames, masks: Sequence[Mask], caption: str) -> NDArray[np.float32]:
        """(len(masks), D): the same clip under other clips' masks, for p-values."""
        ...

    def shares(
        self,
        frames: Frames,
        mask: Mask | None,
        caption: str,
        direction: NDArray[np.float32],
        norms: NDArray[np.float32],
        region: Region | None = None,
        span: Span | None = None,
    ) -> PlaceShares:
        """What each place adds to `direction` . row; `norms` (L,) are those of the clip's row."""
        ...

    def losses_after_steps(
        self,
        clips: Sequence[tuple[Frames, str]],
        arms: Sequence[NDArray[np.int64]],
        queries: Sequence[tuple[Frames, Mask | None, str]],
        rate: float,
        seed: int,
        token: Token,
    ) -> NDArray[np.float64]:
        """(1 + arms, Q) masked losses of queries, before and after (T, B) steps of gradient
        descent on a copy; `arms` number the clips of each step."""
        ...


class Kept(Protocol):
    """What was learnt from all rows of an index, kept beside them; forgotten when rows are added
    or taken out."""

    def load(self, name: str) -> Mapping[str, NDArray[Any]] | None:
        """The arrays under a name; None where there are none, or none that can be read."""
        ...

    def save(self, name: str, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Keep arrays; that they cannot be written is no error, as they can be made again."""
        ...


class GradientIndex(Protocol):
    """An open index: rows by clip id, memory-mapped."""

    @property
    def spec(self) -> IndexSpec: ...

    @property
    def ids(self) -> Sequence[str]: ...

    def vectors(self) -> NDArray[np.float32]:
        """(N, D), in the order of `ids`."""
        ...

    def losses(self) -> NDArray[np.float32]:
        """(N, L) unmasked losses."""
        ...

    def norms(self) -> NDArray[np.float32]: ...

    @property
    def kept(self) -> Kept:
        """What was learnt from all rows."""
        ...

    def done(self) -> set[str]: ...

    def commit(self, rows: Mapping[str, GradientRow]) -> None:
        """Add rows; they are there after a kill, or not at all."""
        ...

    def check(self) -> list[str]:
        """Damage, in words."""
        ...

    def close(self) -> None:
        """Let go of the files and of the right to write; harmless when done already."""
        ...


class Indexes(Protocol):
    """All gradient indexes of a project."""

    def open(self, spec: IndexSpec, note: Mapping[str, Any]) -> GradientIndex:
        """Open or make the index of a spec; `note` (model, mask...) is kept in its meta.json."""
        ...

    def latest(self, fingerprint: str | None = None) -> tuple[GradientIndex, Mapping[str, Any]]:
        """The index of the last `index` call, or the named one, with its note."""
        ...

    def keep_note(self, fingerprint: str, name: str, value: Any) -> None:
        """Keep a JSON value with an index, under a name of its own in the note."""
        ...

    def fingerprints(self) -> list[str]: ...

    def repair(self, fingerprint: str) -> list[str]:
        """Take damaged rows out, so that the next `index` call makes them anew; their ids."""
        ...

    def drop(self, fingerprint: str, clips: Collection[str]) -> None:
        """Take the rows of these clips out, so that the next `index` call makes them anew."""
        ...


class Sampler(Protocol):
    """A model as far as generating goes; `fps` is the rate at which its frames follow."""

    name: str
    weights_hash: str
    given_frames: int
    fps: float

    def sample(
        self, given: Sequence[Frames], captions: Sequence[str], seeds: Sequence[int]
    ) -> Sequence[Frames]:
        """Continue each clip's first given frames, or make a clip from its caption alone where
        the model is given none, together: (F, H, W, 3) uint8 each.

        A generation's noise hangs on its own seed alone, not on its neighbours.
        """
        ...


class Models(Protocol):
    """The model families, as far as numpy reaches."""

    def known(self) -> list[ModelInfo]: ...

    def describe(self, path: str) -> ModelInfo:
        """A model in a diffusers folder, before it is loaded: what it needs, whether it fits."""
        ...

    def sight(self, model: str) -> ModelSight:
        """What a model sees of a clip, without loading its weights."""
        ...

    def devices(self) -> list[str]:
        """What could compute here, in words: "cpu", "cuda:0 NAME, 24 GB"."""
        ...

    def weights_hash(self, model: str) -> str: ...

    def locate(self, model: str) -> str:
        """What a name stands for wherever the program is started: the weights of a run, an
        absolute path, or a built-in's name."""
        ...

    def attributor(self, settings: IndexSettings) -> Attributor: ...

    def attributors(self, settings: IndexSettings, most: int) -> list[Attributor]:
        """At most so many alike, to work side by side: several where a small model runs on the
        CPU, one where a device or all cores belong to one model."""
        ...

    def sampler(self, model: str, device: str = "auto") -> Sampler: ...


@dataclass(frozen=True, eq=False)
class CandidateStatistics:
    """What `combined` and `learned` take beside gradients, each in the order of the index.

    Attributes
    ----------
    mean_px : (N,) float64
        Mean flow length, px a frame; NaN where a clip was not analysed.
    losses : (N,) float64
        Unmasked loss, mean over levels.
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
        kept: Kept | None = None,
        ridge: float = ...,
    ) -> CandidateScores:
        """`vectors` (N, D), `bad` (Qb, D), `good` (Qg, D); either may be empty, not both. With
        `kept`, what the method learns from all rows is learnt once."""
        ...

    def ridge(
        self,
        vectors: NDArray[np.float32],
        bad: NDArray[np.float32],
        good: NDArray[np.float32],
        method: str,
        kept: Kept | None = None,
    ) -> float | None:
        """The damping that tells held-out queries apart best; None where a method has none."""
        ...

    def rank_intervals(
        self,
        vectors: NDArray[np.float32],
        draws: NDArray[np.float32],
        bad: int,
        method: str,
        statistics: CandidateStatistics | None = None,
        kept: Kept | None = None,
        ridge: float = ...,
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]] | None:
        """5th and 95th percentile of each clip's rank under other queries and draws, from `draws`
        (Q, L, D); None where a method has none."""
        ...

    def as_product(
        self,
        vectors: NDArray[np.float32],
        fixed: NDArray[np.float32],
        moving: NDArray[np.float32],
        method: str,
        kept: Kept | None = None,
    ) -> tuple[NDArray[np.float32], float]:
        """The score of `moving` with `fixed` as direction . `moving` + offset."""
        ...

    def p_values(
        self, scores: NDArray[np.float64], null: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Share of null scores at least as high, with one added on both sides."""
        ...
