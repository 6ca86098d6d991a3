"""What a study of trust needs: a world with known truth, and a network that trains in memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from motionlens.domain.ports.attribution import GradientRow
from motionlens.domain.ports.common import Frames, Mask, Token
from motionlens.domain.ports.training import WorldClip

Asked = tuple[Frames, Mask | None, str]


class StudyWorld(Protocol):
    """Simulated clips of a named world; `classes` says whether captions name the motion."""

    name: str
    classes: bool

    def clip(self, seed: int, kind: str = "clean") -> WorldClip: ...

    def fine_tune_set(self, seed: int, clips: int, planted: int) -> Sequence[tuple[int, str]]: ...

    def held_out_seeds(self, use: str, count: int) -> Sequence[int]: ...

    def error(self, seed: int, generation: Frames) -> float: ...


class TrainedArm(Protocol):
    """A network after some steps."""

    def losses(self, queries: Sequence[Asked]) -> NDArray[np.float64]:
        """(Q,) masked losses, at levels and noises that no gradient was taken with."""
        ...

    def continued(
        self, given: Sequence[Frames], captions: Sequence[str], seeds: Sequence[int]
    ) -> Sequence[Frames]: ...


class Lab(Protocol):
    """One base model, for one lane: its gradients, its features, and short trainings of copies."""

    name: str
    weights_hash: str

    def row(self, frames: Frames, mask: Mask | None, caption: str) -> GradientRow: ...

    def untrained_row(self, frames: Frames, mask: Mask | None, caption: str) -> GradientRow:
        """The same of a network of the same shape with fresh weights."""
        ...

    def published_row(self, frames: Frames, mask: Mask | None, caption: str) -> GradientRow:
        """The same with the gradient as it is, its layers not balanced."""
        ...

    def features(self, frames: Frames, caption: str, untrained: bool) -> NDArray[np.float32]:
        """(E,) what the network's narrowest layer holds of a clip."""
        ...

    def hold(self, clips: Sequence[tuple[Frames, str]]) -> None:
        """The clips that `trained` chooses from, encoded once."""
        ...

    def trained(self, chosen: Sequence[int], steps: int, seed: int, token: Token) -> TrainedArm:
        """A copy after so many steps on the chosen clips; noise and levels hang on seed and step
        alone, so that arms differ in their clips only. Zero steps: the base itself."""
        ...

    def foretold(self, queries: Sequence[Asked], draws: int, token: Token) -> NDArray[np.float64]:
        """(N, Q) influence of the clips held on each query's loss, from gradients taken as
        `trained` takes them, so many draws a clip."""
        ...
