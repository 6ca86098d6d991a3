"""The parent's side of a fine-tune: makes the run's folder, starts its child, watches it."""

from __future__ import annotations

import re
import shutil
import time
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from motionlens.domain.errors import Cancelled, MotionLensError, TrainerError
from motionlens.domain.manifest import Manifest, manifest_from_json_lines
from motionlens.domain.ports import Progress, Token
from motionlens.domain.run import LIVE, RunInfo, RunSettings, RunState
from motionlens.files import content_hash, inside, write_atomically, write_json
from motionlens.finetune.child import Child, start_child
from motionlens.finetune.process import identify
from motionlens.finetune.recipe import LEARNING_RATES, METHODS
from motionlens.finetune.run_folder import RunFolder, now

_LOOK_S = 0.1
_NAME = re.compile(r"[\w][\w.-]{0,79}")


class ChildTrainer:
    """Fine-tunes as child processes that outlive this one (port ``Trainer``).

    Parameters
    ----------
    runs : path
        The folder of all runs; made when first needed.
    """

    def __init__(self, runs: str | Path) -> None:
        self._root = Path(runs).absolute()
        self._children: list[Child] = []

    def start(self, settings: RunSettings, manifest: Manifest) -> str:
        """Make the run's folder, freeze the list, and start training; returns the run's name.

        An empty ``settings.run`` takes the next free ``run-N``; a learning rate of 0 takes the
        method's own.

        Raises
        ------
        TrainerError
            The name is taken or no name, the list is empty, the method unknown.
        """
        text = manifest.to_json_lines()
        return self._start(settings, manifest, text.encode(), ".jsonl", None)

    def start_from_file(
        self, settings: RunSettings, manifest_file: Path, manifest: Manifest | None = None
    ) -> str:
        """The same on a given list, copied byte for byte.

        Parameters
        ----------
        manifest : Manifest, optional
            What the file says, where it is not in our own form.
        """
        try:
            data = manifest_file.read_bytes()
            listed = manifest or manifest_from_json_lines(data.decode())
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is not a training list"
            raise TrainerError(
                f"{manifest_file} cannot be trained on", why or str(error), "Name another list"
            ) from error
        suffix = manifest_file.suffix.lower() or ".txt"
        return self._start(settings, listed, data, suffix, manifest)

    def resume(self, run: str) -> None:
        """Go on from the last checkpoint, with the run's own settings."""
        folder = self.folder(run)
        info = folder.info()
        if info.state in LIVE:
            raise TrainerError(
                f"{run} cannot be resumed", f"it is {info.state}", "Let it run, or stop it first"
            )
        if info.state is RunState.DONE:
            raise TrainerError(
                f"{run} cannot be resumed",
                f"all its {info.steps} steps are done",
                "Start a new run",
            )
        folder.stop_marker.unlink(missing_ok=True)
        folder.process_file.unlink(missing_ok=True)
        folder.end_cut_line()
        folder.say(RunState.QUEUED, max(folder.checkpoint_steps(), default=0))
        self._spawn(folder)

    def stop(self, run: str) -> None:
        """Ask it to end after the current step; one that does not run stays as it is."""
        folder = self.folder(run)
        if folder.info().state in LIVE:
            write_atomically(folder.stop_marker, now() + "\n")

    def runs(self) -> list[RunInfo]:
        """Newest first; a run whose process is gone is never `running`."""
        self._reap()
        if not self._root.is_dir():
            return []
        found = [
            _listed(RunFolder(path))
            for path in sorted(self._root.iterdir())
            if (path / "settings.json").is_file()
        ]
        return sorted(found, key=lambda info: info.started, reverse=True)

    def settings(self, run: str) -> RunSettings:
        """What a run was started with."""
        return self.folder(run).settings()

    def losses(self, run: str) -> NDArray[np.float64]:
        """(S, 2): step and loss of each reported step."""
        return np.array(self.folder(run).losses(), dtype=np.float64).reshape(-1, 2)

    def folder(self, run: str) -> RunFolder:
        """The folder of a run; :class:`TrainerError` if there is none of that name."""
        folder = RunFolder(inside(self._root, run))
        if not folder.settings_file.is_file():
            raise TrainerError(
                f"There is no run {run}", "", "List them with: motionlens runs PROJECT"
            )
        return folder

    def wait(
        self, run: str, progress: Progress, token: Token, *, stop_on_cancel: bool = True
    ) -> RunInfo:
        """Follow a run to its end.

        A cancelled token (or Ctrl-C) stops the run after its current step, or leaves it alone
        (``stop_on_cancel=False``); then :class:`Cancelled` is raised.

        Raises
        ------
        TrainerError
            It failed, with its own reason.
        """
        folder = self.folder(run)
        try:
            info = self._follow(folder, progress, token)
        except (Cancelled, KeyboardInterrupt) as error:
            if stop_on_cancel:
                self.stop(run)
                self._follow(folder, progress, None)
            raise Cancelled from error
        if info.state is RunState.FAILED:
            raise TrainerError(f"The run {run} failed", info.why, f"Its log is {folder.log}")
        if info.state is RunState.INTERRUPTED:
            raise TrainerError(
                f"The run {run} was interrupted",
                info.why,
                f"Resume it with: motionlens finetune PROJECT --resume {run}",
            )
        return info

    def _follow(self, folder: RunFolder, progress: Progress, token: Token | None) -> RunInfo:
        seen = None
        while True:
            self._reap()
            info = folder.info()
            if (info.state, info.step) != seen:
                seen = (info.state, info.step)
                what = "Training" if info.state is RunState.RUNNING else f"Training: {info.state}"
                progress(what if info.state in LIVE else "Training", info.step, info.steps)
            if info.state not in LIVE and not folder.alive():
                return info
            if token is not None:
                token.check()
            time.sleep(_LOOK_S)

    def _start(
        self,
        settings: RunSettings,
        manifest: Manifest,
        data: bytes,
        suffix: str,
        in_our_form: Manifest | None,
    ) -> str:
        _require_sense(settings, manifest)
        self._root.mkdir(parents=True, exist_ok=True)
        folder = RunFolder(self._new_folder(settings.run))
        try:
            file = folder.root / f"manifest{suffix}"
            write_atomically(file, data)
            if in_our_form is not None:
                write_atomically(folder.root / "clips.jsonl", in_our_form.to_json_lines())
            folder.write_settings(
                replace(
                    settings,
                    run=folder.name,
                    started=settings.started or now(),
                    manifest_sha256=content_hash(file),
                    learning_rate=settings.learning_rate or LEARNING_RATES[settings.method],
                )
            )
            folder.say(RunState.QUEUED, 0)
        except OSError as error:
            shutil.rmtree(folder.root, ignore_errors=True)
            raise TrainerError(
                "The run's folder cannot be written", error.strerror or str(error), "Free the disk"
            ) from error
        self._spawn(folder)
        return folder.name

    def _new_folder(self, name: str) -> Path:
        if name and not _NAME.fullmatch(name):
            raise TrainerError(
                f"{name!r} cannot name a run", "it becomes a folder", "Use letters, digits, - and _"
            )
        number = 1
        while True:
            path = inside(self._root, name or f"run-{number}")
            try:
                path.mkdir()
            except FileExistsError as error:
                if name:
                    raise TrainerError(
                        f"There is a run {name} already", "", "Give another name, or resume it"
                    ) from error
                number += 1
                continue
            return path

    def _spawn(self, folder: RunFolder) -> None:
        self._reap()
        try:
            child = start_child(folder.root.resolve(), folder.log, folder.settings().device)
        except OSError as error:
            why = error.strerror or str(error)
            folder.say(RunState.FAILED, 0, why=f"its process did not start: {why}")
            raise TrainerError(
                "The training process did not start", why, "Free memory and try again"
            ) from error
        self._children.append(child)
        identity = identify(child.pid)
        if identity is not None:
            write_json(folder.process_file, asdict(identity))

    def _reap(self) -> None:
        # A child that has ended stays in the system's table until its parent asks.
        self._children = [child for child in self._children if child.poll() is None]


def _require_sense(settings: RunSettings, manifest: Manifest) -> None:
    if not manifest.entries:
        raise TrainerError(
            "There is nothing to train on", "no clip is approved", "Keep some clips, then try again"
        )
    if settings.method not in METHODS:
        raise TrainerError(
            f"There is no method {settings.method}", "", f"Choose one of: {', '.join(METHODS)}"
        )
    if settings.steps < 1 or settings.batch < 1:
        raise TrainerError(
            "Steps and batch must be 1 or more",
            f"they are {settings.steps} and {settings.batch}",
            "Give larger numbers",
        )


def _listed(folder: RunFolder) -> RunInfo:
    try:
        return folder.info()
    except MotionLensError as error:
        return RunInfo(folder.name, RunState.FAILED, 0, 0, None, "", "", "", why=error.why)
