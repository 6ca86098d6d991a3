"""Fine-tunes as one window sees them: what would be trained on, the runs, their losses."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from psygnal import Signal

from motionlens.domain.errors import MotionLensError
from motionlens.domain.language import retell, say
from motionlens.domain.run import RunInfo, RunState
from motionlens.session.jobs import JobsState, JobState
from motionlens.session.work import Hop, OpenProject, ask

LIVE = (RunState.QUEUED, RunState.STARTING, RunState.RUNNING)


@dataclass(frozen=True)
class TrainingSet:
    """What `include` takes just now; `why` says why nothing can be trained."""

    include: str
    clips: int
    seconds: float
    sha256: str
    why: str = ""


class RunsState:
    """Runs, newest first, and the losses of the one that is looked at.

    Signals: `changed` (rows or losses), `set_changed` (the training set), `failed` (an error).
    """

    changed = Signal()
    set_changed = Signal()
    failed = Signal(object)

    def __init__(self, project: OpenProject, hop: Hop, jobs: JobsState) -> None:
        self._project = project
        self._hop = hop
        self._jobs = jobs
        self.runs: list[RunInfo] = []
        self.losses: dict[str, NDArray[np.float64]] = {}
        self.current = ""
        self.training_set: TrainingSet | None = None
        self._listed: dict[str, int] = {}
        self._asking = False
        self._first_seen: dict[str, tuple[int, float]] = {}

    @property
    def live(self) -> list[RunInfo]:
        return [run for run in self.runs if run.state in LIVE]

    def run(self, name: str) -> RunInfo | None:
        return next((run for run in self.runs if run.run == name), None)

    def left_s(self, run: RunInfo) -> float | None:
        """Seconds left, from the speed since this window saw it; None while unknown."""
        step, since = self._first_seen.get(run.run, (run.step, 0.0))
        done = run.step - step
        if run.state is not RunState.RUNNING or done < max(1, 0.03 * run.steps):
            return None
        return (time.monotonic() - since) / done * (run.steps - run.step)

    def look_at(self, run: str) -> None:
        """Show this run's losses."""
        self.current = run
        self.changed.emit()
        self.poll()

    def poll(self) -> None:
        """Read the run folders once; a poll that is still waiting is not doubled."""
        if self._asking:
            return
        self._asking = True
        # The room is imported on its first use, so it is touched on the lane only.
        rooms, current = self._project.rooms, self.current

        def read(_: object) -> tuple[list[RunInfo], str, NDArray[np.float64]]:
            trainer = rooms.trainer
            runs = trainer.runs()
            shown = current or (runs[0].run if runs else "")
            return runs, shown, trainer.losses(shown) if shown else np.zeros((0, 2))

        ask(self._project.lanes.store, "list runs", read, self._hop, self._take, self._poll_failed)

    def count(self, include: str) -> None:
        """Freeze what would be trained on, without writing anything."""
        rooms = self._project.rooms

        def work(_: object) -> TrainingSet:
            from motionlens.operations.export import approved

            try:
                manifest = approved(rooms, include)
            except MotionLensError as error:
                return TrainingSet(include, 0, 0.0, "", retell(error.why or error.what))
            seconds = sum(entry.duration_s for entry in manifest.entries)
            return TrainingSet(include, len(manifest.entries), seconds, manifest.sha256)

        def done(counted: TrainingSet) -> None:
            self.training_set = counted
            self.set_changed.emit()

        ask(
            self._project.lanes.store, "count training clips", work, self._hop, done,
            self.failed.emit,
        )  # fmt: skip

    def start(self, operation: Callable[[Any, Any], Any], name: str) -> None:
        """Start a run's process: `operation(progress, token)` gives an answer with `.run`."""

        def done(result: Any) -> str:
            self.current = str(result.run)
            self.poll()
            return say("{run} has started", run=result.run)

        self._jobs.start(
            say("Start {n}", n=name or 'a run'), "start", self._project.lanes.compute, operation,
            icon="chart-line", done=done, failed=self.failed.emit,
        )  # fmt: skip

    def stop(self, run: str) -> None:
        """Ask a run to end after its current step."""
        rooms = self._project.rooms
        ask(
            self._project.lanes.store, "stop run", lambda _: rooms.trainer.stop(run), self._hop,
            lambda _: self.poll(), self.failed.emit,
        )  # fmt: skip

    def _poll_failed(self, error: BaseException) -> None:
        self._asking = False
        self.failed.emit(error)

    def _take(self, answer: tuple[list[RunInfo], str, NDArray[np.float64]]) -> None:
        self._asking = False
        self.runs, shown, losses = answer
        if shown:
            self.current = self.current or shown
            self.losses[shown] = losses
        for run in self.runs:
            if run.state is RunState.RUNNING and run.step:
                self._first_seen.setdefault(run.run, (run.step, time.monotonic()))
            self._list_as_job(run)
        self.changed.emit()

    def _list_as_job(self, run: RunInfo) -> None:
        live = run.state in LIVE
        if run.run not in self._listed:
            if not live:
                return
            self._listed[run.run] = self._jobs.external(
                say("Train {run}", run=run.run), "train", "chart-line", lambda: self.stop(run.run)
            )
        key = self._listed[run.run]
        if not self._jobs.row(key).live:
            return
        state, outcome = JobState.RUNNING, ""
        if not live:
            state = JobState.FAILED if run.state is RunState.FAILED else JobState.DONE
            state = JobState.CANCELLED if run.state is RunState.STOPPED else state
            outcome = run.why or str(run.state)
        # The list itself writes "9 of 60" after the word.
        words = "step" if run.step else str(run.state)
        self._jobs.report(key, words, run.step, run.steps, self.left_s(run), state, outcome)
