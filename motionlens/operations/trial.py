"""`trial new, vote, report`: the blind comparison of a base and a tuned model."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from motionlens.domain import trial as trials
from motionlens.domain.errors import UsageError
from motionlens.domain.ports import Frames, Progress, Sampler, Token
from motionlens.domain.trial import CastVote, Pair, TrialReport, Vote
from motionlens.operations.ahead import ahead
from motionlens.operations.decide import login_name
from motionlens.operations.finetune import model_source
from motionlens.operations.generate import (
    Start,
    batched,
    continued,
    prompt_starts,
    read_prompts,
)
from motionlens.operations.rooms import NO_PROGRESS, NO_TOKEN, Rooms

DEFAULT_PAIRS = 24


@dataclass(frozen=True)
class TrialResult:
    trial: str
    pairs: int


@dataclass(frozen=True)
class VoteResult:
    """All votes of the trial so far."""

    votes: int


def new(
    rooms: Rooms,
    *,
    base: str,
    tuned: str,
    pairs: int | None = None,
    prompts: str | Path | None = None,
    seed: int = 0,
    device: str = "auto",
    progress: Progress = NO_PROGRESS,
    token: Token = NO_TOKEN,
) -> TrialResult:
    """Let both models continue the same starts from the same noise, in files without their names.

    Parameters
    ----------
    base, tuned : str
        Names of `models`, runs, or weights.
    pairs : int, optional
        Number of pairs; without it 24, or as many as there are prompts.
    prompts : path, optional
        A text file, one prompt a line, taken again from the top where there are more pairs;
        without it held-out starts of the world.

    Raises
    ------
    UsageError
        Both models have the same weights, or no pairs are asked for.
    """
    lines = read_prompts(prompts) if prompts is not None else []
    count = pairs if pairs is not None else len(lines) or DEFAULT_PAIRS
    if count < 1:
        raise UsageError("A trial needs pairs", f"--pairs is {count}", "Give 1 or more")
    progress("Loading the models", 0, 1)
    models = [rooms.models.sampler(model_source(rooms, model), device) for model in (base, tuned)]
    if models[0].weights_hash == models[1].weights_hash:
        raise UsageError(
            "There is nothing to compare", f"{base} and {tuned} have the same weights", "Name two"
        )
    starts = _prompted(rooms, lines, seed, count) if lines else _held_out(rooms, count)
    folder = _new_folder(rooms)
    try:
        made = _pairs(rooms, models, starts, folder, count, seed, progress, token)
        rooms.store.save_trial(folder.name, base, tuned, made, _now())
    except BaseException:
        # Half a trial is of no use to anybody, and its files would pass for a whole one.
        shutil.rmtree(folder, ignore_errors=True)
        raise
    progress("Making pairs", count, count)
    return TrialResult(folder.name, count)


def vote(rooms: Rooms, trial: str, pair: int, choice: str, *, by: str | None = None) -> VoteResult:
    """Record whose motion is better; a second vote of the same person replaces the first.

    Parameters
    ----------
    choice : {"left", "right", "tie"}
    """
    _, _, known = _trial(rooms, trial)
    if pair not in {p.number for p in known}:
        raise UsageError(
            f"{trial} has no pair {pair}",
            f"its pairs are numbered from 1 to {len(known)}",
            "Name one of them",
        )
    person = by or login_name()
    return VoteResult(rooms.store.cast(trial, CastVote(pair, Vote(choice), person, _now())))


def report(rooms: Rooms, trial: str) -> TrialReport:
    """Wins, ties, losses and rates; the models are named once every pair has a vote."""
    base, tuned, pairs = _trial(rooms, trial)
    return trials.report(trial, pairs, rooms.store.votes(trial), base, tuned)


def pair_files(rooms: Rooms, trial: str) -> list[tuple[int, Path, Path]]:
    """Number, left and right file of each pair, for whoever plays them: nothing tells them
    apart."""
    root = rooms.folder.root
    return [(p.number, root / p.left, root / p.right) for p in _trial(rooms, trial)[2]]


def _pairs(
    rooms: Rooms,
    models: list[Sampler],
    starts: Iterator[Start],
    folder: Path,
    count: int,
    seed: int,
    progress: Progress,
    token: Token,
) -> list[Pair]:
    # Seeded by the weights too: the trial's name alone would put the same side left in any project.
    sides = trials.sides(f"{folder.name} {[m.weights_hash for m in models]} {seed}", count)
    made: list[Pair] = []

    def both(batch: list[Start]) -> list[Sequence[Frames]]:
        return [continued(model, batch, seed) for model in models]

    base_fps, tuned_fps = (model.fps for model in models)

    # The next batch is made while this one is encoded.
    for batch, generations in ahead(batched(starts), [both], depth=1):
        for start, base, tuned in zip(batch, *generations(), strict=True):
            token.check()
            progress("Making pairs", len(made), count)
            number = len(made) + 1
            tuned_left = sides[number - 1]
            names = []
            shown = [(base, base_fps), (tuned, tuned_fps)]
            for side, (frames, fps) in zip(
                ("left", "right"), shown[::-1] if tuned_left else shown, strict=True
            ):
                name = f"pair-{number:03d}-{side}.mp4"
                rooms.reader.write(folder / name, frames, fps)
                # Relative, so that a project can be moved.
                names.append((folder / name).relative_to(rooms.folder.root).as_posix())
            made.append(Pair(number, names[0], names[1], tuned_left, start.caption))
    return made


def _prompted(rooms: Rooms, lines: list[str], seed: int, count: int) -> Iterator[Start]:
    rounds = -(-count // len(lines))
    return islice(prompt_starts(rooms, lines * rounds, seed), count)


def _held_out(rooms: Rooms, count: int) -> Iterator[Start]:
    for seed in rooms.world.held_out_seeds("judged", count):
        clip = rooms.world.clip(seed)
        yield Start(clip.frames, clip.caption, clip.caption, f"held out {seed}")


def _new_folder(rooms: Rooms) -> Path:
    taken = set(rooms.store.trials())
    number = 1
    while True:
        folder = rooms.folder.trials / f"trial-{number}"
        number += 1
        if folder.name in taken:
            continue
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            continue
        return folder


def _trial(rooms: Rooms, trial: str) -> tuple[str, str, list[Pair]]:
    known = rooms.store.trials()
    if trial not in known:
        raise UsageError(
            f"There is no trial {trial}",
            f"the project has {', '.join(known) or 'none'}",
            "Make one with: motionlens trial PROJECT new --base M --tuned M",
        )
    return rooms.store.trial(trial)


def _now() -> str:
    return datetime.now(UTC).isoformat()
