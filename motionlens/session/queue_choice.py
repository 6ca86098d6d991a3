"""Queues by name, and judging blind or as a second curator: what is shown, and to whom."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from motionlens.domain.decision import Decision, Event
from motionlens.operations.review import SAVED_QUEUES
from motionlens.session.mark import Mark, mark_of
from motionlens.session.queue_state import QueueState
from motionlens.session.review_queue import (
    BUILT_IN,
    Candidate,
    Filters,
    QueueKind,
    SavedQueue,
    blinded,
)

# Every so many blind answers an earlier clip comes again, unannounced.
CONTROL_EVERY = 25
# A clip that was just judged would be remembered.
_CONTROL_GAP = 10
_SAID = {"unsure": "later"}


class QueueChoice(QueueState):
    """The queue as it was chosen."""

    blind = False
    second = False

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self._blind_answers: list[str] = []

    @property
    def saved_queues(self) -> tuple[SavedQueue, ...]:
        """Queues by name: those that were saved, then the built-in ones."""
        kept = self.snapshot.saved_queues if self.snapshot else ()
        own = [
            SavedQueue(str(row["name"]), QueueKind(row["kind"]), Filters(**row["filters"]))
            for row in kept
        ]
        return (*own, *BUILT_IN)

    @property
    def open_queue(self) -> SavedQueue | None:
        """The named queue that is shown now, if it is one."""
        return next(
            (q for q in self.saved_queues if (q.kind, q.filters) == (self.kind, self.filters)), None
        )

    def choose_saved(self, queue: SavedQueue) -> None:
        """Show a queue by name."""
        if self.snapshot is not None:
            self.kind, self.filters, self.query_index = queue.kind, queue.filters, 0
            self._fill(None)
            self.query_changed.emit()

    def save_queue(self, name: str) -> None:
        """Keep what is shown now under a name; one of the same name is replaced."""
        name = name.strip()
        if self.snapshot is None or not name:
            return
        row = {"name": name, "kind": self.kind.value, "filters": asdict(self.filters)}
        self._keep_queues(
            [kept for kept in self.snapshot.saved_queues if kept["name"] != name] + [row]
        )

    def forget_queue(self, name: str) -> None:
        """Take a saved queue away; clips and decisions stay."""
        if self.snapshot is not None:
            self._keep_queues([row for row in self.snapshot.saved_queues if row["name"] != name])

    def set_blind(self, on: bool) -> None:
        """Judge without knowing: shuffled, with nothing shown that could sway."""
        self.blind, self.control = on, None
        self._reread_marks()
        self._fill(None)
        self.query_changed.emit()

    def set_second(self, on: bool) -> None:
        """Judge as a second curator: only one's own answers are shown."""
        self.second, self.control = on, None
        self._reread_marks()
        self._fill(self.current.clip.id if self.current else None)
        self.query_changed.emit()

    def answers(self, clip: str) -> list[tuple[str, str, str]]:
        """Who said what about a clip, and the note of the answer that stands."""
        said = self._answers().get(clip, {})
        event = self.snapshot.decisions.get(clip) if self.snapshot else None
        return [
            (by, _SAID.get(answer, answer), event.note if event and event.by == by else "")
            for by, answer in sorted(said.items())
        ]

    @property
    def private(self) -> bool:
        """Whether others' answers are hidden."""
        return self.blind or self.second

    def _keep_queues(self, rows: list[Mapping[str, Any]]) -> None:
        if self.snapshot is None:
            return
        self.snapshot = replace(self.snapshot, saved_queues=tuple(rows))
        self._quietly("Keep queues", lambda: self._rooms.store.save_setting(SAVED_QUEUES, rows))
        self.queue_changed.emit()

    def _reread_marks(self) -> None:
        if self.snapshot is None:
            return
        if not self.private:
            super()._reread_marks()
            return
        found = self.snapshot.decisions
        own = {clip: said[self._by()] for clip, said in self.snapshot.answers.items()
               if self._by() in said}  # fmt: skip
        self.marks = {
            clip: mark_of(found[clip])
            if clip in found and found[clip].by == self._by()
            else Mark(Decision(answer), saved="saved")
            for clip, answer in own.items()
        }

    def _answers(self) -> Mapping[str, Mapping[str, str]]:
        said = super()._answers()
        if not self.private:
            return said
        by = self._by()
        # Of a clip that both have answered nothing is left to sway.
        return {clip: found for clip, found in said.items() if by in found}

    def _arranged(
        self, whole: tuple[Candidate, ...], ids: list[str]
    ) -> tuple[tuple[Candidate, ...], list[str]]:
        if not self.blind or self.snapshot is None:
            return whole, ids
        places = [candidate.clip.id for candidate in whole]
        random.Random(self.snapshot.blind_seed).shuffle(places)  # noqa: S311 - an order, no secret
        rank = {clip: n for n, clip in enumerate(places, start=1)}
        hidden = (blinded(candidate, rank[candidate.clip.id]) for candidate in whole)
        return tuple(sorted(hidden, key=lambda c: c.rank)), sorted(ids, key=lambda clip: rank[clip])

    def _answered(self, clip: str) -> bool:
        """Count a blind answer; True where a control comes next."""
        if not self.blind:
            return False
        if self.control is not None:
            self.control = None
            return False
        self._blind_answers.append(clip)
        count = len(self._blind_answers)
        if count % CONTROL_EVERY or count <= _CONTROL_GAP:
            return False
        earlier = [c for c in self._blind_answers[:-_CONTROL_GAP] if c in self._by_id]
        chooser = random.Random((self.snapshot.blind_seed if self.snapshot else 0) + count)  # noqa: S311
        self.control = chooser.choice(earlier) if earlier else None
        return self.control is not None

    def _note_answer(self, clip: str, event: Event | None) -> None:
        """Keep up with what this person has answered."""
        if self.snapshot is None:
            return
        said = dict(self.snapshot.answers.get(clip, {}))
        if event is None:
            said.pop(self._by(), None)
        elif event.decision is not Decision.CLEAR:
            said[event.by] = str(event.decision)
        self.snapshot = replace(self.snapshot, answers={**self.snapshot.answers, clip: said})
