"""From a wanted frame to a delivered one, over the media lane."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from motionlens.domain.errors import MediaError, MotionLensError
from motionlens.domain.language import say
from motionlens.domain.requests import FrameImage, FrameRenderer, FrameRequest
from motionlens.lanes import CancelToken, Job, Lane, Mailbox, Priority
from motionlens.session.work import Hop


@dataclass(frozen=True)
class FrameFailure:
    """A frame that could not be shown, and why."""

    request: FrameRequest
    error: MotionLensError


@dataclass(frozen=True)
class Delivery:
    """A frame or a failure on the session's thread.

    Attributes
    ----------
    ahead : tuple of int or None
        The epoch and place that it was asked for with; None where a hand asked.
    took_s : float
        Seconds from the asking until it was finished.
    cost_s : float
        Seconds of that in the renderer.
    """

    reply: FrameImage | FrameFailure
    ahead: tuple[int, int] | None
    took_s: float
    cost_s: float


@dataclass(frozen=True)
class _Letter:
    request: FrameRequest
    paths: tuple[str, ...]
    asked_s: float


class FrameFeed:
    """One player's line to the media lane.

    What a hand asks for is one letter at most, the newest, and goes before everything. Frames that
    playback wants ahead queue behind it; the player bounds their number.

    Parameters
    ----------
    renderer : callable
        Gives the renderer on the lane, where its libraries are loaded at first use.
    hop : callable
        Carries a call to the main thread.
    deliver : callable
        Gets each delivery there.
    bug : callable
        Gets whatever is no expected error, there too.
    """

    def __init__(
        self,
        lane: Lane,
        renderer: Callable[[], FrameRenderer],
        hop: Hop,
        deliver: Callable[[Delivery], None],
        bug: Callable[[BaseException], None],
    ) -> None:
        self._lane = lane
        self._renderer = renderer
        self._hop = hop
        self._deliver = deliver
        self._bug = bug
        self._out: Mailbox[_Letter] = Mailbox()
        self._queued: list[Job[None]] = []

    def ask(self, request: FrameRequest, paths: tuple[str, ...]) -> None:
        """Want a frame; a request of a hand that nobody began yet is dropped for this one."""

        def work(token: CancelToken) -> None:
            letter = self._out.take()
            if letter is not None:
                self._answer(letter, None)

        if self._out.put(_Letter(request, paths, time.perf_counter())):
            self._lane.submit("Frame", work, Priority.URGENT).when_finished(self._finished)

    def ask_ahead(
        self, request: FrameRequest, paths: tuple[str, ...], mark: tuple[int, int], first: bool
    ) -> None:
        """Want a frame that will be due; `first`: before thumbnails and prefetched clips.

        A player that cannot keep up takes its turn with them, or they would starve.
        """
        letter = _Letter(request, paths, time.perf_counter())

        def work(token: CancelToken) -> None:
            token.check()
            self._answer(letter, mark)

        job = self._lane.submit("Frame", work, Priority.NORMAL if first else Priority.BULK)
        self._queued = [other for other in self._queued if not other.finished]
        if not job.finished:
            self._queued.append(job)
        job.when_finished(self._finished)

    def drop_ahead(self) -> None:
        """Let go of the frames ahead that nobody began yet."""
        for job in self._queued:
            job.token.cancel()
        self._queued.clear()

    def prefetch(self, request: FrameRequest, paths: tuple[str, ...]) -> Job[None]:
        """Have a frame ready before it is asked for; whatever fails is told when it is asked."""

        def work(token: CancelToken) -> None:
            token.check()
            answer(self._renderer(), request, paths)

        job = self._lane.submit("Prefetch", work, Priority.BULK)
        job.when_finished(self._finished)
        return job

    def _answer(self, letter: _Letter, mark: tuple[int, int] | None) -> None:
        began_s = time.perf_counter()
        reply = answer(self._renderer(), letter.request, letter.paths)
        now_s = time.perf_counter()
        delivery = Delivery(reply, mark, now_s - letter.asked_s, now_s - began_s)
        self._hop(lambda: self._deliver(delivery))

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
        away = (
            say("its folder is not there either")
            if not folder.exists()
            else say("the file is gone")
        )
        return FrameFailure(
            request,
            MediaError(
                say("The media of this clip are not there"),
                f"{paths[0] if paths else say('it has no path')}: {away}",
                say("Mount the drive, or add the folder where the file lies now"),
            ),
        )
    try:
        return renderer.render(replace(request, path=path))
    except MotionLensError as error:
        return FrameFailure(request, error)
