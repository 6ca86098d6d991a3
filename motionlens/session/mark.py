"""A decision as Review shows it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from motionlens.domain.decision import Decision, Event


@dataclass(frozen=True)
class Mark:
    """A decision as it is shown: hollow until `saved`, when its commit returned ("14:02:31")."""

    decision: Decision
    saved: str = ""
    note: str = ""
    tags: tuple[str, ...] = ()


def mark_of(event: Event) -> Mark:
    """A stored decision as it is shown."""
    return Mark(event.decision, _clock(event.at), event.note, tuple(event.evidence.get("tags", ())))


def _clock(at: str) -> str:
    try:
        return datetime.fromisoformat(at).astimezone().strftime("%H:%M:%S")
    except ValueError:
        return at
