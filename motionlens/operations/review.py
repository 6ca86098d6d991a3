"""What Review needs of a project in one read, and the ranking that its queue was made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from motionlens.domain.clip import Clip, Flag, Role
from motionlens.domain.decision import Event, fold
from motionlens.domain.ports import LabelStore
from motionlens.domain.ranking import Polarity, Query, Ranking
from motionlens.operations.rank import last_ranking
from motionlens.operations.rooms import Rooms

PLACE = "review.place"
QUERIES = "review.queries"


@dataclass(frozen=True)
class ReviewSnapshot:
    """One consistent picture of the project.

    Attributes
    ----------
    curves : mapping
        Clip id -> motion in px a frame, of the clips that were analysed.
    ranking : Ranking or None
        The last one that Review was given.
    queries : tuple of Query
        What a ranking would ask about: the researcher's set, or else every generation as bad and
        every reference as good.
    """

    clips: Mapping[str, Clip]
    flags: Mapping[str, tuple[Flag, ...]]
    curves: Mapping[str, tuple[float, ...]]
    decisions: Mapping[str, Event]
    ranking: Ranking | None = None
    queries: tuple[Query, ...] = ()
    undo_name: str = ""
    place: Mapping[str, Any] = field(default_factory=dict)
    read_only: bool = False

    @property
    def training(self) -> list[Clip]:
        return [clip for clip in self.clips.values() if clip.role is Role.TRAINING]


def review_snapshot(rooms: Rooms, *, by: str | None = None) -> ReviewSnapshot:
    """Read all of it; called on the lane that owns the store."""
    store = rooms.store
    clips = {clip.id: clip for clip in store.clips()}
    flags = {
        clip: tuple(sorted((f for f in found if f.over), key=lambda f: -f.score))
        for clip, found in store.flags().items()
    }
    return ReviewSnapshot(
        clips=clips,
        flags={clip: found for clip, found in flags.items() if found},
        curves={clip: summary.curve for clip, (summary, _) in store.analyses().items()},
        decisions=store.decisions(),
        ranking=last_ranking(rooms),
        queries=_queries(clips, store.setting(QUERIES)),
        undo_name=store.undo_name(by),
        place=store.setting(PLACE) or {},
        read_only=store.read_only,
    )


def standing(store: LabelStore, clips: tuple[str, ...]) -> dict[str, Event | None]:
    """The event that decides each clip now, or None."""
    return {clip: fold(store.events(clip)).get(clip) for clip in clips}


def _queries(clips: Mapping[str, Clip], chosen: Any) -> tuple[Query, ...]:
    if isinstance(chosen, list):
        named = [Query(row["clip"], Polarity(row["polarity"])) for row in chosen]
        return tuple(query for query in named if query.clip in clips)
    bad = [Query(c.id) for c in clips.values() if c.role is Role.GENERATION]
    good = [Query(c.id, Polarity.GOOD) for c in clips.values() if c.role is Role.REFERENCE]
    return (*bad, *good)
