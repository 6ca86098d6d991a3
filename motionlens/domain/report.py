"""What a report shows, before anybody decides how it looks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class ReportClip:
    """One clip of a report. `video` is a small H.264 mp4; `name` has no folders."""

    id: str
    name: str
    caption: str
    facts: str
    decision: str
    flags: tuple[str, ...]
    video: bytes
    curve: tuple[float, ...] = ()
    score: float | None = None


@dataclass(frozen=True)
class ReportSection:
    """One query with its proponents and opponents."""

    query: ReportClip
    proponents: Sequence[ReportClip]
    opponents: Sequence[ReportClip]


@dataclass(frozen=True)
class ReportDocument:
    """A whole report; `provenance` is (what, value) in order."""

    title: str
    made_at: str
    method: str
    sections: Sequence[ReportSection]
    provenance: Sequence[tuple[str, str]]
