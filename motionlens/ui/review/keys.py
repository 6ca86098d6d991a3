"""What each command of the action table does in Review."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from motionlens.domain.decision import Decision
from motionlens.session.player import PlayerState

if TYPE_CHECKING:
    from motionlens.ui.review.view import ReviewView

VIEW = "review"


def register(view: ReviewView) -> None:
    """Give the table this view's handlers."""
    _judging(view)
    _moving(view)
    _playing(view)
    _looking(view)
    _going(view)


def _judging(view: ReviewView) -> None:
    state = view.state

    def decider(decision: Decision, stay: bool = False) -> Callable[[], object]:
        return lambda: view.decide(decision, stay)

    def can() -> str:
        if state.current is None:
            return "no clip"
        return "an earlier decision is not saved" if state.writer.held else ""

    for id, decision, stay in (
        ("exclude", Decision.EXCLUDE, False),
        ("keep", Decision.KEEP, False),
        ("later", Decision.UNSURE, False),
        ("clear", Decision.CLEAR, True),
        ("exclude_stay", Decision.EXCLUDE, True),
        ("keep_stay", Decision.KEEP, True),
    ):
        view.handle(f"judge.{id}", decider(decision, stay), can)
    view.handle("judge.undo", state.undo, lambda: "" if view.can_undo() else "nothing to undo")
    view.handle("judge.redo", state.redo, lambda: "" if state.snapshot else "no project")
    view.handle("judge.note", view.edit_note, lambda: "" if state.current else "no clip")


def _moving(view: ReviewView) -> None:
    state = view.state

    def some() -> str:
        return "" if state.order else "no clip"

    view.handle("move.back", state.back, some)
    view.handle("move.next", state.next, some)
    view.handle("move.next_undecided", lambda: state.next_undecided(1), some)
    view.handle("move.previous_undecided", lambda: state.next_undecided(-1), some)

    def queries() -> str:
        return "" if state.queries else "no query"

    view.handle("move.next_query", lambda: state.step_query(1), queries)
    view.handle("move.previous_query", lambda: state.step_query(-1), queries)
    view.handle("go.filter", view.open_filters, lambda: "" if state.queue else "no clip")


def _playing(view: ReviewView) -> None:
    playback, state = view.playback, view.playback.candidate

    def playing() -> str:
        return "" if state.clip else "no clip"

    def end(last: bool) -> None:
        loop = state.loop
        if loop is not None:
            playback.play(False)
            playback.seek(loop.last if last else loop.first)

    def cut(last: bool) -> None:
        loop = state.loop
        if loop is not None:
            frame = state.image.frame if state.image else state.wanted
            state.set_loop(loop.first if last else frame, frame if last else loop.last)

    for id, run in (
        ("toggle", playback.play),
        ("replay", playback.replay),
        ("frame_back", lambda: playback.step(-1)),
        ("frame_on", lambda: playback.step(1)),
        ("first_frame", lambda: end(False)),
        ("last_frame", lambda: end(True)),
        ("quarter_speed", playback.toggle_quarter),
        ("reverse", lambda: playback.set_speed(-1.0)),
        ("stop", lambda: playback.play(False)),
        ("forward", lambda: playback.set_speed(1.0)),
        ("loop_start", lambda: cut(False)),
        ("loop_end", lambda: cut(True)),
        ("lock", playback.next_lock),
    ):
        view.handle(f"play.{id}", run, playing)


def _looking(view: ReviewView) -> None:
    candidate = view.playback.candidate

    for name in ("flow", "arrows", "mask", "tracks"):
        view.handle(
            f"look.{name}",
            partial(view.toggle_overlay, name),
            checked=partial(_is_on, candidate, name),
        )
    view.handle("look.all", view.toggle_overlays, checked=lambda: bool(candidate.overlays))
    view.handle("look.opacity_up", lambda: view.change_opacity(0.1))
    view.handle("look.opacity_down", lambda: view.change_opacity(-0.1))
    view.handle("look.equal", view.toggle_equal, checked=lambda: view.stages.equal)
    view.handle("look.fill", view.toggle_fill, checked=lambda: view.stages.filled)


def _is_on(player: PlayerState, name: str) -> bool:
    return name in player.overlays


def _going(view: ReviewView) -> None:
    state = view.state

    def current() -> str:
        return "" if state.current else "no clip"

    view.handle("go.explain_clip", lambda: view.show_current_in("explain"), current)
    view.handle("go.show_in_library", lambda: view.show_current_in("library"), current)
    view.handle("go.left_pane", view.toggle_left)
    view.handle("go.strip", view.toggle_strip)
    view.handle("go.inspector", view.toggle_inspector)
    view.handle("run.rank", view.rank, view.why_no_ranking)
