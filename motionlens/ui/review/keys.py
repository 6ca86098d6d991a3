"""What each command of the action table does in Review."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from motionlens.domain.decision import Decision
from motionlens.domain.language import say

if TYPE_CHECKING:
    from motionlens.ui.review.view import ReviewView

VIEW = "review"


def register(view: ReviewView) -> None:
    """Give the table this view's handlers."""
    _judging(view)
    _moving(view)
    view.players.register()
    _looking(view)
    _going(view)


def _judging(view: ReviewView) -> None:
    state = view.state

    def decider(decision: Decision, stay: bool = False) -> Callable[[], object]:
        return lambda: view.decide(decision, stay)

    def can() -> str:
        if state.current is None:
            return say("no clip")
        return say("an earlier decision is not saved") if state.writer.held else ""

    for id, decision, stay in (
        ("exclude", Decision.EXCLUDE, False),
        ("keep", Decision.KEEP, False),
        ("later", Decision.UNSURE, False),
        ("clear", Decision.CLEAR, True),
        ("exclude_stay", Decision.EXCLUDE, True),
        ("keep_stay", Decision.KEEP, True),
    ):
        view.handle(f"judge.{id}", decider(decision, stay), can)
    view.handle("judge.undo", state.undo, lambda: "" if view.can_undo() else say("nothing to undo"))
    view.handle("judge.redo", state.redo, lambda: "" if state.snapshot else say("no project"))
    view.handle("judge.note", view.edit_note, lambda: "" if state.current else say("no clip"))
    view.handle("judge.tag", view.edit_tags, lambda: "" if state.current else say("no clip"))


def _moving(view: ReviewView) -> None:
    state = view.state

    def some() -> str:
        return "" if state.order else say("no clip")

    view.handle("move.back", state.back, some)
    view.handle("move.next", state.next, some)
    view.handle("move.next_undecided", lambda: state.next_undecided(1), some)
    view.handle("move.previous_undecided", lambda: state.next_undecided(-1), some)

    def queries() -> str:
        return "" if state.queries else say("no query")

    view.handle("move.next_query", lambda: state.step_query(1), queries)
    view.handle("move.previous_query", lambda: state.step_query(-1), queries)
    view.handle("go.filter", view.open_filters, lambda: "" if state.queue else say("no clip"))


def _looking(view: ReviewView) -> None:
    state = view.state

    def read() -> str:
        return "" if state.snapshot else say("no project")

    view.handle("look.blind", view.toggle_blind, read, checked=lambda: state.blind)
    view.handle(
        "look.second", lambda: state.set_second(not state.second), read,
        checked=lambda: state.second,
    )  # fmt: skip
    view.handle("look.equal", view.toggle_equal, checked=lambda: view.stages.equal)
    view.handle("look.fill", view.toggle_fill, checked=lambda: view.stages.filled)


def _going(view: ReviewView) -> None:
    state = view.state

    def current() -> str:
        if state.current is None:
            return say("no clip")
        hidden = state.blind and state.current.clip.id not in state.marks
        return say("answer first: you judge blind") if hidden else ""

    names = view.queue_names
    view.handle("go.save_queue", names.open, lambda: "" if state.snapshot else say("no project"))
    view.handle("go.forget_queue", names.forget, names.why_not_forget)
    view.handle("go.explain_clip", lambda: view.show_current_in("explain"), current)
    view.handle("go.show_in_library", lambda: view.show_current_in("library"), current)
    view.handle("go.left_pane", view.toggle_left)
    view.handle("go.strip", view.toggle_strip)
    view.handle("go.inspector", view.toggle_inspector)
    view.handle("run.rank", view.rank, view.why_no_ranking)
