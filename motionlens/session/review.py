"""Review: the queue, where the curator stands in it, and what became of each decision."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from psygnal import Signal

from motionlens.domain.decision import Decision, Event
from motionlens.domain.errors import MotionLensError
from motionlens.domain.language import say
from motionlens.lanes import Lane
from motionlens.operations.decide import query_evidence
from motionlens.operations.merge import AgreementResult, agreement
from motionlens.operations.review import standing
from motionlens.operations.rooms import Rooms
from motionlens.session.decision_writer import DecisionWriter, Wish, Written
from motionlens.session.mark import Mark, mark_of
from motionlens.session.pace import Pace
from motionlens.session.queue_choice import QueueChoice
from motionlens.session.review_queue import (
    Candidate,
)
from motionlens.session.work import Hop, ask

# A second press within this time is a bounce of the key.
BOUNCE_S = 0.08
USUAL_TAGS = (
    "pauses in mid-air", "stretches", "floats", "teleports", "passes through", "runs backward",
    "static", "camera only", "cut inside",
)  # fmt: skip


@dataclass(frozen=True)
class LastDecision:
    """What the decision bar's fixed place shows."""

    words: str
    mark: Mark
    since_s: float


class ReviewState(QueueChoice):
    """All of Review that is no widget.

    Times come from `now_s` (seconds, steady), so that tests need no waiting.
    """

    marks_changed = Signal(object)  # clip ids

    def __init__(
        self,
        store_lane: Lane,
        rooms: Rooms,
        hop: Hop,
        bug: Callable[[BaseException], None],
        by: Callable[[], str],
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(store_lane, rooms, hop, bug, by)
        self._now_s = now_s
        self.writer = DecisionWriter(store_lane, rooms.store, by, hop, bug)
        self.writer.written.connect(self._written)
        self.writer.refused.connect(self._refused)
        self.last: LastDecision | None = None
        self.refusal: MotionLensError | None = None
        self.drafts: dict[str, str] = {}
        self.tag_drafts: dict[str, tuple[str, ...]] = {}
        self.pace = Pace()
        self._pressed_s = float("-inf")

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
        note, tags = self.note(clip), self.tags(clip)
        drafted = self.drafts.pop(clip, None) or self.tag_drafts.pop(clip, None)
        self.tag_drafts.pop(clip, None)
        if drafted:
            self._keep_drafts()
        seconds = self.pace.decided(now)
        mark = Mark(decision, note=note, tags=tags)
        evidence = self._evidence(clip, seconds, tags)
        self._set(clip, mark)
        self.last = LastDecision(_words(decision, candidate), mark, now)
        was_control = self.control is not None
        control = self._answered(clip)
        place = None if was_control else self._after(decision, clip, stay)
        self.writer.write(Wish("decide", (clip,), decision, note, {clip: evidence}))
        self.saving_changed.emit()
        if control or was_control:
            # A control comes between: the clip that was to be next is still there behind it.
            order = self._walk.order
            if was_control and order and self._judged(order[self._place]):
                place = self._find_undecided(1)
            if place is not None:
                self._place = place
            self._moved()
        elif place is not None:
            self._place = place
            self._moved()
        return True

    def set_blind(self, on: bool) -> None:
        """See :class:`QueueChoice`; what was decided last would tell a name."""
        self.last = None
        super().set_blind(on)
        self.saving_changed.emit()

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
        mark = self._seen_mark(clip)
        candidate = self._by_id.get(clip)
        if note == (mark.note if mark else self.drafts.get(clip, "")):
            return
        if mark is None or candidate is None or self.writer.held:
            self.drafts[clip] = note
            self._keep_drafts()
            return
        self._set(clip, replace(mark, note=note, saved=""))
        evidence = self._evidence(clip, None, mark.tags)
        self.writer.write(Wish("decide", (clip,), mark.decision, note, {clip: evidence}))
        self.saving_changed.emit()

    def set_tags(self, clip: str, tags: tuple[str, ...]) -> None:
        """Keep reasons in a word or two, as a note is kept."""
        mark = self._seen_mark(clip)
        if tags == (mark.tags if mark else self.tag_drafts.get(clip, ())):
            return
        if mark is None or clip not in self._by_id or self.writer.held:
            self.tag_drafts[clip] = tags
            self._keep_drafts()
            return
        self._set(clip, replace(mark, tags=tags, saved=""))
        evidence = self._evidence(clip, None, tags)
        self.writer.write(Wish("decide", (clip,), mark.decision, mark.note, {clip: evidence}))
        self.saving_changed.emit()

    def tags(self, clip: str) -> tuple[str, ...]:
        """The tags that belong to a clip now."""
        mark = self._seen_mark(clip)
        return self.tag_drafts.get(clip, mark.tags if mark else ())

    @property
    def known_tags(self) -> list[str]:
        """Tags that were used, the most frequent first, then the usual ones."""
        used = Counter(tag for mark in self.marks.values() for tag in mark.tags)
        return list(dict.fromkeys([*(tag for tag, _ in used.most_common()), *USUAL_TAGS]))

    def note(self, clip: str) -> str:
        """The note that belongs to a clip now."""
        mark = self._seen_mark(clip)
        return self.drafts.get(clip, mark.note if mark else "")

    def _seen_mark(self, clip: str) -> Mark | None:
        """The answer that may be seen: of a clip that comes again as a control, none."""
        return None if clip == self.control else self.marks.get(clip)

    def reread(self, clips: tuple[str, ...]) -> None:
        """Another view decided about these: show it here too."""
        ask(
            self._lane,
            "Read decisions",
            lambda _token: standing(self._rooms.store, clips),
            self._hop,
            self._stand,
            self._bug,
        )

    def ask_agreement(self, done: Callable[[AgreementResult], object]) -> None:
        """How far the curators of this project agree; `done` is told."""
        ask(
            self._lane, "Agreement", lambda _token: agreement(self._rooms), self._hop, done,
            self._bug,
        )  # fmt: skip

    # Inside

    def _keep_drafts(self) -> None:
        self.keep(
            notes={clip: note for clip, note in self.drafts.items() if note},
            tags={clip: list(tags) for clip, tags in self.tag_drafts.items() if tags},
        )

    def _take_up(self, place: Mapping[str, Any]) -> None:
        super()._take_up(place)
        self.drafts |= {str(clip): str(note) for clip, note in place.get("notes", {}).items()}
        self.tag_drafts |= {
            str(clip): tuple(map(str, tags)) for clip, tags in place.get("tags", {}).items()
        }

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

    def _set(self, clip: str, mark: Mark | None) -> None:
        if mark is None or (mark.decision is Decision.CLEAR and mark.saved):
            self.marks.pop(clip, None)
        else:
            self.marks[clip] = mark
        self.marks_changed.emit((clip,))

    def _evidence(
        self, clip: str, seconds: float | None, tags: tuple[str, ...] = ()
    ) -> dict[str, Any]:
        """What was known of a clip, whether or not it was shown."""
        candidate = self._whole[clip]
        known: dict[str, Any] = {"tags": list(tags)} if tags else {}
        if self.blind:
            known["blind"] = True
        if self.control == clip:
            known["control"] = True
        if candidate.flags:
            known["flags"] = [{"name": f.name, "score": f.score} for f in candidate.flags]
        ranking = self.ranking
        if candidate.ranked is not None and ranking is not None:
            known |= {
                "queries": [query_evidence(query) for query in ranking.queries],
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
                saved = _now()
                self.last = replace(self.last, mark=replace(self.last.mark, saved=saved))
        else:
            self._show_undone(written)
        self.saving_changed.emit()

    def _show_undone(self, written: Written) -> None:
        clips = [clip for clip in written.changes.clips if clip in self._by_id]
        self._bring_in(clips)
        later = {clip for clip in self._walk.order if self._decision(clip) is Decision.UNSURE}
        for clip in clips:
            if clip in later:
                self._walk.put_last(clip)
            else:
                self._walk.put_back(clip, later)
        self.queue_changed.emit()
        done = say("Undone") if written.wish.kind == "undo" else say("Done again")
        saved = _now()
        words = say("{done}: {changed} clips", done=done, changed=written.changes.changed)
        if len(clips) == 1 == written.changes.changed:
            words = _named(done, self._by_id[clips[0]])
        self.last = LastDecision(words, Mark(Decision.CLEAR, saved), self._now_s())
        if clips:
            self._place = self._walk.order.index(clips[0])
            self._moved()

    def _stand(self, found: Mapping[str, Event | None]) -> None:
        for clip, event in found.items():
            self._note_answer(clip, event)
        if self.snapshot is not None:
            decisions = {**self.snapshot.decisions}
            for clip, event in found.items():
                if event is None:
                    decisions.pop(clip, None)
                else:
                    decisions[clip] = event
            self.snapshot = replace(self.snapshot, decisions=decisions)
        waiting = self.writer.waiting_clips()
        for clip, event in found.items():
            if clip in waiting:
                # A newer answer about it is on its way and is what is shown.
                continue
            if event is None or (self.private and event.by != self._by()):
                self.marks.pop(clip, None)
            else:
                self.marks[clip] = mark_of(event)
        self.marks_changed.emit(tuple(found))

    def _refused(self, wish: Wish, error: MotionLensError, held: bool) -> None:
        del wish
        if held:
            self.failure = error
        else:
            self.refusal = error
        self.saving_changed.emit()


def _words(decision: Decision, candidate: Candidate) -> str:
    done = {
        Decision.EXCLUDE: say("Excluded"),
        Decision.KEEP: say("Kept"),
        Decision.UNSURE: say("Later"),
        Decision.CLEAR: say("Cleared"),
    }[decision]
    return _named(done, candidate)


def _named(done: str, candidate: Candidate) -> str:
    return f"{done} {candidate.rank}" + (f", {candidate.title}" if candidate.title else "")


def _now() -> str:
    return datetime.now().astimezone().strftime("%H:%M:%S")
