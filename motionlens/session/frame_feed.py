"""From a wanted frame to a delivered one: newest wins, on the way out and on the way back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from motionlens.domain.errors import MediaError, MotionLensError
from motionlens.domain.requests import FrameImage, FrameRenderer, FrameRequest
from motionlens.lanes import CancelToken, Job, Lane, Mailbox, Priority
from motionlens.session.work import Hop


@dataclass(frozen=True)
class FrameFailure:
    """A frame that could not be shown, and why."""

    request: FrameRequest
    error: MotionLensError


@dataclass(frozen=True)
class _Letter:
    request: FrameRequest
    paths: tuple[str, ...]


class FrameFeed:
    """One player's line to the media lane: at most one frame in work and one waiting.

    Parameters
    ----------
    renderer : callable
        Gives the renderer on the lane, where its libraries are loaded at first use.
    hop : callable
        Carries a call to the main thread.
    deliver : callable
        Gets each image or failure there.
    bug : callable
        Gets whatever is no expected error, there too.
    """

    def __init__(
        self,
        lane: Lane,
        renderer: Callable[[], FrameRenderer],
        hop: Hop,
        deliver: Callable[[FrameImage | FrameFailure], None],
        bug: Callable[[BaseException], None],
    ) -> None:
        self._lane = lane
        self._renderer = renderer
        self._hop = hop
        self._deliver = deliver
        self._bug = bug
        self._out: Mailbox[_Letter] = Mailbox()
        self._back: Mailbox[FrameImage | FrameFailure] = Mailbox()

    def ask(self, request: FrameRequest, paths: tuple[str, ...], playing: bool = False) -> None:
        """Want a frame; a request that nobody began yet is dropped for this one.

        What a key or the mouse asked for goes before everything. Playback alone takes its turn
        with thumbnails and frames made ahead, which would starve on a slow machine otherwise.
        """
        empty = self._out.put(_Letter(request, paths))
        if empty or not playing:
            priority = Priority.BULK if playing else Priority.URGENT
            self._lane.submit("Frame", self._answer, priority).when_finished(self._finished)

    def prefetch(self, request: FrameRequest, paths: tuple[str, ...]) -> Job[None]:
        """Have a frame ready before it is asked for; whatever fails is told when it is asked."""

        def work(token: CancelToken) -> None:
            token.check()
            answer(self._renderer(), request, paths)

        job = self._lane.submit("Prefetch", work, Priority.BULK)
        job.when_finished(self._finished)
        return job

    def _answer(self, token: CancelToken) -> None:
        letter = self._out.take()
        if letter is None:
            return
        reply = answer(self._renderer(), letter.request, letter.paths)
        if self._back.put(reply):
            self._hop(self._open)

    def _open(self) -> None:
        reply = self._back.take()
        if reply is not None:
            self._deliver(reply)

    def _finished(self, job: Job[None]) -> None:
        error = job.error
        if error is not None:
            self._hop(lambda: self._bug(error))


def answer(
    renderer: FrameRenderer, request: FrameRequest, paths: tuple[str, ...]
) -> FrameImage | FrameFailure:
    """Render from the first path that is there."""
    path = next((path for path in paths if Path(path).is_file()), None)
    if path is None:
        folder = Path(paths[0]).parent if paths else Path()
        away = "its folder is not there either" if not folder.exists() else "the file is gone"
        return FrameFailure(
            request,
            MediaError(
                "The media of this clip are not there",
                f"{paths[0] if paths else 'it has no path'}: {away}",
                "Mount the drive, or add the folder where the file lies now",
            ),
        )
    try:
        return renderer.render(replace(request, path=path))
    except MotionLensError as error:
        return FrameFailure(request, error)
