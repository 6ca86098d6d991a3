"""`finetune, runs, stop`: trains a model again on the approved clips."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path

from motionlens.domain.clip import Role, Span, clip_id
from motionlens.domain.errors import ManifestError, TrainerError, UsageError
from motionlens.domain.manifest import Manifest, ManifestEntry, manifest_from_json_lines
from motionlens.domain.ports import Progress, Token
from motionlens.domain.run import RunInfo, RunSettings, RunState
from motionlens.files import content_hash
from motionlens.operations.add import Skipped
from motionlens.operations.export import approved, manifest_entry
from motionlens.operations.rooms import NO_PROGRESS, NO_TOKEN, Rooms

DEFAULT_STEPS = 250
DEFAULT_BATCH = 16
_UNFINISHED = frozenset({RunState.STOPPED, RunState.INTERRUPTED, RunState.FAILED})


@dataclass(frozen=True)
class FinetuneResult:
    """How a run ended; `final_loss` and `weights` are None where it still trains (`detach`).

    Attributes
    ----------
    steps : int
        Steps done.
    skipped : tuple of Skipped
        Clips that could not be read.
    """

    run: str
    steps: int
    final_loss: float | None
    weights: str | None
    manifest_sha256: str
    state: str
    skipped: tuple[Skipped, ...] = ()


@dataclass(frozen=True)
class RunRow:
    """One run as listed; `why` says why it failed or was interrupted."""

    run: str
    state: str
    step: int
    steps: int
    loss: float | None
    started: str
    manifest_sha256: str
    base: str
    weights: str
    why: str


def finetune(
    rooms: Rooms,
    *,
    model: str = "embedded",
    method: str = "full",
    manifest: str | Path | None = None,
    include: str = "not-excluded",
    steps: int = DEFAULT_STEPS,
    name: str = "",
    resume: str | None = None,
    detach: bool = False,
    processes: int = 1,
    seed: int = 0,
    batch: int = DEFAULT_BATCH,
    learning_rate: float = 0.0,
    device: str = "auto",
    progress: Progress = NO_PROGRESS,
    token: Token = NO_TOKEN,
) -> FinetuneResult:
    """Train on the approved clips, or on a given list, in a process of its own.

    A cancel stops the run after its current step; the same call, or `resume`, goes on from there.

    Parameters
    ----------
    model : str
        A name of `models`, a run, or weights.
    method : {"full", "lora"}
        All weights, or a small adapter.
    manifest : path, optional
        A training list of any known format, instead of what `include` takes.
    steps : int
        All steps of the run.
    name : str
        The run's name; the next free `run-N` if empty.
    resume : str, optional
        A run to go on with; its own settings win.
    detach : bool
        Return at once; the run goes on by itself.
    learning_rate : float
        Peak rate; 0 takes the method's own.

    Raises
    ------
    TrainerError
        It cannot start, or it failed.
    """
    if processes != 1:
        raise TrainerError(
            f"A run on {processes} processes is not possible",
            "one process trains a run now; two runs can train side by side",
            "Leave --processes out",
        )
    if resume is not None:
        rooms.trainer.resume(resume)
        return _followed(rooms, resume, detach, progress, token)
    progress("Freezing the training list", 0, 1)
    listed, file = _training_list(rooms, manifest, include)
    settings = RunSettings(
        run=name,
        base=_base(rooms, model),
        base_hash=rooms.models.weights_hash(model_source(rooms, model)),
        method=method,
        steps=steps,
        seed=seed,
        batch=batch,
        learning_rate=learning_rate,
        device=device,
        manifest_sha256=content_hash(file) if file else listed.sha256,
    )
    run = _unfinished(rooms, settings)
    if run:
        rooms.trainer.resume(run)
    elif file is not None:
        run = rooms.trainer.start_from_file(settings, file, listed)
    else:
        run = rooms.trainer.start(settings, listed)
    return _followed(rooms, run, detach, progress, token)


def runs(rooms: Rooms) -> list[RunRow]:
    """All runs, newest first."""
    return [_row(info) for info in rooms.trainer.runs()]


def stop(rooms: Rooms, run: str) -> list[RunRow]:
    """Ask a run to end after its current step; the run as it is now, as a list of one."""
    _find(rooms, run)
    rooms.trainer.stop(run)
    return [_row(_find(rooms, run))]


def model_source(rooms: Rooms, model: str) -> str:
    """What a model's name stands for: the weights file of a run, else the name or path itself.

    Raises
    ------
    UsageError
        A run that has no weights yet.
    """
    for info in rooms.trainer.runs():
        if info.run == model:
            if not info.weights:
                raise UsageError(
                    f"The run {model} has no weights yet", f"it is {info.state}", "Let it end first"
                )
            return info.weights
    return model


def _base(rooms: Rooms, model: str) -> str:
    # A run stays a name and a model too; a path must hold wherever the child is started.
    named = {info.run for info in rooms.trainer.runs()}
    named |= {known.name for known in rooms.models.known() if known.ready}
    return model if model in named else os.path.abspath(model)


def _training_list(
    rooms: Rooms, manifest: str | Path | None, include: str
) -> tuple[Manifest, Path | None]:
    if manifest is None:
        return approved(rooms, include), None
    file = Path(manifest)
    try:
        return manifest_from_json_lines(file.read_text(encoding="utf-8")), file
    except FileNotFoundError:
        raise ManifestError(f"{file} does not exist", "", "Check the path") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        # Not our own form: one of the other formats, which says for itself what is wrong with it.
        return _foreign(rooms, file), file


def _foreign(rooms: Rooms, file: Path) -> Manifest:
    known = {
        (path, clip.span): clip for clip in rooms.store.clips(Role.TRAINING) for path in clip.paths
    }
    entries = []
    for path, caption, part in rooms.formats.read(file):
        span = Span(*part) if part else None
        clip = known.get((str(path.absolute()), span))
        if clip is not None:
            entry = manifest_entry(clip)
        else:
            entry = _unknown_entry(path.absolute(), span)
        entries.append(_captioned(entry, caption))
    if not entries:
        raise ManifestError(f"{file} lists no clips", "", "Name another list")
    return Manifest(tuple(entries), "given")


def _unknown_entry(path: Path, span: Span | None) -> ManifestEntry:
    # A clip that the project does not know; what the file holds is seen when it is read.
    content = content_hash(path) if path.is_file() else ""
    frames = span.frames if span else 0
    return ManifestEntry(
        clip_id(content, span), str(path), content, "", 0, 0, 0.0, frames, 0.0, span
    )


def _captioned(entry: ManifestEntry, caption: str) -> ManifestEntry:
    return replace(entry, caption=caption or entry.caption)


def _unfinished(rooms: Rooms, settings: RunSettings) -> str:
    """The newest run that the same call started and that did not end; empty if there is none."""
    for info in rooms.trainer.runs():
        if info.state not in _UNFINISHED or settings.run not in ("", info.run):
            continue
        try:
            made = rooms.trainer.settings(info.run)
        except TrainerError:
            continue  # its folder is damaged: nothing to go on from
        # What a run takes of itself, or may change with the machine, says nothing of the call.
        asked = replace(
            settings,
            run=made.run,
            started=made.started,
            device=made.device,
            learning_rate=settings.learning_rate or made.learning_rate,
        )
        if asked == made:
            return info.run
    return ""


def _followed(
    rooms: Rooms, run: str, detach: bool, progress: Progress, token: Token
) -> FinetuneResult:
    if detach:
        info = _find(rooms, run)
        return FinetuneResult(run, info.step, None, None, info.manifest_sha256, str(info.state))
    info = rooms.trainer.wait(run, progress, token)
    return FinetuneResult(
        run=run,
        steps=info.step,
        final_loss=info.loss,
        weights=info.weights or None,
        manifest_sha256=info.manifest_sha256,
        state=str(info.state),
        skipped=tuple(Skipped(path, why) for path, why in info.skipped),
    )


def _find(rooms: Rooms, run: str) -> RunInfo:
    for info in rooms.trainer.runs():
        if info.run == run:
            return info
    raise TrainerError(f"There is no run {run}", "", "List them with: motionlens runs PROJECT")


def _row(info: RunInfo) -> RunRow:
    return RunRow(
        run=info.run,
        state=str(info.state),
        step=info.step,
        steps=info.steps,
        loss=info.loss,
        started=info.started,
        manifest_sha256=info.manifest_sha256,
        base=info.base,
        weights=info.weights,
        why=info.why,
    )
