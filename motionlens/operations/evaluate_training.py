"""Third stage of `evaluate`: real trainings, of random halves and of what each filter leaves."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from motionlens.domain.evaluation import StudySize
from motionlens.domain.ports import Progress, Token
from motionlens.domain.ports.evaluation import Lab, StudyWorld, TrainedArm
from motionlens.domain.seeds import derive_seed, generator
from motionlens.lanes.token import check_current
from motionlens.operations.ahead import ahead
from motionlens.operations.evaluate_folder import StudyFolder
from motionlens.operations.evaluate_rows import StudyQueries, Workers

Truth = NDArray[np.bool_]
Values = NDArray[np.float64]
# Starts continued at once: what bounds the memory.
_TOGETHER = 8
# Score -> name of the arm that its first clips, once reviewed, are left out of.
FILTERS = {
    "combined": "filtered",
    "combined_without_influence": "filtered_without_influence",
    "centred": "influence_alone",
}


@dataclass(frozen=True)
class _BothTokens:
    """The caller's, and that of the lane which works: it is cancelled where the lane closes."""

    given: Token

    def check(self) -> None:
        self.given.check()
        check_current()


@dataclass(frozen=True)
class Trainings:
    """What all trainings of a study share; clips are held by each lab when first needed."""

    folder: StudyFolder
    world: StudyWorld
    specs: Sequence[tuple[int, str]]
    workers: Sequence[Workers]
    progress: Progress
    token: Token

    @property
    def steps_token(self) -> Token:
        """For the steps of a training, on a lane."""
        return _BothTokens(self.token)

    def each(
        self, names: Sequence[str], work: Callable[[int, Lab], Sequence[float]], what: str
    ) -> Values:
        """Units of work by name, side by side on the labs; (units, ...) numbers."""
        held: set[int] = set()

        def one(lab: Lab, n: int) -> list[float]:
            def make() -> list[float]:
                if id(lab) not in held:
                    clips = [self.world.clip(*spec) for spec in self.specs]
                    lab.hold([(clip.frames, clip.caption) for clip in clips])
                    held.add(id(lab))
                return [float(x) for x in work(n, lab)]

            found: list[float] = self.folder.document(names[n], make)
            return found

        calls: list[Callable[[int], list[float]]] = [
            functools.partial(one, tools.lab) for tools in self.workers
        ]
        rows = []
        with contextlib.closing(ahead(range(len(names)), calls, depth=1)) as under_way:
            for n, made in under_way:
                self.token.check()
                self.progress(what, n, len(names))
                rows.append(made())
        self.progress(what, len(names), len(names))
        return np.array(rows, dtype=np.float64)


