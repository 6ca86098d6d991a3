"""Review: the queue, where the curator stands in it, and what became of each decision."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from psygnal import Signal

from motionlens.domain.decision import Decision, Event
from motionlens.domain.errors import MotionLensError
from motionlens.domain.ranking import Query, Ranking
from motionlens.lanes import CancelToken, Job, Lane, Priority
from motionlens.operations.review import PLACE, ReviewSnapshot, review_snapshot
from motionlens.operations.rooms import Rooms
from motionlens.session.decision_writer import DecisionWriter, Wish, Written
from motionlens.session.frame_feed import Hop
from motionlens.session.pace import Pace
from motionlens.session.review_queue import (
    Candidate,
    Counts,
    Filters,
    QueueKind,
    Walk,
    build_queue,
    chosen,
    count,
)

# A second press within this time is a bounce of the key.
BOUNCE_S = 0.08
AHEAD = 3


@dataclass(frozen=True)
class Mark:
    """A decision as it is shown: hollow until `saved`, when its commit returned ("14:02:31")."""

    decision: Decision
    saved: str = ""
    note: str = ""


@dataclass(frozen=True)
class LastDecision:
    """What the decision bar's fixed place shows."""

    words: str
    mark: Mark
    since_s: float


class ReviewState:
    """All of Review that is no widget.

    Times come from `now_s` (seconds, steady), so that tests need no waiting.
    """

    loaded = Signal()
    queue_changed = Signal()
    current_changed = Signal()
    query_changed = Signal()
    marks_changed = Signal(object)  # clip ids
    saving_changed = Signal()

    def __init__(
        self,
        store_lane: Lane,
        rooms: Rooms,
        hop: Hop,
        bug: Callable[[BaseException], None],
        by: Callable[[], str],
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._lane = store_lane
        self._rooms = rooms
        self._hop = hop
        self._bug = bug
        self._now_s = now_s
        self.writer = DecisionWriter(store_lane, rooms.store, by, hop, bug)
        self.writer.written.connect(self._written)
        self.writer.refused.connect(self._refused)
        self.snapshot: ReviewSnapshot | None = None
        self.kind = QueueKind.FLAGGED
        self.filters = Filters()
        self.queue: tuple[Candidate, ...] = ()
        self.marks: dict[str, Mark] = {}
        self.last: LastDecision | None = None
        self.failure: MotionLensError | None = None
        self.refusal: MotionLensError | None = None
        self.undo_name = ""
        self.query_index = 0
        self.drafts: dict[str, str] = {}
        self.pace = Pace()
        self._by_id: dict[str, Candidate] = {}
        self._walk = Walk()
        self._place = 0
        self._painted: str | None = None
        self._pressed_s = float("-inf")
        self._by = by

    # Reading

    def load(self, kind: QueueKind | None = None, keep_place: bool = True) -> None:
        """Read the project on the store lane; `loaded` follows."""

        def work(token: CancelToken) -> ReviewSnapshot:
            token.check()
            return review_snapshot(self._rooms, by=self._by())

        job = self._lane.submit("Open review", work, Priority.URGENT)
        job.when_finished(lambda job: self._hop(lambda: self._opened(job, kind, keep_place)))

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
        return bool(self.queue) and all(
            self._judged(candidate.clip.id) for candidate in self.queue
        )

    # Moving

    def go(self, place: int) -> None:
        """To a place of the order, as far as there is one."""
        if not self._walk.order:
            return
        place = max(0, min(place, len(self._walk.order) - 1))
        if place != self._place:
            self._place = place
            self._moved()

    def go_to(self, clip: str) -> bool:
        """To a clip; False if it is not in the queue as filtered."""
        if clip not in self._walk.order:
            return False
        self.go(self._walk.order.index(clip))
        return True

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
        """Show another part of the queue; the current clip stays if it is in it."""
        self.filters = filters
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

    # Deciding

    def painted(self, clip: str) -> None:
        """The stage has shown a frame of this clip: from now on it can be judged."""
        self._painted = clip

    def decide(self, decision: Decision, stay: bool = False) -> bool:
        """Decide about the current candidate and go on; False if the press does not count.

        It does not count before the clip was seen, within 80 ms of the press before, and while
        an earlier decision could not be saved.
        """
        candidate = self.current
        now = self._now_s()
        if candidate is None or self.writer.held or self._painted != candidate.clip.id:
            return False
        if now - self._pressed_s < BOUNCE_S:
            return False
        self._pressed_s = now
        clip = candidate.clip.id
        note = self.drafts.pop(clip, "")
        seconds = self.pace.decided(now)
        mark = Mark(decision, note=note)
        self._set(clip, mark)
        self.last = LastDecision(_words(decision, candidate), mark, now)
        place = self._after(decision, clip, stay)
        self.writer.write(
            Wish("decide", (clip,), decision, note, {clip: self._evidence(candidate, seconds)})
        )
        self.saving_changed.emit()
        if place is not None:
            self._place = place
            self._moved()
        return True

    def undo(self) -> None:
        """Take back the curator's last step; its clip comes on the stage."""
        if not self.writer.held:
            self.writer.write(Wish("undo"))

    def redo(self) -> None:
        if not self.writer.held:
            self.writer.write(Wish("redo"))

    def try_again(self) -> None:
        """Save what waits, after the cause was mended."""
        self.failure = None
        self.writer.try_again()
        self.saving_changed.emit()

    def set_note(self, clip: str, note: str) -> None:
        """Keep a note for a clip: with its next decision, or at once where it is decided."""
        mark = self.marks.get(clip)
        candidate = self._by_id.get(clip)
        if note == (mark.note if mark else self.drafts.get(clip, "")):
            return
        if mark is None or candidate is None or self.writer.held:
            self.drafts[clip] = note
            return
        self._set(clip, replace(mark, note=note, saved=""))
        self.writer.write(
            Wish("decide", (clip,), mark.decision, note, {clip: self._evidence(candidate, None)})
        )
        self.saving_changed.emit()

    def note(self, clip: str) -> str:
        """The note that belongs to a clip now."""
        mark = self.marks.get(clip)
        return self.drafts.get(clip, mark.note if mark else "")

    def changed_elsewhere(self, standing: Mapping[str, Event | None]) -> None:
        """Another view decided: show it here too."""
        self._stand(standing)

    # Inside

    def _opened(
        self, job: Job[ReviewSnapshot], kind: QueueKind | None, keep_place: bool
    ) -> None:
        if job.error is not None:
            if not isinstance(job.error, MotionLensError):
                self._bug(job.error)
                return
            self.failure = job.error
            self.saving_changed.emit()
            return
        snapshot = job.value
        if snapshot is None:
            return
        before = self.current.clip.id if self.current and keep_place else None
        self.snapshot = snapshot
        self.undo_name = snapshot.undo_name
        waiting = {clip: mark for clip, mark in self.marks.items() if not mark.saved}
        self.marks = {clip: _mark(event) for clip, event in snapshot.decisions.items()} | waiting
        self.kind = kind or self._kind_of(snapshot)
        self._fill(before or snapshot.place.get(self.kind.value))
        self.loaded.emit()
        self.query_changed.emit()

    def _kind_of(self, snapshot: ReviewSnapshot) -> QueueKind:
        if snapshot.ranking is None:
            return QueueKind.FLAGGED
        if self.snapshot is None or self.queue:
            return QueueKind(snapshot.place.get("kind", QueueKind.RANKED))
        return self.kind

    def _fill(self, wanted: str | None) -> None:
        if self.snapshot is None:
            return
        self.queue = build_queue(self.snapshot, self.kind)
        self._by_id = {candidate.clip.id: candidate for candidate in self.queue}
        ids = chosen(self.queue, self.filters, self._decided())
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

    def _moved(self) -> None:
        self._painted = None
        self.current_changed.emit()
        current = self.current
        if current is not None and self.snapshot is not None and not self.snapshot.read_only:
            place = {**self.snapshot.place, "kind": self.kind.value}
            place[self.kind.value] = current.clip.id
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

    def _after(self, decision: Decision, clip: str, stay: bool) -> int | None:
        """The place to go to after a decision; None to stay."""
        if stay or decision is Decision.CLEAR:
            return None
        if decision is Decision.UNSURE:
            self._walk.put_last(clip)
            self.queue_changed.emit()
            # The clip that followed has moved up into this place.
            return self._place if self._walk.order[self._place] != clip else None
        return self._find_undecided(1)

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

    def _set(self, clip: str, mark: Mark | None) -> None:
        if mark is None or (mark.decision is Decision.CLEAR and mark.saved):
            self.marks.pop(clip, None)
        else:
            self.marks[clip] = mark
        self.marks_changed.emit((clip,))

    def _evidence(self, candidate: Candidate, seconds: float | None) -> dict[str, Any]:
        known: dict[str, Any] = {}
        if candidate.flags:
            known["flags"] = [{"name": f.name, "score": f.score} for f in candidate.flags]
        ranking = self.ranking
        if candidate.ranked is not None and ranking is not None:
            known |= {
                "queries": [{"clip": q.clip, "polarity": str(q.polarity)} for q in ranking.queries],
                "score": candidate.ranked.score,
                "rank": candidate.ranked.rank,
                "method": ranking.method,
                "fingerprint": ranking.fingerprint,
            }
        if seconds is not None:
            known["seconds"] = round(seconds, 2)
        return known

    def _written(self, written: Written) -> None:
        self.failure, self.refusal = None, None
        self.undo_name = written.undo_name
        self._stand(written.standing)
        if written.wish.kind == "decide":
            if self.last is not None and self.writer.waiting == 0:
                saved = datetime.now().strftime("%H:%M:%S")
                self.last = replace(self.last, mark=replace(self.last.mark, saved=saved))
        else:
            self._show_undone(written)
        self.saving_changed.emit()

    def _show_undone(self, written: Written) -> None:
        clips = [clip for clip in written.changes.clips if clip in self._by_id]
        later = {clip for clip in self._walk.order if self._decision(clip) is Decision.UNSURE}
        for clip in clips:
            if clip in later:
                self._walk.put_last(clip)
            else:
                self._walk.put_back(clip, later)
        self.queue_changed.emit()
        done = "Undone" if written.wish.kind == "undo" else "Done again"
        saved = datetime.now().strftime("%H:%M:%S")
        words = f"{done}: {written.changes.name}" if written.changes.name else done
        self.last = LastDecision(words, Mark(Decision.CLEAR, saved), self._now_s())
        if clips:
            self._place = self._walk.order.index(clips[0]) if clips[0] in self._walk.order else 0
            self._moved()

    def _stand(self, standing: Mapping[str, Event | None]) -> None:
        if self.snapshot is not None:
            decisions = {**self.snapshot.decisions}
            for clip, event in standing.items():
                if event is None:
                    decisions.pop(clip, None)
                else:
                    decisions[clip] = event
            self.snapshot = replace(self.snapshot, decisions=decisions)
        for clip, event in standing.items():
            if event is None:
                self.marks.pop(clip, None)
            else:
                self.marks[clip] = _mark(event)
        self.marks_changed.emit(tuple(standing))

    def _refused(self, wish: Wish, error: MotionLensError, held: bool) -> None:
        del wish
        if held:
            self.failure = error
        else:
            self.refusal = error
        self.saving_changed.emit()


def _words(decision: Decision, candidate: Candidate) -> str:
    done = {
        Decision.EXCLUDE: "Excluded",
        Decision.KEEP: "Kept",
        Decision.UNSURE: "Later",
        Decision.CLEAR: "Cleared",
    }[decision]
    return f"{done} {candidate.rank}, {candidate.clip.name}"


def _mark(event: Event) -> Mark:
    return Mark(event.decision, _clock(event.at), event.note)


def _clock(at: str) -> str:
    try:
        return datetime.fromisoformat(at).astimezone().strftime("%H:%M:%S")
    except ValueError:
        return at
