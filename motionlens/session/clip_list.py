"""Clips joined with decision, flags and motion; filtering, sorting and counting them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from motionlens.domain.clip import Clip, Flag

FLAG_NAMES = {
    "frozen_frames": "Held pose",
    "cartoon": "Drawn",
    "static": "Static shot",
    "camera_only": "Camera only",
    "near_duplicate": "Near copy",
    "scene_cut": "Cut inside",
    "repeated_frames": "Repeated frames",
    "time_reversed": "Played back",
    "loop": "Loop",
    "jitter": "Jitter",
    "blur": "Blurred",
    "black": "Black",
    "letterbox": "Letterbox",
    "too_short": "Too short",
}
SORTS = ("name", "score", "flags", "motion", "length")


def flag_name(name: str) -> str:
    """A flag's name for people (a stranger's own name where it is not ours)."""
    return FLAG_NAMES.get(name, name.replace("_", " ").capitalize())


@dataclass(frozen=True)
class LibraryClip:
    """One clip as listed; `curve` is its motion in px a frame, empty before `analyse`."""

    clip: Clip
    decision: str
    flags: tuple[Flag, ...]
    curve: tuple[float, ...] = ()
    mean_px: float | None = None
    camera_share: float | None = None
    search: str = field(default="", repr=False)

    @property
    def id(self) -> str:
        return self.clip.id

    @property
    def name(self) -> str:
        span = self.clip.span
        return f"{self.clip.name}, {span.start}–{span.stop}" if span else self.clip.name

    @property
    def role(self) -> str:
        return str(self.clip.role)


@dataclass(frozen=True)
class ClipFilter:
    """What is listed: empty parts let everything through."""

    role: str = "training"
    decision: str = ""
    flag: str = ""
    text: str = ""
    sort: str = "name"


@dataclass(frozen=True)
class Counts:
    """Clips by role, and training clips by decision and by flag over its threshold."""

    roles: Mapping[str, int]
    decisions: Mapping[str, int]
    flags: Mapping[str, int]
    analysed: int = 0


def load(rooms: Any) -> dict[str, LibraryClip]:
    """Read all clips of a project (on the store lane), by id in the store's order."""
    store = rooms.store
    decisions, flags, analyses = store.decisions(), store.flags(), store.analyses()
    clips = {}
    for clip in store.clips():
        over = sorted((f for f in flags.get(clip.id, ()) if f.over), key=lambda f: -f.score)
        event = decisions.get(clip.id)
        summary = analyses[clip.id][0] if clip.id in analyses else None
        clips[clip.id] = LibraryClip(
            clip=clip,
            decision=str(event.decision) if event else "none",
            flags=tuple(over),
            curve=summary.curve if summary else (),
            mean_px=summary.mean_px if summary else None,
            camera_share=summary.camera_share if summary else None,
            search=f"{clip.name}\n{clip.caption}".casefold(),
        )
    return clips


def matching(
    clips: Mapping[str, LibraryClip], wanted: ClipFilter, scores: Mapping[str, float]
) -> list[str]:
    """Ids of the clips that the filter lets through, in its order."""
    words = wanted.text.casefold().split()
    found = [
        clip
        for clip in clips.values()
        if (not wanted.role or clip.role == wanted.role)
        and (not wanted.decision or clip.decision == wanted.decision)
        and (not wanted.flag or any(flag.name == wanted.flag for flag in clip.flags))
        and all(word in clip.search for word in words)
    ]
    keys: dict[str, Callable[[LibraryClip], Any]] = {
        "name": lambda c: c.search,
        "score": lambda c: -scores.get(c.id, float("-inf")),
        "flags": lambda c: (-len(c.flags), c.search),
        "motion": lambda c: -(c.mean_px or 0.0),
        "length": lambda c: -c.clip.info.duration_s,
    }
    return [clip.id for clip in sorted(found, key=keys[wanted.sort])]


def count(clips: Iterable[LibraryClip]) -> Counts:
    """Count clips by role, decision and flag."""
    roles: Counter[str] = Counter()
    decisions: Counter[str] = Counter()
    flags: Counter[str] = Counter()
    analysed = 0
    for clip in clips:
        roles[clip.role] += 1
        if clip.role == "training":
            decisions[clip.decision] += 1
            flags.update(flag.name for flag in clip.flags)
            analysed += bool(clip.curve)
    return Counts(roles, decisions, flags, analysed)
