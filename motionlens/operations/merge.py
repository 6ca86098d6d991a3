"""`merge` and `agreement`: several curators, several stores."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from motionlens.domain.agreement import (
    bootstrap_alpha,
    cohen_kappa,
    krippendorff_alpha_nominal,
)
from motionlens.domain.decision import Decision, Event, StepKind
from motionlens.files import ProjectFolder
from motionlens.operations.rooms import Rooms


@dataclass(frozen=True)
class MergeResult:
    new_events: int
    conflicts: tuple[str, ...]


@dataclass(frozen=True)
class WithOneself:
    """Clips that came again, and how many got the same answer."""

    clips: int
    same: int


@dataclass(frozen=True)
class AgreementResult:
    """Over clips that two curators or more have judged; None where a measure is undefined.

    Attributes
    ----------
    krippendorff_ci95 : (low, high) or None
        By bootstrap over clips.
    with_oneself : mapping
        Curator -> how often a clip that came again unannounced (blind mode) got the same answer.
    """

    curators: tuple[str, ...]
    clips: int
    percent: float | None
    cohen_kappa: float | None
    krippendorff_alpha: float | None
    krippendorff_ci95: tuple[float, float] | None = None
    with_oneself: Mapping[str, WithOneself] = field(default_factory=dict)


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
        return AgreementResult(
            tuple(curators), 0, None, None, None, with_oneself=with_oneself(rooms.store.events())
        )
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
        bootstrap_alpha(list(shared.values())),
        with_oneself(rooms.store.events()),
    )


def with_oneself(events: Iterable[Event]) -> dict[str, WithOneself]:
    """By curator: the answers to controls against that person's answer before."""
    before: dict[tuple[str, str], Decision] = {}
    found: dict[str, WithOneself] = {}
    for event in events:
        if event.kind is not StepKind.DECIDE:
            continue
        key = (event.by, event.clip)
        if event.evidence.get("control") and key in before:
            so_far = found.get(event.by, WithOneself(0, 0))
            same = so_far.same + (before[key] is event.decision)
            found[event.by] = WithOneself(so_far.clips + 1, same)
        before[key] = event.decision
    return found
