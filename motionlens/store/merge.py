"""The union of two stores' events, by event id."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from motionlens.domain.decision import Event
from motionlens.domain.errors import StoreError
from motionlens.store.events import EventTables, insert_events, rebuild_state, rebuild_steps
from motionlens.store.queries import QueryTables


class Merged(NamedTuple):
    """What a merge did.

    Attributes
    ----------
    new_events : int
        Events that this store had not.
    conflicts : set of str
        Ids of clips on which the two sides had, each without knowing of the other, decided
        differently, or whose curators now differ. The latest event decides all the same.
    """

    new_events: int
    conflicts: set[str]


class MergeTables(EventTables, QueryTables):
    """Merging needs both halves of the label store."""

    def merge_events(self, theirs: list[Event], their_state: dict[str, Event]) -> Merged:
        """Add another store's events to this one, in one transaction.

        Events about clips that this project does not have are kept too: they take effect when
        the clip is added, and a further merge passes them on.
        """
        _require_sound(theirs)
        with self.connection.write("Nothing was merged") as raw:
            ours = {event.id: event for event in self.events()}
            before = {clip: event.decision for clip, event in self.decisions().items()}
            new = [event for event in theirs if event.id not in ours]
            insert_events(raw, new)
            rebuild_steps(raw)
            rebuild_state(raw)
            known_there = {event.id for event in theirs}
            ours_alone = {event.clip for id_, event in ours.items() if id_ not in known_there}
            touched = {event.clip for event in new}
            there = {clip: event.decision for clip, event in their_state.items()}
            apart = {
                clip
                for clip in touched & ours_alone
                if clip in before and clip in there and before[clip] is not there[clip]
            }
            return Merged(len(new), apart | (self.disputed() & touched))


def _require_sound(events: Iterable[Event]) -> None:
    """Refuse times that later decisions could not be ordered after."""
    for event in events:
        try:
            datetime.fromisoformat(event.at)
        except ValueError as error:
            raise StoreError(
                "Nothing was merged",
                f"the other project's event {event.id} has no valid time ({event.at})",
                "Check the other project with: motionlens check PROJECT",
            ) from error
