"""Decisions as events: the events are the truth, the state is their fold.

A *step* is what one key press or one command did, to one clip or to many; undo and redo are steps
that name the step they act on. Steps are ordered by time and then by id, so that the fold of a
union of two stores does not depend on which was merged into which.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Decision(StrEnum):
    """The stored decision about a clip. `unsure` is shown as *Later*."""

    EXCLUDE = "exclude"
    KEEP = "keep"
    UNSURE = "unsure"
    CLEAR = "clear"


class StepKind(StrEnum):
    DECIDE = "decide"
    UNDO = "undo"
    REDO = "redo"


@dataclass(frozen=True)
class Event:
    """One clip's part of one step.

    Attributes
    ----------
    id : str
        Unique everywhere (32 hex digits).
    step : str
        Shared by all events of one step.
    at : str
        UTC, ISO 8601 with microseconds, so that it sorts as text.
    decision : Decision
        What was decided; for an undo or redo, what holds afterwards.
    target : str
        For undo and redo: the step acted on; else empty.
    evidence : mapping
        Queries, score, rank, method, fingerprint, flags... as known when it was decided.
    """

    id: str
    step: str
    kind: StepKind
    at: str
    by: str
    clip: str
    decision: Decision
    note: str = ""
    target: str = ""
    evidence: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Changes:
    """What a mutation did: the step's id, its name for people, and the clips that changed."""

    event: str
    name: str
    clips: tuple[str, ...]

    @property
    def changed(self) -> int:
        return len(self.clips)


def active_steps(events: Iterable[Event]) -> dict[str, bool]:
    """Step id -> whether it stands (True) or is undone (False), for `decide` steps."""
    standing: dict[str, bool] = {}
    for event in sorted(events, key=_order):
        if event.kind is StepKind.DECIDE:
            standing.setdefault(event.step, True)
        else:
            standing[event.target] = event.kind is StepKind.REDO
    return standing


def fold(events: Iterable[Event]) -> dict[str, Event]:
    """The state: clip id -> the standing event that decides it (cleared clips are left out)."""
    ordered = sorted(events, key=_order)
    standing = active_steps(ordered)
    state: dict[str, Event] = {}
    for event in ordered:
        if event.kind is StepKind.DECIDE and standing[event.step]:
            state[event.clip] = event
    return {clip: event for clip, event in state.items() if event.decision is not Decision.CLEAR}


def next_undo(events: Iterable[Event], by: str | None = None) -> str | None:
    """The step that `undo` takes back next (of `by`, or of anybody), or None."""
    ordered = sorted(events, key=_order)
    standing = active_steps(ordered)
    for event in reversed(ordered):
        mine = by is None or event.by == by
        if event.kind is StepKind.DECIDE and mine and standing[event.step]:
            return event.step
    return None


def next_redo(events: Iterable[Event], by: str | None = None) -> str | None:
    """The step that `redo` brings back next, or None; a new decision ends the chain."""
    ordered = sorted(events, key=_order)
    standing = active_steps(ordered)
    for event in reversed(ordered):
        if by is not None and event.by != by:
            continue
        if event.kind is StepKind.DECIDE and standing[event.step]:
            return None
        if event.kind is StepKind.UNDO and not standing.get(event.target, True):
            return event.target
    return None


def _order(event: Event) -> tuple[str, str, str]:
    return event.at, event.step, event.id
