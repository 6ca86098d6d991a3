"""The ports of one open project, each bound to its room, and the window's lanes."""

from __future__ import annotations

import contextlib
import functools
from dataclasses import dataclass

from motionlens.app.bindings import BoundModels, BoundTools, isolated_renderer
from motionlens.domain.errors import MediaError
from motionlens.domain.ports import FieldStore, Indexes, Models, Store, Trainer
from motionlens.domain.requests import FrameRenderer
from motionlens.files import ProjectFolder
from motionlens.lanes import SerialLane


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
    def fields(self) -> FieldStore:
        from motionlens.motion.flow.store import FieldFolder

        return FieldFolder(self.folder.cache / "flow")

    @functools.cached_property
    def renderer(self) -> FrameRenderer:
        """Of the window's players, used on the media lane."""
        return isolated_renderer(self.folder.cache)

    def warm_up(self) -> None:
        """Begin to load what the window's first frame needs, in the process that will draw it."""
        from motionlens.app.isolated_renderer import IsolatedRenderer

        if isinstance(self.renderer, IsolatedRenderer):
            with contextlib.suppress(MediaError):  # told when the frame is wanted
                self.renderer.start()

    def stop_decoding(self) -> None:
        """End the players' child, from any thread: whoever waits for a frame of it goes on."""
        from motionlens.app.isolated_renderer import IsolatedRenderer

        renderer = self.__dict__.get("renderer")
        if isinstance(renderer, IsolatedRenderer):
            renderer.close()

    def close(self) -> None:
        """End what runs for this project alone, and the database's connection."""
        renderer = self.__dict__.get("renderer")  # one that was never asked for is not made now
        if renderer is not None:
            renderer.close()
        self.store.close()


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
