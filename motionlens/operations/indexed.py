"""The rows of an index that belong to the project's training clips."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from motionlens.domain.clip import Clip, Role
from motionlens.domain.errors import UsageError
from motionlens.domain.ports import GradientIndex, Kept


@dataclass(frozen=True, eq=False)
class TrainingRows:
    """Rows in index order.

    Attributes
    ----------
    ids : tuple of str
    places : list of int
        Their numbers in the index.
    vectors : (N, D) float32
    norms : (N, L) float32
    kept : Kept
        What was learnt from exactly these rows; beside the index where they are all of it.
    left_out : int
        Training clips that are not indexed.
    """

    ids: tuple[str, ...]
    places: list[int]
    vectors: NDArray[np.float32]
    norms: NDArray[np.float32]
    kept: Kept
    left_out: int

    def still(self) -> NDArray[np.bool_]:
        """(N,) clips in which nothing moves: their mask is empty and they have no direction."""
        return np.asarray(self.norms.sum(axis=1) == 0)


class _InMemory:
    """The port `Kept` for some rows of an index: as long as they are in use."""

    def __init__(self) -> None:
        self._arrays: dict[str, Mapping[str, NDArray[Any]]] = {}

    def load(self, name: str) -> Mapping[str, NDArray[Any]] | None:
        return self._arrays.get(name)

    def save(self, name: str, arrays: Mapping[str, NDArray[Any]]) -> None:
        self._arrays[name] = arrays


def training_rows(index: GradientIndex, clips: Sequence[Clip]) -> TrainingRows:
    """The training clips' rows; :class:`UsageError` where there are none."""
    training = {clip.id for clip in clips if clip.role is Role.TRAINING}
    places = [i for i, clip in enumerate(index.ids) if clip in training]
    if not places:
        raise UsageError(
            "There is nothing to rank",
            "the index holds none of the project's training clips",
            "Run: motionlens index PROJECT --model embedded",
        )
    # Indexing by a list copies; where the index holds nothing else, its rows stay on the disk.
    vectors = index.vectors()
    whole = len(places) == len(vectors)
    return TrainingRows(
        ids=tuple(index.ids[i] for i in places),
        places=places,
        vectors=vectors if whole else vectors[places],
        norms=index.norms()[places],
        kept=index.kept if whole else _InMemory(),
        left_out=len(training) - len(places),
    )
