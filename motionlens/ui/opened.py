"""An open project in a window: its lanes and its rooms, opened and closed off the GUI thread."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from motionlens.app import Project, create_project, open_project
from motionlens.app.rooms import Lanes, ProjectRooms
from motionlens.files import ProjectFolder
from motionlens.lanes import Priority, SerialLane
from motionlens.session.work import Hop, ask

# A full disk may hold a commit up; longer than this nobody waits for a window to close.
_PATIENCE_S = 10.0
_MOMENT_S = 1.5


@dataclass(frozen=True)
class Opened:
    """What sessions ask (see :class:`motionlens.session.work.OpenProject`)."""

    project: Project
    lanes: Lanes

    @property
    def folder(self) -> ProjectFolder:
        return self.project.folder

    @property
    def rooms(self) -> ProjectRooms:
        return self.project.rooms

    @property
    def name(self) -> str:
        return self.project.name

    def settle(self) -> None:
        """Wait a moment for the decisions that are on their way to the disk."""
        with contextlib.suppress(TimeoutError):
            self.lanes.store.submit("settle", lambda _: None, Priority.URGENT).result(_MOMENT_S)

    def close(self) -> list[str]:
        """End all lanes, the store last; the names of those that are still busy.

        Closing a lane drops what waits in it, so the store's works off every decision that was
        pressed before it is closed.
        """
        self.rooms.stop_decoding()  # a lane may wait for a frame that never comes
        busy = [lane.name for lane in (self.lanes.media, self.lanes.compute) if not lane.close()]
        last = self.lanes.store.submit(
            "close the project", lambda _: self.project.close(), Priority.BULK
        )
        with contextlib.suppress(TimeoutError):
            last.result(_PATIENCE_S)
        return busy if self.lanes.store.close() else [*busy, "store"]


def open_in_lanes(
    path: Path,
    create: bool,
    hop: Hop,
    done: Callable[[Opened], object],
    failed: Callable[[BaseException], object],
) -> None:
    """Open (or make) a project on a new store lane; one of the two answers comes through `hop`."""
    lanes = Lanes(SerialLane("store"), SerialLane("media"), SerialLane("compute"))

    def work(_: object) -> Opened:
        if create:
            create_project(path).close()
        opened = Opened(open_project(path, lanes=lanes), lanes)
        opened.rooms.warm_up()
        return opened

    def give_up(error: BaseException) -> None:
        lanes.close()
        failed(error)

    ask(lanes.store, "open the project", work, hop, done, give_up)
