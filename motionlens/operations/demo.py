"""`demo`: the whole loop on simulated clips with planted false motion, all of it done here and now.

No row, vote or rate is shipped: the clips are rendered, the gradients computed, two models trained
(one on what is left after review, one on as many random clips left out), and both put to a blind
trial that the built-in judge votes in. The only stand-in is the curator: for the 40 % that rank
worst, the planted truth decides in a person's place, and each decision says so.
"""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from motionlens.domain.clip import Role
from motionlens.domain.errors import TrainerError
from motionlens.domain.manifest import Manifest
from motionlens.domain.ports import Progress, Token
from motionlens.domain.ranking import Ranking
from motionlens.domain.run import LIVE, RunState
from motionlens.domain.seeds import generator
from motionlens.domain.statistics import auroc, precision_at
from motionlens.domain.trial import TrialReport, Vote
from motionlens.files import content_hash, plain_path, write_atomically
from motionlens.operations.add import add
from motionlens.operations.ahead import ahead, spare_lanes
from motionlens.operations.analyse import analyse
from motionlens.operations.decide import decide
from motionlens.operations.export import approved, export
from motionlens.operations.finetune import finetune
from motionlens.operations.generate import generate
from motionlens.operations.index import index
from motionlens.operations.rank import rank
from motionlens.operations.rooms import NO_PROGRESS, NO_TOKEN, Rooms, present_path
from motionlens.operations.trial import new as new_trial
from motionlens.operations.trial import report as report_trial
from motionlens.operations.trial import vote

JUDGE = "built-in judge"
STAND_IN = "planted truth"
# Motion errors that differ by less than this, in px of the model's 32-px picture, are a tie.
TIE_PX = 0.25


@dataclass(frozen=True)
class DemoSize:
    """How much is done; the defaults are the demo, tests take less."""

    clips: int = 200
    planted: int = 70
    queries: int = 32
    steps: int = 150
    pairs: int = 36
    reviewed_share: float = 0.4


@dataclass(frozen=True)
class TrialCounts:
    """A trial's outcome in the demo's document."""

    trial: str
    wins: int
    ties: int
    losses: int
    win_rate: float | None
    ci95: tuple[float, float]
    win_share: float | None


@dataclass(frozen=True)
class DemoResult:
    """All figures are measured in the run that prints them.

    Attributes
    ----------
    candidates : int
        Clips that the stand-in curator looked at.
    found, planted : int
        Planted clips among them, and in all.
    auroc, precision_at_50 : float
        How well the combined score tells planted from clean clips.
    win_rate : float or None
        Of decided pairs, the tuned model against the base; `ci95` its Wilson interval.
    control : TrialCounts
        The same with as many random clips left out.
    errors : mapping
        Mean motion error in px of the 32-px picture: base, tuned, control.
    """

    project: str
    clips: int
    planted: int
    candidates: int
    found: int
    auroc: float
    precision_at_50: float
    run: str
    trial: str
    win_rate: float | None
    ci95: tuple[float, float]
    win_share: float | None
    wins: int
    ties: int
    losses: int
    control: TrialCounts
    errors: dict[str, float]
    decided_by: str
    judged_by: str
    seconds: float


def demo(
    rooms: Rooms,
    *,
    size: DemoSize | None = None,
    seed: int = 0,
    progress: Progress = NO_PROGRESS,
    token: Token = NO_TOKEN,
) -> DemoResult:
    """Do the whole loop in an empty project, or go on where it was stopped; see the module's head
    for what is real in it."""
    started = time.monotonic()
    todo = size or DemoSize()
    told: dict[str, Any] = {"progress": progress, "token": token}
    rooms.store.save_setting("demo", {"finished": False, **_asked(todo, seed)})
    kinds = _render(rooms, todo, seed, progress, token)
    rooms.store.save_setting("planted", kinds)
    analyse(rooms, **told)
    index(rooms, **told)
    bad, good = _queries(rooms, todo, seed, progress, token)
    ranking = rank(rooms, bad=bad, good=good, method="combined", **told)
    reviewed = [row.id for row in ranking.rows[: round(todo.reviewed_share * len(kinds))]]
    excluded = _review(rooms, reviewed, kinds, ranking)
    export(rooms, format="jsonl", out=rooms.folder.root / "approved.jsonl", **told)
    runs = _train_both(rooms, todo, len(excluded), seed, progress, token)
    outcomes = {name: _judge(rooms, run, todo, seed, progress, token) for name, run in runs.items()}
    tuned, control = outcomes["curated"], outcomes["control"]
    planted = [kinds[row.id] != "clean" for row in ranking.rows]
    result = DemoResult(
        project=str(rooms.folder.root),
        clips=len(kinds),
        planted=sum(planted),
        candidates=len(reviewed),
        found=len(excluded),
        auroc=auroc([row.score for row in ranking.rows], planted),
        precision_at_50=precision_at([row.score for row in ranking.rows], planted, 50),
        run=runs["curated"],
        control=_counts(control[0]),
        errors={"base": tuned[1], "tuned": tuned[2], "control": control[2]},
        decided_by=f"{STAND_IN} (stands in for a curator on the top {todo.reviewed_share:.0%})",
        judged_by=f"{JUDGE} (knows the true path; ties under {TIE_PX} px)",
        seconds=time.monotonic() - started,
        **asdict(_counts(tuned[0])),
    )
    rooms.store.save_setting("demo", {"finished": True, "result": asdict(result)})
    return result


