"""The ports of one open project, each bound to its room, and the window's lanes."""

from __future__ import annotations

import functools
from dataclasses import dataclass

from motionlens.app.bindings import BoundModels, BoundTools
from motionlens.domain.ports import Indexes, Models, Store, Trainer
from motionlens.domain.requests import FrameRenderer
from motionlens.files import ProjectFolder
from motionlens.lanes import SerialLane

_PLAYER_CACHE = 60_000_000


class ProjectRooms(BoundTools):
    """The ports of one open project."""

    def __init__(self, folder: ProjectFolder, store: Store) -> None:
        self.folder = folder
        self.store = store

    @functools.cached_property
    def models(self) -> Models:
        return BoundModels(self.folder.runs)

    @functools.cached_property
    def indexes(self) -> Indexes:
        from motionlens.attribution.index import IndexFolder

        return IndexFolder(self.folder.index)

    @functools.cached_property
    def trainer(self) -> Trainer:
        from motionlens.finetune import ChildTrainer

        return ChildTrainer(self.folder.runs)

    @functools.cached_property
    def renderer(self) -> FrameRenderer:
        """Of the window's players; made and used on the media lane."""
        from motionlens.media import OpenClip
        from motionlens.motion import flow_backend
        from motionlens.motion.overlay import compose
        from motionlens.operations.render import PlayerRenderer

        # Two clips play and four wait: each keeps some 40 frames of 720p for steps backwards.
        return PlayerRenderer(
            lambda path, info: OpenClip(path, info, _PLAYER_CACHE),
            flow_backend("dis-fast"),
            compose,
        )


@dataclass(frozen=True)
class Lanes:
    """The window's lanes: one thread a resource."""

    store: SerialLane
    media: SerialLane
    compute: SerialLane

    def close(self, timeout: float = 5.0) -> list[str]:
        """Close all, the store last; the names of those still busy."""
        lanes = (self.media, self.compute, self.store)
        return [lane.name for lane in lanes if not lane.close(timeout)]
