"""One run on disk: what it was asked to do, what it has done, and whether it still lives.

::

    runs/NAME/
      settings.json      what it trains and how, with versions (written once)
      manifest.jsonl     its frozen training list (or the given file, under its own suffix)
      clips.jsonl        the same list in our form, where the given file has another
      progress.jsonl     appended: {"step", "loss", "at", "state"}
      process.json       the process that trains
      stop               a marker: end after the current step
      log.txt            what the process wrote
      checkpoints/step-N/
      weights/           the result
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from dataclasses import asdict, replace
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from platform import platform, python_version
from typing import Any

from motionlens.domain.errors import TrainerError
from motionlens.domain.manifest import Manifest, manifest_from_json_lines
from motionlens.domain.run import LIVE, RunInfo, RunSettings, RunState
from motionlens.files import append_json_line, read_json, read_json_lines, write_json
from motionlens.finetune.process import ProcessIdentity, identity_from_json

# A child that was just started has not yet written who it is.
_GRACE_S = 20.0


def now() -> str:
    """The time, UTC, ISO 8601 with microseconds."""
    return datetime.now(UTC).isoformat()


def versions() -> dict[str, str]:
    """What a run was made with."""
    found = {"python": python_version(), "platform": platform()}
    for name in ("motionlens", "torch", "safetensors", "numpy"):
        with contextlib.suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def checkpoint_steps(checkpoints: Path) -> list[int]:
    """Steps of the whole checkpoints in a folder, ascending."""
    found = (path.name.removeprefix("step-") for path in checkpoints.glob("step-*"))
    return sorted(int(text) for text in found if text.isdigit())


class RunFolder:
    """Reads and writes the files of one run."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.settings_file = root / "settings.json"
        self.progress_file = root / "progress.jsonl"
        self.process_file = root / "process.json"
        self.stop_marker = root / "stop"
        self.log = root / "log.txt"
        self.lock = root / "process.lock"
        self.checkpoints = root / "checkpoints"
        self.latents = root / "latents.safetensors"
        self.weights = root / "weights"

    @property
    def name(self) -> str:
        return self.root.name

    @property
    def manifest(self) -> Path:
        """The frozen training list, as given."""
        for path in sorted(self.root.glob("manifest.*")):
            return path
        return self.root / "manifest.jsonl"

    def settings(self) -> RunSettings:
        """What the run was started with; :class:`TrainerError` if that cannot be read."""
        try:
            return RunSettings(**read_json(self.settings_file)["settings"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise TrainerError(
                f"The run {self.name} cannot be read",
                f"its settings.json is missing or damaged ({type(error).__name__})",
                "Start a new run",
            ) from error

    def write_settings(self, settings: RunSettings) -> None:
        """Write settings and versions."""
        write_json(self.settings_file, {"settings": asdict(settings), "versions": versions()})

    def clips(self) -> Manifest:
        """The training list; :class:`TrainerError` if it cannot be read."""
        path = self.root / "clips.jsonl"
        path = path if path.is_file() else self.manifest
        try:
            return manifest_from_json_lines(path.read_text(encoding="utf-8"))
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise TrainerError(
                f"The run {self.name} has no readable training list",
                f"{path.name} is missing or damaged ({type(error).__name__})",
                "Start a new run",
            ) from error

    def say(self, state: RunState, step: int, loss: float | None = None, **more: Any) -> None:
        """Append one line of progress."""
        line = {"state": str(state), "step": step, "loss": loss, "at": now(), **more}
        append_json_line(self.progress_file, line)

    def rows(self) -> list[dict[str, Any]]:
        """All lines of progress."""
        return [row for row in read_json_lines(self.progress_file) if _whole(row)]

    def losses(self) -> list[tuple[int, float]]:
        """Step and loss; steps that a resumed run did again count once, as they were last."""
        return sorted(_folded(self.rows()).items())

    def process(self) -> ProcessIdentity | None:
        """Who trains here, or did last."""
        try:
            return identity_from_json(read_json(self.process_file))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def checkpoint_steps(self) -> list[int]:
        """Steps that the run can go on from, ascending."""
        return checkpoint_steps(self.checkpoints)

    def weights_file(self) -> Path | None:
        """The result, if there is one: the whole model's weights (an adapter lies beside them)."""
        whole = self.weights / "model.safetensors"
        return whole if whole.is_file() else None

    def alive(self) -> bool:
        """True while its process runs."""
        process = self.process()
        return process is not None and process.alive()

    def info(self) -> RunInfo:
        """The run as listed. A run whose process is gone is never `running`."""
        settings = self.settings()
        info = self._as_told(settings)
        if info.state not in LIVE or self.alive() or self._just_started(settings):
            return info
        # Between the look at the lines and the look at the process the run may have ended.
        info = self._as_told(settings)
        if info.state not in LIVE:
            return info
        steps = self.checkpoint_steps()
        again = f"Resume from {steps[-1]}" if steps else "Resume to start again"
        return replace(info, state=RunState.INTERRUPTED, why=f"its process is gone. {again}")

    def end_cut_line(self) -> None:
        """End a line that a killed writer left open, so that the next one stays whole."""
        if self.progress_file.is_file():
            text = self.progress_file.read_bytes()
            if text and not text.endswith(b"\n"):
                with open(self.progress_file, "ab") as file:
                    file.write(b"\n")

    def _as_told(self, settings: RunSettings) -> RunInfo:
        rows = self.rows()
        last = rows[-1] if rows else {}
        return RunInfo(
            run=self.name,
            state=RunState(last.get("state", RunState.QUEUED)),
            step=int(last.get("step", 0)),
            steps=settings.steps,
            loss=_last_loss(rows),
            started=settings.started,
            manifest_sha256=settings.manifest_sha256,
            base=settings.base,
            weights=str(self.weights_file() or ""),
            why=str(last.get("why", "")),
            skipped=tuple((str(path), str(why)) for path, why in _skipped(rows)),
        )

    def _just_started(self, settings: RunSettings) -> bool:
        if self.process_file.exists():
            return False
        rows = self.rows()
        since = rows[-1]["at"] if rows else settings.started
        with contextlib.suppress(ValueError):
            return (datetime.now(UTC) - datetime.fromisoformat(since)).total_seconds() < _GRACE_S
        return False


def _whole(row: dict[str, Any]) -> bool:
    return {"state", "step", "loss", "at"} <= row.keys() and row["state"] in set(RunState)


def _folded(rows: Iterable[dict[str, Any]]) -> dict[int, float]:
    """Losses by step; a start drops what was reported beyond the step that it goes on from."""
    losses: dict[int, float] = {}
    for row in rows:
        if row["state"] == RunState.STARTING:
            losses = {step: loss for step, loss in losses.items() if step <= row["step"]}
        elif row["state"] == RunState.RUNNING and row["loss"] is not None:
            losses[int(row["step"])] = float(row["loss"])
    return losses


def _last_loss(rows: Iterable[dict[str, Any]]) -> float | None:
    losses = _folded(rows)
    return losses[max(losses)] if losses else None


def _skipped(rows: Iterable[dict[str, Any]]) -> list[Any]:
    found: list[Any] = []
    for row in rows:
        found = row.get("skipped", found)
    return found