def goes_on(rooms: Rooms, size: DemoSize | None, seed: int) -> bool:
    """Whether a demo of the same size and seed was begun here: what it did is then taken over."""
    kept = rooms.store.setting("demo") or {}
    return _asked(size or DemoSize(), seed).items() <= kept.items() and not kept["finished"]


def clear_demo(rooms: Rooms) -> None:
    """End what still trains here, and remove what a demo makes: nothing else in its folder."""
    _stop_runs(rooms)
    rooms.store.close()
    root = rooms.folder.root
    made = [root / name for name in ("clips", "references", "approved.jsonl", "control.jsonl")]
    for path in (*rooms.folder.kept, *made):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def _asked(size: DemoSize, seed: int) -> dict[str, Any]:
    return {"size": asdict(size), "seed": seed}


def finished_demo(rooms: Rooms) -> dict[str, Any] | None:
    """The document of a demo that was done in this project, or None."""
    kept = rooms.store.setting("demo")
    if not kept or not kept["finished"]:
        return None
    return {**kept["result"], "project": str(rooms.folder.root)}  # it may have been moved


def _render(
    rooms: Rooms, todo: DemoSize, seed: int, progress: Progress, token: Token
) -> dict[str, str]:
    """Render and add the training clips; clip id -> kind, "clean" or what was planted."""
    specs = rooms.world.fine_tune_set(seed, todo.clips, todo.planted)
    # The file's name must not tell what was planted.
    paths = _rendered(rooms, "clip", specs, progress, token)
    add(rooms, [rooms.folder.root / "clips"], progress=progress, token=token)
    kind_of = {path: kind for path, (_, kind) in zip(paths, specs, strict=True)}
    return {clip.id: kind_of[clip.path] for clip in rooms.store.clips(Role.TRAINING)}


def _rendered(
    rooms: Rooms,
    name: str,
    specs: Sequence[tuple[int, str]],
    progress: Progress,
    token: Token,
) -> list[str]:
    """Render clips of (seed, kind) into the folder `name`s, captions beside them; their paths."""
    folder = rooms.folder.root / f"{name}s"

    def render(numbered: tuple[int, tuple[int, str]]) -> str:
        number, (clip_seed, kind) = numbered
        path = folder / f"{name}-{number:03d}.mp4"
        caption = path.with_suffix(".txt")
        if path.is_file() and caption.is_file():
            return str(plain_path(path))  # of a demo that was stopped: both appear whole or not
        made = rooms.world.clip(clip_seed, kind)
        rooms.reader.write(path, made.frames, rooms.world.fps)
        write_atomically(caption, made.caption + "\n")
        return str(plain_path(path))

    paths: list[str] = []
    for _, rendered in ahead(enumerate(specs), [render] * spare_lanes()):
        token.check()
        progress(f"Rendering {name}s", len(paths), len(specs))
        paths.append(rendered())
    return paths


