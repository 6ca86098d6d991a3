"""Clips joined with decision, flags and motion; filtering, sorting and counting them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from motionlens.domain.clip import Clip, Flag, MotionSummary
from motionlens.domain.language import say, word

FLAG_NAMES = {
    "frozen_frames": word("Held pose"),
    "cartoon": word("Drawn"),
    "static": word("Static shot"),
    "camera_only": word("Camera only"),
    "near_duplicate": word("Near copy"),
    "scene_cut": word("Cut inside"),
    "repeated_frames": word("Repeated frames"),
    "time_reversed": word("Played back"),
    "loop": word("Loop"),
    "jitter": word("Jitter"),
    "blur": word("Blurred"),
    "black": word("Black"),
    "letterbox": word("Letterbox"),
    "too_short": word("Too short"),
}
SORTS = ("name", "score", "flags", "motion", "length")


def flag_name(name: str) -> str:
    """A flag's name for people (a stranger's own name where it is not ours)."""
    known = FLAG_NAMES.get(name)
    return say(known) if known else name.replace("_", " ").capitalize()


@dataclass(frozen=True)
class Details:
    """What is made of a clip's rows when somebody looks at it."""

    clips: Mapping[str, Clip]
    summaries: Mapping[str, MotionSummary]


@dataclass(slots=True, eq=False)
class LibraryClip:
    """One clip as listed: light, since a project may hold a hundred thousand of them.

    Attributes
    ----------
    search : str
        Name and caption, folded: what a text is looked for in, and the order by name.
    flags : tuple of Flag
        Those over their thresholds, strongest first.
    mean_px : float or None
        Mean motion in px a frame; None before `analyse`.
    """

    id: str
    role: str
    name: str
    search: str
    decision: str
    flags: tuple[Flag, ...]
    duration_s: float
    mean_px: float | None
    details: Details

    @property
    def clip(self) -> Clip:
        return self.details.clips[self.id]

    @property
    def curve(self) -> tuple[float, ...]:
        """Motion in px a frame; empty before `analyse`."""
        summary = self.details.summaries.get(self.id)
        return summary.curve if summary else ()

    @property
    def camera_share(self) -> float | None:
        summary = self.details.summaries.get(self.id)
        return summary.camera_share if summary else None


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


def load(rooms: Any, first: int | None = None) -> dict[str, LibraryClip]:
    """Read all clips of a project (on the store lane), by id in the store's order.

    With `first`, the first so many training clips by path: a page to show while the rest is read.
    """
    store = rooms.store
    lines = store.listing(first)
    ids = None if first is None else [line.id for line in lines]
    known = store.clip_map() if ids is None else {c.id: c for c in store.clips_by_id(ids)}
    details = Details(known, store.summaries(ids))
    decisions, flags = store.decided(), store.flags_over(ids)
    clips = {}
    for line in lines:
        name = line.name
        clips[line.id] = LibraryClip(
            line.id, line.role, name, f"{name}\n{line.caption}".casefold(),
            decisions.get(line.id, "none"), flags.get(line.id, ()), line.duration_s, line.mean_px,
            details,
        )  # fmt: skip
    return clips


def ordered(
    clips: Mapping[str, LibraryClip], sort: str, scores: Mapping[str, float]
) -> list[LibraryClip]:
    """All clips in one of the orders `SORTS`."""
    keys: dict[str, Callable[[LibraryClip], Any]] = {
        "name": lambda c: c.search,
        "score": lambda c: -scores.get(c.id, float("-inf")),
        "flags": lambda c: (-len(c.flags), c.search),
        "motion": lambda c: -(c.mean_px or 0.0),
        "length": lambda c: -c.duration_s,
    }
    return sorted(clips.values(), key=keys[sort])


def matching(clips: Iterable[LibraryClip], wanted: ClipFilter) -> list[str]:
    """Ids of the clips that the filter lets through, in the order given."""
    return [clip.id for clip in containing(meeting(clips, wanted), wanted.text)]


def meeting(clips: Iterable[LibraryClip], wanted: ClipFilter) -> list[LibraryClip]:
    """The clips that meet all of a filter but its text."""
    found = list(clips)
    # One plain pass a condition: a key stroke over 100,000 clips must answer at once.
    if wanted.role:
        found = [clip for clip in found if clip.role == wanted.role]
    if wanted.decision:
        found = [clip for clip in found if clip.decision == wanted.decision]
    if wanted.flag:
        found = [c for c in found if any(flag.name == wanted.flag for flag in c.flags)]
    return found


def containing(clips: list[LibraryClip], text: str) -> list[LibraryClip]:
    """The clips whose name or caption has every word of a text."""
    for part in text.casefold().split():
        clips = [clip for clip in clips if part in clip.search]
    return clips


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
            analysed += clip.mean_px is not None
    return Counts(roles, decisions, flags, analysed)
