"""Decisions on their way to the disk: in order, one after another, none ever lost or doubled."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from psygnal import Signal

from motionlens.domain.decision import Changes, Decision, Event
from motionlens.domain.errors import MotionLensError
from motionlens.domain.ports import LabelStore, Store
from motionlens.lanes import CancelToken, Job, Lane, Priority
from motionlens.operations.review import standing
from motionlens.session.work import Hop


@dataclass(frozen=True)
class Wish:
    """One key press: a decision about clips, or the undo or redo of one."""

    kind: str  # "decide", "undo", "redo"
    clips: tuple[str, ...] = ()
    decision: Decision = Decision.CLEAR
    note: str = ""
    evidence: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class Written:
    """A wish after its commit: what changed, and what decides each changed clip now."""

    wish: Wish
    changes: Changes
    standing: Mapping[str, Event | None]
    undo_name: str


class DecisionWriter:
    """Writes wishes on the store lane; after a failed commit it holds all that wait until it is
    told to try again.

    `written` and `refused` are told on the main thread. An undo with nothing to undo is refused
    without holding anything up: `refused` gets (wish, error, held).
    """

    written = Signal(object)
    refused = Signal(object, object, bool)

    def __init__(
        self,
        lane: Lane,
        store: Store,
        by: Callable[[], str],
        hop: Hop,
        bug: Callable[[BaseException], None],
    ) -> None:
        self._lane = lane
        self._store = store
        self._by = by
        self._hop = hop
        self._bug = bug
        self._lock = threading.Lock()
        self._waiting: deque[Wish] = deque()
        self._held = False

    @property
    def waiting(self) -> int:
        """Wishes whose commit has not returned."""
        with self._lock:
            return len(self._waiting)

    def waiting_clips(self) -> set[str]:
        """The clips that a waiting wish decides about."""
        with self._lock:
            return {clip for wish in self._waiting for clip in wish.clips}

    @property
    def held(self) -> bool:
        """True after a failed commit, until `try_again`."""
        return self._held

    def write(self, wish: Wish) -> None:
        """Queue a wish; returns at once."""
        with self._lock:
            self._waiting.append(wish)
        if not self._held:
            self._start()

    def try_again(self) -> None:
        """Go on with everything that waits."""
        self._held = False
        self._start()

    def _start(self) -> None:
        job = self._lane.submit("Save decision", self._drain, Priority.URGENT)
        job.when_finished(self._finished)

    def _drain(self, token: CancelToken) -> None:
        # Closing the window cancels the lane's jobs, but never a decision that was pressed.
        del token
        while not self._held:
            with self._lock:
                wish = self._waiting[0] if self._waiting else None
            if wish is None:
                return
            try:
                written = self._commit(wish)
            except MotionLensError as error:
                self._refuse(wish, error)
                continue
            with self._lock:
                self._waiting.popleft()
            self._tell(written)

    def _commit(self, wish: Wish) -> Written:
        by = self._by()
        changes = apply(self._store, wish, by)
        return Written(
            wish, changes, standing(self._store, changes.clips), self._store.undo_name(by)
        )

    def _refuse(self, wish: Wish, error: MotionLensError) -> None:
        held = wish.kind == "decide"
        if held:
            self._held = True
        else:
            with self._lock:
                self._waiting.popleft()
        self._hop(lambda: self.refused.emit(wish, error, held))

    def _tell(self, written: Written) -> None:
        self._hop(lambda: self.written.emit(written))

    def _finished(self, job: Job[None]) -> None:
        error = job.error
        if error is not None:
            self._held = True
            self._hop(lambda: self._bug(error))


def apply(store: LabelStore, wish: Wish, by: str) -> Changes:
    """Make one wish true, in one transaction."""
    if wish.kind == "undo":
        return store.undo(by)
    if wish.kind == "redo":
        return store.redo(by)
    return store.decide(wish.clips, wish.decision, by, wish.note, wish.evidence)
