"""The influence map of the clip on the stage: read if it is kept, else computed when asked for."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from psygnal import Signal

from motionlens.domain.clip import Clip, Region, Span
from motionlens.domain.language import say
from motionlens.lanes import Priority
from motionlens.operations.influence import influence_map, kept_map
from motionlens.operations.influence_layer import InfluenceLayer, influence_layer
from motionlens.session.jobs import JobsState
from motionlens.session.work import Hop, OpenProject, ask, told

# Small pictures: sixteen of 32x32 px each, mostly.
_KEPT = 64


@dataclass(frozen=True)
class Wanted:
    """Which map: a query (or a part of it), a clip, and the index that both are of."""

    query: Clip
    clip: Clip
    fingerprint: str
    region: Region | None = None
    span: Span | None = None

    @property
    def key(self) -> tuple[object, ...]:
        return self.query.id, self.clip.id, self.fingerprint, self.region, self.span


class InfluenceState:
    """At most one map is computed at a time; one that is no longer wanted is stopped.

    Signals: `changed` (the layer, or how far it is).
    """

    changed = Signal()

    def __init__(self, project: OpenProject, jobs: JobsState, hop: Hop) -> None:
        self._project, self._jobs, self._hop = project, jobs, hop
        self._layers: OrderedDict[tuple[object, ...], InfluenceLayer] = OrderedDict()
        self._wanted: Wanted | None = None
        self._job: int | None = None
        self._failed = ""
        jobs.ticked.connect(self._ticked)

    def want(self, wanted: Wanted | None) -> None:
        """Ask for a map; None where none is shown."""
        if (wanted.key if wanted else None) == (self._wanted.key if self._wanted else None):
            return
        self._wanted, self._failed = wanted, ""
        self._stop()
        if wanted is not None and wanted.key not in self._layers:
            self._read(wanted)
        self.changed.emit()

    def layer(self, clip: str) -> InfluenceLayer | None:
        """What lies over this clip, if it is the one that is asked about and its map is there."""
        wanted = self._wanted
        if wanted is None or wanted.clip.id != clip:
            return None
        return self._layers.get(wanted.key)

    @property
    def words(self) -> str:
        """What is told in place of a layer."""
        if self._wanted is None:
            return say("needs a ranking")
        if self._failed:
            return self._failed
        row = self._jobs.row(self._job) if self._job is not None else None
        if row is None or row.left_s is None:
            return say("in a moment")
        return say("{max} s left", max=max(1, round(row.left_s)))

    def _read(self, wanted: Wanted) -> None:
        rooms = self._project.rooms

        def work(_token: object) -> InfluenceLayer | None:
            return _kept(rooms, wanted)

        def done(layer: InfluenceLayer | None) -> None:
            if layer is not None:
                self._keep(wanted, layer)
            elif self._is_wanted(wanted):
                self._compute(wanted)

        # Not a media task: a map is a small file, and the frames must not wait for it.
        ask(
            self._project.lanes.store, "Read the influence map", work, self._hop, done,
            lambda error: self._give_up(wanted, error),
        )  # fmt: skip

    def _compute(self, wanted: Wanted) -> None:
        rooms = self._project.rooms

        def work(progress: Any, token: Any) -> InfluenceLayer | None:
            influence_map(
                rooms, query=wanted.query.id, clip=wanted.clip.id, region=wanted.region,
                span=wanted.span, fingerprint=wanted.fingerprint, progress=progress, token=token,
            )  # fmt: skip
            return _kept(rooms, wanted)

        def done(layer: InfluenceLayer | None) -> str:
            self._job = None
            if layer is not None:
                self._keep(wanted, layer)
            return say(
                "where {name} pushes toward {name2}", name=wanted.clip.name, name2=wanted.query.name
            )

        self._job = self._jobs.start(
            say("Influence map of {name}", name=wanted.clip.name),
            "map",
            self._project.lanes.compute,
            work,
            icon="fire",
            done=done,
            failed=lambda error: self._give_up(wanted, error),
            cancelled=self.changed.emit,
            priority=Priority.URGENT,
        )
        self.changed.emit()

    def _stop(self) -> None:
        if self._job is not None:
            self._jobs.cancel(self._job)
            self._job = None

    def _keep(self, wanted: Wanted, layer: InfluenceLayer) -> None:
        self._layers[wanted.key] = layer
        while len(self._layers) > _KEPT:
            self._layers.popitem(last=False)
        self.changed.emit()

    def _give_up(self, wanted: Wanted, error: BaseException) -> None:
        if self._is_wanted(wanted):
            self._job = None
            self._failed = told(error)[0]
            self.changed.emit()

    def _is_wanted(self, wanted: Wanted) -> bool:
        return self._wanted is not None and self._wanted.key == wanted.key

    def _ticked(self, key: int) -> None:
        if key == self._job:
            self.changed.emit()


def _kept(rooms: Any, wanted: Wanted) -> InfluenceLayer | None:
    found = kept_map(
        rooms, wanted.query, wanted.clip, wanted.fingerprint,
        region=wanted.region, span=wanted.span,
    )  # fmt: skip
    return None if found is None else influence_layer(wanted.query.id, wanted.clip.id, found)
