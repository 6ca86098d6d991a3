"""Explain: one query, and the clips that push toward its motion or away from it."""

from __future__ import annotations

from typing import Any

from psygnal import Signal

from motionlens.domain.ranking import Neighbours, ScoredClip
from motionlens.lanes import Priority
from motionlens.session.jobs import JobsState
from motionlens.session.work import OpenProject

TOP = 50


class ExplainState:
    """Answers by query, kept while the window is open.

    Signals: `changed` (query, list or answer), `failed` (an error).
    """

    changed = Signal()
    failed = Signal(object)

    def __init__(self, project: OpenProject, jobs: JobsState) -> None:
        self._project = project
        self._jobs = jobs
        self.query = ""
        self.side = "proponents"
        self.answers: dict[str, Neighbours] = {}
        self.job = 0

    @property
    def answer(self) -> Neighbours | None:
        """What is known about the query."""
        return self.answers.get(self.query)

    @property
    def rows(self) -> list[ScoredClip]:
        """The side that is listed, the strongest first."""
        answer = self.answer
        if answer is None:
            return []
        if self.side == "proponents":
            return [row for row in answer.proponents if row.score > 0]
        return [row for row in answer.opponents if row.score < 0]

    @property
    def running(self) -> bool:
        return bool(self.job) and self._jobs.row(self.job).live

    def choose(self, query: str) -> None:
        """Ask about another clip."""
        if query != self.query:
            self.query = query
            self.changed.emit()

    def show(self, side: str) -> None:
        """List `proponents` or `opponents`."""
        self.side = side
        self.changed.emit()

    def ask(self, name: str) -> None:
        """Find the clips behind the query's motion, urgent on the compute lane."""
        query, rooms = self.query, self._project.rooms

        def work(progress: Any, token: Any) -> Neighbours:
            from motionlens.operations.rank import neighbours

            return neighbours(rooms, query=query, top=TOP, progress=progress, token=token)

        def done(answer: Neighbours) -> str:
            self.answers[query] = answer
            self.changed.emit()
            return f"{len(answer.proponents)} proponents, {len(answer.opponents)} opponents"

        def failed(error: BaseException) -> None:
            self.changed.emit()
            self.failed.emit(error)

        self.job = self._jobs.start(
            f"Explain {name}", "rank", self._project.lanes.compute, work,
            icon="magnifying-glass", done=done, failed=failed, cancelled=self.changed.emit,
            priority=Priority.URGENT,
        )  # fmt: skip
        self.changed.emit()

    def cancel(self) -> None:
        """Stop the search."""
        if self.running:
            self._jobs.cancel(self.job)
