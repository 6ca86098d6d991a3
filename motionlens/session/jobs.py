"""The one list of jobs: what runs, how far it is, and how to pause or stop it."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypeVar

from psygnal import Signal

from motionlens.domain.language import say
from motionlens.domain.ports import Progress, Token
from motionlens.lanes import CancelToken, Job, Lane, Mailbox, Priority, ProgressClock, Tick
from motionlens.session.work import Hop, told

T = TypeVar("T")
Operation = Callable[[Progress, Token], T]


class JobState(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    PAUSED = "paused"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


LIVE = (JobState.WAITING, JobState.RUNNING, JobState.PAUSED)


@dataclass(frozen=True)
class JobRow:
    """One job as listed.

    Attributes
    ----------
    kind : str
        `index`, `train`, `analyse`... : closing the window asks about the first two.
    what : str
        The step that it is in, in words.
    left_s : float or None
        Seconds left; None while that cannot be known.
    outcome : str
        One line once it is over.
    """

    key: int
    name: str
    kind: str
    lane: str
    icon: str
    state: JobState
    what: str = ""
    done: int = 0
    total: int = 0
    left_s: float | None = None
    outcome: str = ""
    can_pause: bool = True

    @property
    def live(self) -> bool:
        return self.state in LIVE

    @property
    def share(self) -> float:
        """How much is done, 0 to 1."""
        return min(1.0, self.done / self.total) if self.total else 0.0


class JobsState:
    """Jobs of this window, the newest last; finished ones stay listed until it closes."""

    changed = Signal()
    ticked = Signal(int)

    def __init__(self, hop: Hop) -> None:
        self._hop = hop
        self._rows: dict[int, JobRow] = {}
        self._tokens: dict[int, CancelToken] = {}
        self._stops: dict[int, Callable[[], object]] = {}
        self._keys = itertools.count(1)

    @property
    def rows(self) -> list[JobRow]:
        return list(self._rows.values())

    @property
    def live(self) -> list[JobRow]:
        """Jobs that are not over, the one that runs first."""
        order = {JobState.RUNNING: 0, JobState.PAUSED: 1, JobState.WAITING: 2}
        return sorted((row for row in self.rows if row.live), key=lambda row: order[row.state])

    def row(self, key: int) -> JobRow:
        return self._rows[key]

    def running(self, *kinds: str) -> list[JobRow]:
        """Live jobs of these kinds."""
        return [row for row in self.live if row.kind in kinds]

    def start(
        self,
        name: str,
        kind: str,
        lane: Lane,
        operation: Operation[T],
        *,
        icon: str = "gear",
        done: Callable[[T], str | None] | None = None,
        failed: Callable[[BaseException], object] | None = None,
        cancelled: Callable[[], object] | None = None,
        priority: Priority = Priority.BULK,
    ) -> int:
        """Run `operation(progress, token)` on a lane and list it.

        `done` gets the answer on the session's thread and may return the line that the list
        shows for it. The key pauses, cancels and finds the job.
        """
        key = next(self._keys)
        self._rows[key] = JobRow(key, name, kind, lane.name, icon, JobState.WAITING)
        clock = ProgressClock(self._teller(key))

        def work(token: CancelToken) -> T:
            self._hop(lambda: self._began(key))
            return operation(clock, token)

        def over(job: Job[T]) -> None:
            self._hop(lambda: self._finished(key, job, done, failed, cancelled))

        job = lane.submit(name, work, priority)
        self._tokens[key] = job.token
        self.changed.emit()
        job.when_finished(over)
        return key

    def external(self, name: str, kind: str, icon: str, stop: Callable[[], object]) -> int:
        """List a job that runs elsewhere (a fine-tune's own process); see `report`."""
        key = next(self._keys)
        self._rows[key] = JobRow(key, name, kind, kind, icon, JobState.RUNNING, can_pause=False)
        self._stops[key] = stop
        self.changed.emit()
        return key

    def report(
        self, key: int, what: str, done: int, total: int, left_s: float | None,
        state: JobState = JobState.RUNNING, outcome: str = "",
    ) -> None:  # fmt: skip
        """How far an external job is."""
        row = replace(
            self._rows[key], what=what, done=done, total=total, left_s=left_s, state=state,
            outcome=outcome,
        )  # fmt: skip
        over = row.state is not self._rows[key].state
        self._rows[key] = row
        (self.changed.emit if over else lambda: self.ticked.emit(key))()

    def pause(self, key: int) -> None:
        """Hold a job between two of its steps."""
        row = self._rows[key]
        if key in self._tokens and row.live and row.can_pause:
            self._tokens[key].pause()
            self._set(key, state=JobState.PAUSED)

    def go_on(self, key: int) -> None:
        """Let a paused job go on."""
        if key in self._tokens and self._rows[key].state is JobState.PAUSED:
            self._tokens[key].go_on()
            self._set(key, state=JobState.RUNNING if self._rows[key].what else JobState.WAITING)

    def cancel(self, key: int) -> None:
        """Stop a job after its current step; what was committed stays."""
        if key in self._stops:
            self._stops[key]()
        elif key in self._tokens:
            self._tokens[key].cancel()

    def _teller(self, key: int) -> Callable[[Tick], None]:
        mailbox: Mailbox[Tick] = Mailbox()

        def show() -> None:
            tick = mailbox.take()
            if tick is not None and self._rows[key].live:
                self._rows[key] = replace(
                    self._rows[key], what=tick.what, done=tick.done, total=tick.total,
                    left_s=tick.left_s,
                )  # fmt: skip
                self.ticked.emit(key)

        def tell(tick: Tick) -> None:
            # Many steps a second must not flood the window: the newest tick is what counts.
            if mailbox.put(tick):
                self._hop(show)

        return tell

    def _began(self, key: int) -> None:
        if self._rows[key].state is JobState.WAITING:
            self._set(key, state=JobState.RUNNING)

    def _finished(
        self,
        key: int,
        job: Job[T],
        done: Callable[[T], str | None] | None,
        failed: Callable[[BaseException], object] | None,
        cancelled: Callable[[], object] | None,
    ) -> None:
        if job.error is not None:
            what, why, _ = told(job.error)
            self._set(key, state=JobState.FAILED, outcome=f"{what}: {why}" if why else what)
            if failed is not None:
                failed(job.error)
        elif job.cancelled:
            self._set(key, state=JobState.CANCELLED, outcome=say("stopped; what was done is kept"))
            if cancelled is not None:
                cancelled()
        else:
            line = done(job.value) if done is not None else None  # type: ignore[arg-type]
            self._set(key, state=JobState.DONE, outcome=line or "done")

    def _set(self, key: int, *, state: JobState, outcome: str = "") -> None:
        self._rows[key] = replace(self._rows[key], state=state, outcome=outcome)
        self.changed.emit()
