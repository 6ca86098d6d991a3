"""The queue as it is read and walked: which candidate is on the stage, and what comes next."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, replace
from typing import Any

from psygnal import Signal

from motionlens.domain.clip_filter import parse
from motionlens.domain.decision import Decision
from motionlens.domain.errors import MotionLensError, UsageError
from motionlens.domain.ranking import Query, Ranking
from motionlens.lanes import CancelToken, Job, Lane, Priority
from motionlens.operations.review import PLACE, ReviewSnapshot, review_snapshot
from motionlens.operations.rooms import Rooms
from motionlens.session.frozen_order import FrozenOrder
from motionlens.session.mark import Mark, mark_of
from motionlens.session.review_queue import (
    ORDERS,
    Candidate,
    Counts,
    Filters,
    QueueKind,
    Walk,
    build_queue,
    chosen,
    count,
)
from motionlens.session.work import Hop, ask

AHEAD = 3


class QueueState:
    """The queue, its filters, and the place in it; decisions are only looked at here."""

    loaded = Signal()
    queue_changed = Signal()
    current_changed = Signal()
    query_changed = Signal()
    saving_changed = Signal()

    def __init__(
        self,
        store_lane: Lane,
        rooms: Rooms,
        hop: Hop,
        bug: Callable[[BaseException], None],
        by: Callable[[], str],
    ) -> None:
        self._lane = store_lane
        self._rooms = rooms
        self._hop = hop
        self._bug = bug
        self._by = by
        self.snapshot: ReviewSnapshot | None = None
        self.kind = QueueKind.FLAGGED
        self.filters = Filters()
        self.filter_error: UsageError | None = None
        self.control: str | None = None
        self.queue: tuple[Candidate, ...] = ()
        self.marks: dict[str, Mark] = {}
        self.failure: MotionLensError | None = None
        self.undo_name = ""
        self.query_index = 0
        self._by_id: dict[str, Candidate] = {}
        self._whole: dict[str, Candidate] = {}
        self._walk = Walk()
        self._place = 0
        self._painted: str | None = None
        self._wanted: str | None = None
        self.frozen = FrozenOrder()

    # Reading

    def load(self, kind: QueueKind | None = None, keep_place: bool = True) -> None:
        """Read the project on the store lane; `loaded` follows."""

        def work(token: CancelToken) -> ReviewSnapshot:
            token.check()
            return review_snapshot(self._rooms, by=self._by())

        ask(
            self._lane,
            "Open review",
            work,
            self._hop,
            lambda snapshot: self._opened(snapshot, kind, keep_place),
            self._not_opened,
            priority=Priority.URGENT,
        )

    @property
    def order(self) -> list[str]:
        """Clip ids as they are walked."""
        return self._walk.order

    @property
    def place(self) -> int:
        """Where the current candidate stands in `order`, from 0."""
        return self._place

    @property
    def current(self) -> Candidate | None:
        """The candidate on the stage."""
        if self.control is not None and self.control in self._by_id:
            return self._by_id[self.control]
        order = self._walk.order
        return self._by_id[order[self._place]] if 0 <= self._place < len(order) else None

    @property
    def counts(self) -> Counts:
        """Of the whole queue, whatever the filters show."""
        return count(self.queue, self._decided())

    @property
    def ranking(self) -> Ranking | None:
        return self.snapshot.ranking if self.snapshot else None

    @property
    def queries(self) -> tuple[Query, ...]:
        """The queries that the ranking answered, or the ones a ranking would ask."""
        if self.snapshot is None:
            return ()
        if self.kind is QueueKind.RANKED and self.snapshot.ranking is not None:
            known = self.snapshot.clips
            return tuple(query for query in self.snapshot.ranking.queries if query.clip in known)
        return self.snapshot.queries

    @property
    def query(self) -> Query | None:
        """The query on the left stage."""
        queries = self.queries
        return queries[self.query_index % len(queries)] if queries else None

    def candidate(self, clip: str) -> Candidate:
        return self._by_id[clip]

    def ahead(self) -> list[Candidate]:
        """The next three and the one before: what should be ready before it is asked for."""
        places = [*range(self._place + 1, self._place + 1 + AHEAD), self._place - 1]
        order = self._walk.order
        return [self._by_id[order[p]] for p in places if 0 <= p < len(order)]

    @property
    def finished(self) -> bool:
        """True when nothing of a filled queue is left to judge."""
        return bool(self.queue) and all(self._judged(candidate.clip.id) for candidate in self.queue)

    # Moving

    def go(self, place: int) -> None:
        """To a place of the order, as far as there is one."""
        if not self._walk.order:
            return
        place = max(0, min(place, len(self._walk.order) - 1))
        if place != self._place or self.control is not None:
            self._place, self.control = place, None
            self._moved()

    def go_to(self, clip: str) -> bool:
        """To a clip; False if it is not in the queue as filtered."""
        if clip not in self._walk.order:
            return False
        self.go(self._walk.order.index(clip))
        return True

    def go_to_any(self, clip: str) -> bool:
        """To a clip of the queue, lifting filters that hide it; before the queue is read, as soon
        as it is."""
        if self.snapshot is None:
            self._wanted = clip
            return True
        if clip in self._by_id and clip not in self._walk.order:
            self.set_filters(Filters(undecided=False))
        return self.go_to(clip)

    def next(self) -> None:
        self.go(self._place + 1)

    def back(self) -> None:
        self.go(self._place - 1)

    def next_undecided(self, step: int = 1) -> bool:
        """To the nearest undecided candidate onward (`step` 1) or back (-1)."""
        place = self._find_undecided(step)
        if place is None:
            return False
        self.go(place)
        return True

    def step_query(self, step: int = 1) -> None:
        """To another query of the set."""
        self.choose_query(self.query_index + step)

    def choose_query(self, index: int) -> None:
        if self.queries:
            self.query_index = index % len(self.queries)
            self.query_changed.emit()

    def choose_queue(self, kind: QueueKind) -> None:
        """Another queue; its first undecided candidate comes on the stage."""
        if kind is not self.kind and self.snapshot is not None:
            self.kind = kind
            self.query_index = 0
            self._fill(None)
            self.query_changed.emit()

    def set_filters(self, filters: Filters) -> None:
        """Show another part of the queue; the current clip stays if it is in it. A text that
        cannot be read leaves all as it is: `filter_error` says why."""
        try:
            parse(filters.text)
        except UsageError as error:
            self.filter_error = error
            self.queue_changed.emit()
            return
        self.filter_error = None
        self.filters = filters
        current = self.current
        self._fill(current.clip.id if current else None)

    def let_in(self, sort: bool) -> None:
        """Show the candidates that are new: at the end, or all sorted again."""
        if sort:
            self.frozen.sort_again()
        else:
            self.frozen.add_fresh()
        current = self.current
        self._fill(current.clip.id if current else None)

    def use_ranking(self, ranking: Ranking) -> None:
        """Take a new ranking: its queue, in its order, from its first undecided candidate."""
        if self.snapshot is None:
            return
        self.snapshot = replace(self.snapshot, ranking=ranking)
        self.kind = QueueKind.RANKED
        self.query_index = 0
        self._fill(None)
        self.query_changed.emit()

    # Inside

    def _not_opened(self, error: BaseException) -> None:
        if not isinstance(error, MotionLensError):
            self._bug(error)
            return
        self.failure = error
        self.saving_changed.emit()

    def _opened(self, snapshot: ReviewSnapshot, kind: QueueKind | None, keep_place: bool) -> None:
        before = self.current.clip.id if self.current and keep_place else None
        kind = kind or self._kind_of(snapshot)
        first, self.snapshot = self.snapshot is None, snapshot
        self.undo_name = snapshot.undo_name
        waiting = {clip: mark for clip, mark in self.marks.items() if not mark.saved}
        self._reread_marks()
        self.marks |= waiting
        self.kind = kind
        if first:
            self._take_up(snapshot.place)
        self._fill(before or snapshot.place.get(self.kind.value))
        wanted, self._wanted = self._wanted, None
        if wanted is not None:
            self.go_to_any(wanted)
        self.loaded.emit()
        self.query_changed.emit()

    def _take_up(self, place: Mapping[str, Any]) -> None:
        """Go on as it was left; what another version kept and this one cannot read is dropped."""
        kept = place.get("filters")
        with contextlib.suppress(TypeError, AttributeError, UsageError):
            filters = Filters(**kept) if kept else Filters()
            parse(filters.text)
            self.filters = filters if filters.order in ORDERS else Filters()

    def _kind_of(self, snapshot: ReviewSnapshot) -> QueueKind:
        """The queue that is kept with the place; a ranking made since then comes first."""
        ranking = snapshot.ranking
        if ranking is None:
            return QueueKind.FLAGGED
        if self.snapshot is not None:
            same = ranking_id(self.snapshot.ranking) == ranking_id(ranking)
            return self.kind if same else QueueKind.RANKED
        if snapshot.place.get("ranking") != ranking_id(ranking):
            return QueueKind.RANKED
        return QueueKind(snapshot.place.get("kind", QueueKind.RANKED))

    def _fill(self, wanted: str | None) -> None:
        if self.snapshot is None:
            return
        whole = build_queue(self.snapshot, self.kind)
        if self.kind is QueueKind.FLAGGED:  # a ranking's order never changes
            whole = self.frozen.arrange(whole, hold=bool(self.marks))
        self._whole = {candidate.clip.id: candidate for candidate in whole}
        tags = {clip: mark.tags for clip, mark in self.marks.items() if mark.tags}
        answers = self._answers()
        ids = chosen(whole, self.filters, self._decided(), answers, tags)
        self.queue, ids = self._arranged(whole, ids)
        self._by_id = {candidate.clip.id: candidate for candidate in self.queue}
        later = [clip for clip in ids if self._decision(clip) is Decision.UNSURE]
        self._walk = Walk.over(ids)
        for clip in later:
            self._walk.put_last(clip)
        order = self._walk.order
        self._place = order.index(wanted) if wanted in order else 0
        if wanted not in order and order and self._judged(order[0]):
            self._place = self._find_undecided(1) or 0
        self.queue_changed.emit()
        self._moved()

    # What a queue by name, and judging blind, do otherwise

    def _reread_marks(self) -> None:
        if self.snapshot is not None:
            self.marks = {clip: mark_of(event) for clip, event in self.snapshot.decisions.items()}

    def _answers(self) -> Mapping[str, Mapping[str, str]]:
        """Clip id -> curator -> answer, as far as they may be seen."""
        return self.snapshot.answers if self.snapshot is not None else {}

    def _arranged(
        self, whole: tuple[Candidate, ...], ids: list[str]
    ) -> tuple[tuple[Candidate, ...], list[str]]:
        """The queue and what is walked of it, as they are shown."""
        return whole, ids

    def _bring_in(self, clips: Iterable[str]) -> None:
        """Show clips that the filters hide at their places in the queue; all others stay."""
        order = self._walk.order
        shown = {*order, *clips}
        if len(shown) == len(order):
            return
        later = [clip for clip in order if self._decision(clip) is Decision.UNSURE]
        self._walk = Walk.over(c.clip.id for c in self.queue if c.clip.id in shown)
        for clip in later:
            self._walk.put_last(clip)

    def _moved(self) -> None:
        self._painted = None
        self.current_changed.emit()
        current = self.current
        if current is not None and self.snapshot is not None:
            self.keep(
                kind=self.kind.value,
                ranking=ranking_id(self.snapshot.ranking),
                filters=asdict(self.filters),
                **{self.kind.value: current.clip.id},
            )

    def keep(self, **what: Any) -> None:
        """Keep where the curator stands, with the project: it opens there again."""
        if self.snapshot is None or self.snapshot.read_only:
            return
        place = {**self.snapshot.place, **what}
        if place != self.snapshot.place:
            self.snapshot = replace(self.snapshot, place=place)
            self._quietly("Keep place", lambda: self._rooms.store.save_setting(PLACE, place))

    def _quietly(self, name: str, work: Callable[[], Any]) -> None:
        # A place that could not be kept is no loss; a decision that could not is told.
        def finished(job: Job[Any]) -> None:
            error = job.error
            if error is not None and not isinstance(error, MotionLensError):
                self._hop(lambda: self._bug(error))

        self._lane.submit(name, lambda _token: work(), Priority.BULK).when_finished(finished)

    def _find_undecided(self, step: int) -> int | None:
        order = self._walk.order
        ways = range(self._place + step, len(order) if step > 0 else -1, step)
        found = next((p for p in ways if not self._judged(order[p])), None)
        if found is None and step > 0:
            found = next((p for p in range(self._place) if not self._judged(order[p])), None)
        return found

    def _judged(self, clip: str) -> bool:
        return self._decision(clip) in (Decision.EXCLUDE, Decision.KEEP)

    def _decided(self) -> dict[str, Decision]:
        return {clip: mark.decision for clip, mark in self.marks.items()}

    def _decision(self, clip: str) -> Decision | None:
        mark = self.marks.get(clip)
        return mark.decision if mark else None


def ranking_id(ranking: Ranking | None) -> str:
    """What tells one ranking from another, short enough to be kept with the place."""
    if ranking is None:
        return ""
    asked = sorted(f"{query.polarity}{query.clip}" for query in ranking.queries)
    return hashlib.sha256(
        repr((ranking.method, ranking.fingerprint, len(ranking.rows), asked)).encode()
    ).hexdigest()[:12]
