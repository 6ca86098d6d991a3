"""The clips of a project as one window sees them: a snapshot, a filter, a selection."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from psygnal import Signal

from motionlens.domain.ranking import Ranking
from motionlens.lanes import Priority
from motionlens.operations.decide import DecideResult, decide, redo, undo
from motionlens.operations.rank import last_ranking
from motionlens.session.clip_list import (
    ClipFilter,
    Counts,
    LibraryClip,
    containing,
    count,
    load,
    meeting,
    ordered,
)
from motionlens.session.work import Hop, OpenProject, ask

NONE = "none"
# Clips that are listed while a large project is still read.
PAGE = 200


class LibraryState:
    """What Library, Review's queue and the counts are made of.

    Signals: `changed` (other clips, or another order), `updated` (these clips look different now),
    `selected` (the current clip), `failed` (a store error), `saved` (a commit has returned).
    """

    changed = Signal()
    updated = Signal(object)
    selected = Signal(str)
    failed = Signal(object)
    saved = Signal(object)

    def __init__(self, project: OpenProject, hop: Hop, curator: str) -> None:
        self._project = project
        self._hop = hop
        self.curator = curator
        self.loaded = False
        self.clips: dict[str, LibraryClip] = {}
        self.filter = ClipFilter()
        self.shown: list[str] = []
        self.selection: tuple[str, ...] = ()
        self.current = ""
        self.pending: dict[str, str] = {}
        self.ranking: Ranking | None = None
        self._turn = 0
        # Made when asked for, and kept while nothing that they are made of changes.
        self._counts: Counts | None = None
        self._orders: dict[str, list[LibraryClip]] = {}
        self._met: tuple[ClipFilter, list[LibraryClip]] | None = None
        self._typed: tuple[str, list[LibraryClip]] = ("", [])

    @property
    def counts(self) -> Counts:
        """How many clips by role, decision and flag."""
        if self._counts is None:
            self._counts = count(self.clips.values())
        return self._counts

    def refresh(self) -> None:
        """Read the clips again on the store lane; an older answer never replaces a newer one."""
        self._turn += 1
        turn = self._turn

        def read(_: object) -> tuple[dict[str, LibraryClip], Ranking | None]:
            return load(rooms), last_ranking(rooms)

        def done(answer: tuple[dict[str, LibraryClip], Ranking | None]) -> None:
            if turn == self._turn:
                self._take(*answer)

        def page(clips: dict[str, LibraryClip]) -> None:
            if turn == self._turn and not self.loaded:
                self.clips = clips
                self._counts = None
                self._orders = {}
                self._list()

        rooms, lane = self._project.rooms, self._project.lanes.store
        if not self.loaded:
            ask(lane, "list a page", lambda _: load(rooms, PAGE), self._hop, page, self.failed.emit)
        ask(lane, "list clips", read, self._hop, done, self.failed.emit)

    def set_filter(self, **changes: object) -> None:
        """Change parts of the filter (see :class:`ClipFilter`) and list again."""
        self.filter = replace(self.filter, **changes)  # type: ignore[arg-type]
        self._list()

    def set_ranking(self, ranking: Ranking | None) -> None:
        """The ranking whose scores the clips carry, or None."""
        self.ranking = ranking
        self._orders.pop("score", None)
        self._list()

    def score(self, clip: str) -> float | None:
        """A clip's candidate score in the present ranking."""
        return self._scores().get(clip)

    def select(self, clips: Sequence[str], current: str) -> None:
        """What is selected, and the clip that the inspector shows."""
        self.selection = tuple(clips)
        if current != self.current:
            self.current = current
            self.selected.emit(current)

    def decision(self, clip: str) -> str:
        """The decision shown for a clip: one not yet saved counts."""
        return self.pending.get(clip) or self.clips[clip].decision

    def decide(
        self, decision: str, clips: Sequence[str] | None = None, ranking: Ranking | None = None
    ) -> None:
        """Decide about the selection (or `clips`): hollow at once, filled once committed.

        `ranking` is the evidence that was looked at; without it, the project's own.
        """
        chosen = tuple(clips if clips is not None else self.selection)
        if not chosen:
            return
        shown = NONE if decision == "clear" else decision
        self.pending.update(dict.fromkeys(chosen, shown))
        self.updated.emit(chosen)
        rooms, by, seen = self._project.rooms, self.curator, ranking or self.ranking

        def done(result: DecideResult) -> None:
            self._forget(chosen)
            self.apply(dict.fromkeys(chosen, shown))
            self.saved.emit(result)

        def failed(error: BaseException) -> None:
            self._forget(chosen)
            self.updated.emit(chosen)
            self.failed.emit(error)

        ask(
            self._project.lanes.store, "decide",
            lambda _: decide(rooms, decision, chosen, by=by, ranking=seen),
            self._hop, done, failed, priority=Priority.URGENT,
        )  # fmt: skip

    def undo(self) -> None:
        """Take this curator's last step back, one or many clips."""
        rooms, by = self._project.rooms, self.curator
        self._step("undo", lambda: undo(rooms, by=by))

    def redo(self) -> None:
        """Bring back what was undone last."""
        rooms, by = self._project.rooms, self.curator
        self._step("redo", lambda: redo(rooms, by=by))

    def apply(self, decisions: Mapping[str, str]) -> None:
        """Take over decisions that are committed ("none" where there is none)."""
        for clip, decision in decisions.items():
            if clip in self.clips:
                self.clips[clip].decision = decision
        self._counts = self._met = None
        self.updated.emit(tuple(decisions))
        if self.filter.decision:
            self._list()

    def reread(self, clips: Iterable[str]) -> None:
        """Read what stands for these clips, after an undo or a merge."""
        wanted, rooms = tuple(clips), self._project.rooms

        def read() -> dict[str, str]:
            events = rooms.store.decisions(wanted)
            return {c: str(events[c].decision) if c in events else NONE for c in wanted}

        ask(
            self._project.lanes.store, "read decisions", lambda _: read(), self._hop, self.apply,
            self.failed.emit,
        )  # fmt: skip

    def _step(self, name: str, work: object) -> None:
        def done(result: DecideResult) -> None:
            self.reread(result.clips)
            self.saved.emit(result)
            if result.clips and result.clips[0] in self.clips:
                self.select(result.clips, result.clips[0])

        ask(
            self._project.lanes.store, name, lambda _: work(),  # type: ignore[operator]
            self._hop, done, self.failed.emit, priority=Priority.URGENT,
        )  # fmt: skip

    def _forget(self, clips: Iterable[str]) -> None:
        for clip in clips:
            self.pending.pop(clip, None)

    def _take(self, clips: dict[str, LibraryClip], ranking: Ranking | None) -> None:
        self.clips, self.ranking = clips, ranking
        self.loaded = True
        self._counts = None
        self._orders = {}
        self._list()

    def _list(self) -> None:
        sort = self.filter.sort
        if sort not in self._orders:
            self._orders[sort] = ordered(self.clips, sort, self._scores())
            self._met = None
        self.shown = [clip.id for clip in self._found()]
        if self.current not in self.clips:
            first = self.shown[0] if self.shown else ""
            self.select((first,) if first else (), first)
        self.changed.emit()

    def _found(self) -> list[LibraryClip]:
        """What passes the filter: a text that was typed on is looked for in what it left before."""
        wanted, text = replace(self.filter, text=""), self.filter.text
        if self._met is None or self._met[0] != wanted:
            every = meeting(self._orders[self.filter.sort], wanted)
            self._met = (wanted, every)
            self._typed = ("", every)
        before, left = self._typed
        if not text.startswith(before):
            left = self._met[1]
        self._typed = (text, containing(left, text))
        return self._typed[1]

    def _scores(self) -> dict[str, float]:
        return {row.id: row.score for row in self.ranking.rows} if self.ranking else {}
