"""What a view is given: the open project, the states, and the window's shared parts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from motionlens.session.jobs import JobsState
from motionlens.session.library import LibraryState
from motionlens.session.notices import NoticesState
from motionlens.session.runs import RunsState
from motionlens.session.work import OpenProject
from motionlens.ui.actions import Actions
from motionlens.ui.main_thread import Hop
from motionlens.ui.preferences import Preferences
from motionlens.ui.theme import Theme
from motionlens.ui.thumbnails import Thumbnails


@dataclass
class WindowContext:
    """One open project in one window.

    Attributes
    ----------
    hop : callable
        `hop(call)` makes a call on the GUI thread, from any thread.
    thumbnails : Thumbnails
        Small pictures of clips, made on the media lane, kept in memory and on disk.
    curator : str
        Who decides; written into every event.
    go_to : callable
        `go_to("review", clip_id)` opens a view, on a clip where one is named.
    announce : callable
        `announce("Excluded 3, bbb, saved")` is read out where a screen reader listens.
    saved : callable
        `saved(text, busy, failed)` writes the curator's line of the status bar.
    """

    project: OpenProject
    theme: Theme
    actions: Actions
    hop: Hop
    notices: NoticesState
    jobs: JobsState
    library: LibraryState
    runs: RunsState
    preferences: Preferences
    thumbnails: Thumbnails
    curator: str
    go_to: Callable[[str, str], None]
    saved: Callable[[str, bool, bool], None]
    announce: Callable[[str], None]
