"""Everything that lives as long as one open project in one window."""

from __future__ import annotations

import gc
import logging
from typing import TYPE_CHECKING

from motionlens.operations.decide import DecideResult
from motionlens.session.jobs import JobsState
from motionlens.session.library import LibraryState
from motionlens.session.runs import RunsState
from motionlens.ui.context import WindowContext
from motionlens.ui.opened import Opened
from motionlens.ui.thumbnails import Thumbnails

if TYPE_CHECKING:
    from motionlens.ui.window import MainWindow

logger = logging.getLogger(__name__)

MANY = 20_000


class Desk:
    """The states of a project, wired to the window's shared parts."""

    def __init__(self, window: MainWindow, project: Opened) -> None:
        hop, notices = window.hop, window.notices
        jobs = JobsState(hop)
        library = LibraryState(project, hop, window.curator)
        runs = RunsState(project, hop, jobs)
        self.project = project
        self.context = WindowContext(
            project=project,
            theme=window.theme,
            actions=window.actions_table,
            hop=hop,
            notices=notices,
            jobs=jobs,
            library=library,
            runs=runs,
            preferences=window.preferences,
            thumbnails=Thumbnails(project, hop),
            curator=window.curator,
            go_to=window.show_view,
            saved=window.status.tell_saved,
            announce=window.announcer.decided,
        )
        table = window.actions_table
        library.failed.connect(lambda error: notices.error(error, panel=table.view))
        library.saved.connect(self._saved)
        library.changed.connect(self._listed)
        self._known: object = None
        # What can run depends on what runs.
        jobs.changed.connect(table.refresh)
        runs.failed.connect(lambda error: notices.error(error, panel="train"))

    def close(self) -> None:
        """End the lanes; one that is still busy after its time is named in the log."""
        gc.unfreeze()
        for name in self.project.close():
            logger.warning("the %s lane is still busy", name)

    def _listed(self) -> None:
        # A full collection of garbage walks every clip, 0.2 s of the GUI thread for 100,000 of
        # them; they are no garbage as long as the project is open. Whatever else is garbage at
        # that moment is kept as long, which is worth it for large libraries alone.
        library = self.context.library
        if library.loaded and library.clips is not self._known:
            self._known = library.clips
            if len(library.clips) >= MANY:
                gc.freeze()

    def _saved(self, result: DecideResult) -> None:
        # The status bar counts what is saved; undo may be possible now.
        self.context.actions.refresh()
