"""`merge` and `agreement`: several curators, several stores."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from motionlens.domain.agreement import cohen_kappa, krippendorff_alpha_nominal
from motionlens.files import ProjectFolder
from motionlens.operations.rooms import Rooms


@dataclass(frozen=True)
class MergeResult:
    new_events: int
    conflicts: tuple[str, ...]


@dataclass(frozen=True)
class AgreementResult:
    """Over clips that two curators or more have judged; None where a measure is undefined."""

    curators: tuple[str, ...]
    clips: int
    percent: float | None
    cohen_kappa: float | None
    krippendorff_alpha: float | None


def merge(rooms: Rooms, other: ProjectFolder) -> MergeResult:
    """Take over the events of another project: a union by event id, so order does not matter."""
    new_events, conflicts = rooms.store.merge(other.require().database)
    return MergeResult(new_events, tuple(sorted(conflicts)))


def agreement(rooms: Rooms) -> AgreementResult:
    """Percent, kappa (the pairwise mean for more than two) and nominal alpha of latest answers."""
    answers = rooms.store.latest_answers()
    curators = sorted({by for given in answers.values() for by in given})
    shared = {clip: given for clip, given in answers.items() if len(given) > 1}
    if not shared:
        return AgreementResult(tuple(curators), 0, None, None, None)
    pairs = [
        (a, b)
        for i, first in enumerate(curators)
        for second in curators[i + 1 :]
        if (a := [g[first] for g in shared.values() if first in g and second in g])
        and (b := [g[second] for g in shared.values() if first in g and second in g])
    ]
    same = [x == y for a, b in pairs for x, y in zip(a, b, strict=True)]
    kappas = [k for a, b in pairs if (k := cohen_kappa(a, b)) is not None]
    return AgreementResult(
        tuple(curators),
        len(shared),
        100 * float(np.mean(same)),
        float(np.mean(kappas)) if kappas else None,
        krippendorff_alpha_nominal(list(shared.values())),
    )