def _queries(
    rooms: Rooms, todo: DemoSize, seed: int, progress: Progress, token: Token
) -> tuple[list[str], list[str]]:
    """Bad: the half of the base's generations that the judge finds worse. Good: the truth."""
    starts = list(rooms.world.held_out_seeds("queries", todo.queries))
    paths = _rendered(rooms, "reference", [(s, "clean") for s in starts], progress, token)
    seed_of = dict(zip(paths, starts, strict=True))
    add(
        rooms,
        [rooms.folder.root / "references"],
        role="reference",
        progress=progress,
        token=token,
    )
    references = rooms.store.clips(Role.REFERENCE)
    made_of = generate(rooms, references=True, seed=seed, progress=progress, token=token).clips
    errors = {
        generation: rooms.world.error(seed_of[reference.path], _frames(rooms, generation))
        for reference, generation in zip(references, made_of, strict=True)
    }
    worse = sorted(errors, key=lambda clip: -errors[clip])[: len(errors) // 2]
    # As many true continuations as bad generations: more cost time and tell little new.
    return worse, [clip.id for clip in references[: len(worse)]]


def _review(
    rooms: Rooms, reviewed: Sequence[str], kinds: dict[str, str], ranking: Ranking
) -> list[str]:
    planted = [clip for clip in reviewed if kinds[clip] != "clean"]
    clean = [clip for clip in reviewed if kinds[clip] == "clean"]
    note = "Decided by the planted truth in a curator's place"
    decided = rooms.store.decisions()
    for decision, clips in (("exclude", planted), ("keep", clean)):
        left = [clip for clip in clips if clip not in decided]
        if left:
            decide(rooms, decision, left, by=STAND_IN, note=note, ranking=ranking)
    return planted


def _train_both(
    rooms: Rooms, todo: DemoSize, left_out: int, seed: int, progress: Progress, token: Token
) -> dict[str, str]:
    """Two runs side by side, alike in steps, seed and noise; they differ in their clips alone."""
    control = rooms.folder.root / "control.jsonl"
    write_atomically(control, _without_random(rooms, left_out, seed).to_json_lines())
    lists: dict[str, Path | None] = {"control": control, "curated": None}
    told: dict[str, Any] = {"progress": progress, "token": token}
    for name, manifest in lists.items():
        if not _under_way(rooms, name, manifest):
            finetune(
                rooms,
                name=name,
                manifest=manifest,
                detach=True,
                steps=todo.steps,
                seed=seed,
                **told,
            )
    try:
        for name in ("curated", "control"):
            rooms.trainer.wait(name, progress, token)
    except BaseException:
        # Neither may train on after the demo that started it was stopped.
        _stop_runs(rooms)
        raise
    return {"curated": "curated", "control": "control"}


def _under_way(rooms: Rooms, name: str, manifest: Path | None) -> bool:
    """Whether a run of this name has trained, or trains, on the same list already."""
    wanted = content_hash(manifest) if manifest else approved(rooms).sha256
    return any(
        run.run == name and run.manifest_sha256 == wanted and run.state in (RunState.DONE, *LIVE)
        for run in rooms.trainer.runs()
    )


def _stop_runs(rooms: Rooms) -> None:
    live = [run.run for run in rooms.trainer.runs() if run.state in LIVE]
    for name in live:
        rooms.trainer.stop(name)
    for name in live:
        with contextlib.suppress(TrainerError):  # however it ended, it has ended
            rooms.trainer.wait(name, NO_PROGRESS, NO_TOKEN)


def _without_random(rooms: Rooms, left_out: int, seed: int) -> Manifest:
    """All training clips but as many random ones, whatever was decided about them."""
    decided = approved(rooms, "everything")
    rng = generator("demo control", seed)
    order = rng.permutation(len(decided.entries))
    kept = sorted(int(i) for i in order[left_out:])
    return Manifest(tuple(decided.entries[i] for i in kept), "random")


def _judge(
    rooms: Rooms, run: str, todo: DemoSize, seed: int, progress: Progress, token: Token
) -> tuple[TrialReport, float, float]:
    """A blind trial of a run against the base; its report and both mean motion errors."""
    trial = (
        _trial_of(rooms, run)
        or new_trial(
            rooms,
            base="embedded",
            tuned=run,
            pairs=todo.pairs,
            seed=seed,
            progress=progress,
            token=token,
        ).trial
    )
    _, _, pairs = rooms.store.trial(trial)
    starts = rooms.world.held_out_seeds("judged", todo.pairs)
    base_errors, tuned_errors = [], []
    for pair, start in zip(pairs, starts, strict=True):
        token.check()
        left, right = (
            rooms.world.error(start, rooms.reader.frames(rooms.folder.root / file))
            for file in (pair.left, pair.right)
        )
        choice = Vote.TIE
        if abs(left - right) > TIE_PX:
            choice = Vote.LEFT if left < right else Vote.RIGHT
        vote(rooms, trial, pair.number, str(choice), by=JUDGE)
        tuned_errors.append(left if pair.tuned_left else right)
        base_errors.append(right if pair.tuned_left else left)
    count = len(pairs)
    return report_trial(rooms, trial), sum(base_errors) / count, sum(tuned_errors) / count


def _trial_of(rooms: Rooms, run: str) -> str:
    """The trial of a run that a stopped demo has made already, or empty."""
    return next((t for t in rooms.store.trials() if rooms.store.trial(t)[1] == run), "")


def _frames(rooms: Rooms, clip_id: str) -> Any:
    clip = next(c for c in rooms.store.clips(Role.GENERATION) if c.id == clip_id)
    return rooms.reader.frames(present_path(clip))


def _counts(report: TrialReport) -> TrialCounts:
    return TrialCounts(
        report.trial,
        report.wins,
        report.ties,
        report.losses,
        report.win_rate,
        report.ci95,
        report.win_share,
    )


def demo_folder() -> Path:
    """Where the demo is made if no folder is named: documents, or else home."""
    documents = Path.home() / "Documents"
    return (documents if documents.is_dir() else Path.home()) / "motionlens-demo"