def half_subsets(count: int, subsets: int, seed: int) -> Truth:
    """(subsets, count) bool: random halves."""
    rng = generator("evaluate subsets", seed, count)
    members = np.zeros((subsets, count), dtype=np.bool_)
    for row in members:
        row[rng.choice(count, count // 2, replace=False)] = True
    return members


def subset_losses(
    trainings: Trainings, queries: StudyQueries, members: Truth, size: StudySize, seed: int
) -> Values:
    """(seeds, subsets, Q) masked losses of the queries after training on each half."""
    units = [(s, n) for s in range(size.subset_seeds) for n in range(len(members))]
    names = [f"half-{n:03d}-seed-{s}" for s, n in units]

    def work(unit: int, lab: Lab) -> Sequence[float]:
        s, n = units[unit]
        chosen = np.flatnonzero(members[n]).tolist()
        train_seed = derive_seed("evaluate half", seed, s)
        arm = lab.trained(chosen, size.subset_steps, train_seed, trainings.steps_token)
        return [float(x) for x in arm.losses(queries.clips)]

    found = trainings.each(names, work, "Trainings of halves")
    return found.reshape(size.subset_seeds, len(members), -1)


def foretold(trainings: Trainings, queries: StudyQueries, size: StudySize) -> Values:
    """(N, Q) influence from gradients taken as a training takes them."""

    def work(_: int, lab: Lab) -> Sequence[float]:
        made = lab.foretold(queries.clips, size.gradient_draws, trainings.steps_token)
        return made.ravel().tolist()

    found = trainings.each(
        [f"foretold-{size.gradient_draws}"], work, "Gradients as they are trained with"
    )
    return found.reshape(-1, len(queries.clips))


def arms_of(
    by_method: Mapping[str, Values], false: Truth, size: StudySize, seed: int
) -> dict[str, list[int]]:
    """Arm -> positions of the clips that it is trained on.

    A reviewed filter leaves out the false clips among the first 40 % by its score, as a curator who
    sees them would; `random` leaves out as many clips as `filtered`, whichever they are.
    """
    count = len(false)
    looked = round(size.reviewed * count)
    arms: dict[str, Truth] = {"all": np.ones(count, np.bool_), "oracle": ~false}
    for score, name in FILTERS.items():
        first = np.zeros(count, np.bool_)
        first[np.argsort(-by_method[score], kind="stable")[:looked]] = True
        arms[name] = ~(first & false)
    order = generator("evaluate random", seed).permutation(count)
    arms["random"] = _without(order, int((~arms["filtered"]).sum()), count)
    ranked = np.argsort(-by_method["combined"], kind="stable")
    for share in size.curve:
        cut = round(share * count)
        for end, places in (("top", ranked), ("random", order), ("bottom", ranked[::-1])):
            arms[f"{end} {share:g}"] = _without(places, cut, count)
    return {name: np.flatnonzero(kept).tolist() for name, kept in arms.items()}


def arm_errors(
    trainings: Trainings, arms: Mapping[str, Sequence[int]], size: StudySize, seed: int
) -> dict[str, Values]:
    """Arm -> (seeds, starts) motion errors, px; "base" is no training at all.

    Arms of one seed share steps, levels, noise and the noise that continuations start from.
    """
    wanted: list[tuple[str, int, Sequence[int]]] = [("base", 0, [])]
    wanted += [(name, s, kept) for s in range(size.seeds) for name, kept in arms.items()]
    starts = list(trainings.world.held_out_seeds("judged", size.judged))

    def name_of(name: str, s: int, kept: Sequence[int]) -> str:
        # By what was trained on: a unit of other clips is never taken for this one.
        key = derive_seed("evaluate arm", ",".join(map(str, kept))) if name != "base" else 0
        return f"arm-{key:016x}-seed-{s}"

    def work(unit: int, lab: Lab) -> Sequence[float]:
        name, s, kept = wanted[unit]
        steps = 0 if name == "base" else size.steps
        arm = lab.trained(kept, steps, derive_seed("evaluate arm", seed, s), trainings.steps_token)
        return _judged(arm, trainings, starts, seed)

    found = trainings.each([name_of(*unit) for unit in wanted], work, "Trainings of arms")
    errors = {
        name: np.stack([row for row, unit in zip(found, wanted, strict=True) if unit[0] == name])
        for name in ("base", *arms)
    }
    errors["base"] = np.repeat(errors["base"], size.seeds, axis=0)
    return errors


def _judged(arm: TrainedArm, trainings: Trainings, starts: Sequence[int], seed: int) -> list[float]:
    """Motion error of the arm's continuation of each start, px."""
    world = trainings.world
    errors: list[float] = []
    for first in range(0, len(starts), _TOGETHER):
        trainings.steps_token.check()
        some = starts[first : first + _TOGETHER]
        clips = [world.clip(start) for start in some]
        made = arm.continued(
            [clip.frames for clip in clips],
            [clip.caption for clip in clips],
            [derive_seed("evaluate start", seed, first + n) for n in range(len(some))],
        )
        errors += [world.error(start, frames) for start, frames in zip(some, made, strict=True)]
    return errors


def _without(order: NDArray[np.int64], left_out: int, count: int) -> Truth:
    kept = np.ones(count, np.bool_)
    kept[order[:left_out]] = False
    return kept
