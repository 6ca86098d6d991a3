"""Ranking from Review: index what is missing, ask the queries, hand the order to the queue."""

from __future__ import annotations

from collections.abc import Callable

from psygnal import Signal

from motionlens.domain.clip import Role
from motionlens.domain.language import say
from motionlens.domain.ports import Progress, Token
from motionlens.domain.ranking import Polarity, Query, Ranking
from motionlens.lanes import Priority
from motionlens.operations.index import IndexResult
from motionlens.operations.rank import rank
from motionlens.operations.rooms import Rooms
from motionlens.session.indexing import index_again
from motionlens.session.jobs import JobRow, JobsState
from motionlens.session.work import OpenProject


class RankState:
    """At most one ranking at a time; `changed` when it starts, ticks or ends."""

    changed = Signal()

    def __init__(
        self,
        project: OpenProject,
        jobs: JobsState,
        ranked: Callable[[Ranking], object],
        failed: Callable[[BaseException], object],
        cancelled: Callable[[], object],
    ) -> None:
        self._project = project
        self._jobs = jobs
        self._ranked = ranked
        self._failed = failed
        self._cancelled = cancelled
        self._key: int | None = None
        jobs.ticked.connect(self._ticked)

    @property
    def row(self) -> JobRow | None:
        """The job that runs now."""
        return self._jobs.row(self._key) if self._key is not None else None

    @property
    def running(self) -> bool:
        return self._key is not None

    def start(self, queries: tuple[Query, ...], clips: int) -> None:
        """Index (a bulk job, which goes on where it was stopped), then rank (an urgent one)."""
        if self.running or not queries:
            return
        rooms = self._project.rooms

        def work(progress: Progress, token: Token) -> IndexResult:
            return index_again(rooms, progress, token)

        self._key = self._jobs.start(
            say("Index {clips} clips", clips=clips),
            "index",
            self._project.lanes.compute,
            work,
            icon="stack",
            done=lambda result: self._indexed(result, queries),
            failed=self._gave_up,
            cancelled=self._stopped,
        )
        self.changed.emit()

    def cancel(self) -> None:
        """Stop after the current step; indexed clips stay indexed."""
        if self._key is not None:
            self._jobs.cancel(self._key)

    def _indexed(self, result: IndexResult, queries: tuple[Query, ...]) -> str:
        rooms = self._project.rooms
        bad = [query.clip for query in queries if query.polarity is Polarity.BAD]
        good = [query.clip for query in queries if query.polarity is Polarity.GOOD]

        def work(progress: Progress, token: Token) -> Ranking:
            # Flow statistics with influence find more than influence alone, where there are any.
            method = "combined" if _analysed(rooms) else "centred"
            return rank(rooms, bad=bad, good=good, method=method, progress=progress, token=token)

        self._key = self._jobs.start(
            say("Rank by {n} {n2}", n=len(queries), n2="query" if len(queries) == 1 else "queries"),
            "rank",
            self._project.lanes.compute,
            work,
            icon="sort-descending",
            done=self._finished,
            failed=self._gave_up,
            cancelled=self._stopped,
            priority=Priority.URGENT,
        )
        self.changed.emit()
        skipped = say(", {n} skipped", n=len(result.skipped)) if result.skipped else ""
        return say("{clips:,} clips indexed{skipped}", clips=result.clips, skipped=skipped)

    def _finished(self, ranking: Ranking) -> str:
        self._key = None
        self._ranked(ranking)
        self.changed.emit()
        left = (
            say(", {left_out} not indexed", left_out=ranking.left_out) if ranking.left_out else ""
        )
        return say("{n:,} clips ranked{left}", n=len(ranking.rows), left=left)

    def _gave_up(self, error: BaseException) -> None:
        self._key = None
        self._failed(error)
        self.changed.emit()

    def _stopped(self) -> None:
        self._key = None
        self._cancelled()
        self.changed.emit()

    def _ticked(self, key: int) -> None:
        if key == self._key:
            self.changed.emit()


def _analysed(rooms: Rooms) -> bool:
    known = rooms.store.analyses()
    return any(clip.id in known for clip in rooms.store.clips(Role.TRAINING))
