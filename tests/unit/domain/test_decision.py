"""The fold of events: what stands after any sequence of deciding, undoing and redoing."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from motionlens.domain.decision import Decision, Event, StepKind, fold, next_redo, next_undo


class Log:
    """Appends events as a store would; a plain stack is the model it is compared with."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def add(self, kind: StepKind, clips: list[str], decision: Decision, target: str = "") -> str:
        step = f"{len(self.events):08d}"
        for clip in clips:
            at = f"2026-01-01T00:00:00.{len(self.events):06d}"
            self.events.append(
                Event(f"{step}-{clip}", step, kind, at, "ann", clip, decision, target=target)
            )
        return step


def test_undo_and_redo_walk_back_and_forth() -> None:
    log = Log()
    first = log.add(StepKind.DECIDE, ["a", "b"], Decision.EXCLUDE)
    second = log.add(StepKind.DECIDE, ["a"], Decision.KEEP)
    assert next_undo(log.events) == second
    log.add(StepKind.UNDO, ["a"], Decision.EXCLUDE, second)
    assert {c: e.decision for c, e in fold(log.events).items()} == {
        "a": Decision.EXCLUDE,
        "b": Decision.EXCLUDE,
    }
    assert next_undo(log.events) == first
    assert next_redo(log.events) == second
    log.add(StepKind.UNDO, ["a", "b"], Decision.CLEAR, first)
    assert fold(log.events) == {}
    assert next_redo(log.events) == first
    log.add(StepKind.REDO, ["a", "b"], Decision.EXCLUDE, first)
    assert next_redo(log.events) == second
    log.add(StepKind.DECIDE, ["b"], Decision.UNSURE)
    assert next_redo(log.events) is None


@given(st.lists(st.sampled_from(["exclude", "keep", "clear", "undo", "redo"]), max_size=25))
def test_the_fold_equals_a_stack_of_states(moves: list[str]) -> None:
    log = Log()
    states: list[dict[str, str]] = [{}]
    place = 0
    for n, move in enumerate(moves):
        clip = f"clip{n % 3}"
        if move == "undo":
            step = next_undo(log.events)
            assert (step is None) == (place == 0)
            if step:
                log.add(StepKind.UNDO, ["any"], Decision.CLEAR, step)
                place -= 1
        elif move == "redo":
            step = next_redo(log.events)
            assert (step is None) == (place == len(states) - 1)
            if step:
                log.add(StepKind.REDO, ["any"], Decision.CLEAR, step)
                place += 1
        else:
            log.add(StepKind.DECIDE, [clip], Decision(move))
            state = {**states[place], clip: move}
            states = [*states[: place + 1], {c: d for c, d in state.items() if d != "clear"}]
            place += 1
        assert {c: str(e.decision) for c, e in fold(log.events).items()} == states[place]


def test_the_order_in_which_events_arrive_does_not_matter() -> None:
    log = Log()
    first = log.add(StepKind.DECIDE, ["a", "b"], Decision.EXCLUDE)
    log.add(StepKind.UNDO, ["a", "b"], Decision.CLEAR, first)
    log.add(StepKind.DECIDE, ["b"], Decision.KEEP)
    shuffled = log.events[:]
    random.Random(1).shuffle(shuffled)
    assert fold(shuffled) == fold(log.events)
