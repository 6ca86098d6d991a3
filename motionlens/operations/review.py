"""What Review needs of a project in one read, and the ranking that its queue was made from."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from motionlens.domain.clip import Clip, Flag, MotionSummary, Role
from motionlens.domain.decision import Event
from motionlens.domain.ports import LabelStore
from motionlens.domain.ranking import Polarity, Query, Ranking
from motionlens.operations.rank import last_ranking
from motionlens.operations.rooms import Rooms

PLACE = "review.place"
QUERIES = "review.queries"
SAVED_QUEUES = "review.queues"
BLIND_SEED = "review.blind_seed"


@dataclass(frozen=True)
class ReviewSnapshot:
    """One consistent picture of the project.

    Attributes
    ----------
    motion : mapping
        Clip id -> what was measured, of the clips that were analysed.
    ranking : Ranking or None
        The last one that Review was given.
    queries : tuple of Query
        What a ranking would ask about: the researcher's set, or else every generation as bad and
        every reference as good.
    answers : mapping
        Clip id -> curator -> that person's latest answer.
    saved_queues : tuple of mapping
        As `SAVED_QUEUES` keeps them.
    blind_seed : int
        Shuffles the queue of blind mode; the same for the life of the project.
    """

    clips: Mapping[str, Clip]
    flags: Mapping[str, tuple[Flag, ...]]
    motion: Mapping[str, MotionSummary]
    decisions: Mapping[str, Event]
    ranking: Ranking | None = None
    queries: tuple[Query, ...] = ()
    answers: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    saved_queues: tuple[Mapping[str, Any], ...] = ()
    blind_seed: int = 0
    undo_name: str = ""
    place: Mapping[str, Any] = field(default_factory=dict)
    read_only: bool = False

    @property
    def training(self) -> list[Clip]:
        return [clip for clip in self.clips.values() if clip.role is Role.TRAINING]


def review_snapshot(rooms: Rooms, *, by: str | None = None) -> ReviewSnapshot:
    """Read all of it; called on the lane that owns the store."""
    store = rooms.store
    clips = store.clip_map()
    return ReviewSnapshot(
        clips=clips,
        flags=store.flags_over(),
        motion=store.summaries(),
        decisions=store.decisions(),
        ranking=last_ranking(rooms),
        queries=_queries(clips, store.setting(QUERIES)),
        answers=store.latest_answers(),
        saved_queues=tuple(store.setting(SAVED_QUEUES) or ()),
        blind_seed=_blind_seed(rooms),
        undo_name=store.undo_name(by),
        place=store.setting(PLACE) or {},
        read_only=store.read_only,
    )


def _blind_seed(rooms: Rooms) -> int:
    seed = rooms.store.setting(BLIND_SEED)
    if seed is None:
        seed = secrets.randbits(32)
        if not rooms.store.read_only:
            rooms.store.save_setting(BLIND_SEED, seed)
    return int(seed)


def standing(store: LabelStore, clips: tuple[str, ...]) -> dict[str, Event | None]:
    """The event that decides each clip now, or None."""
    found = store.decisions(clips)
    return {clip: found.get(clip) for clip in clips}


def _queries(clips: Mapping[str, Clip], chosen: Any) -> tuple[Query, ...]:
    if isinstance(chosen, list):
        named = [Query(row["clip"], Polarity(row["polarity"])) for row in chosen]
        return tuple(query for query in named if query.clip in clips)
    bad = [Query(c.id) for c in clips.values() if c.role is Role.GENERATION]
    good = [Query(c.id, Polarity.GOOD) for c in clips.values() if c.role is Role.REFERENCE]
    return (*bad, *good)
