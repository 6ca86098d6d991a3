"""How a session asks a lane for something and gets the answer on its own thread."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from motionlens.domain.errors import MotionLensError, from_os_error
from motionlens.domain.language import retell, say
from motionlens.files import ProjectFolder
from motionlens.lanes import CancelToken, Job, Lane, Priority

T = TypeVar("T")
Hop = Callable[[Callable[[], object]], None]

logger = logging.getLogger(__name__)


class Lanes(Protocol):
    """The three lanes of an open project."""

    @property
    def store(self) -> Lane: ...

    @property
    def media(self) -> Lane: ...

    @property
    def compute(self) -> Lane: ...


class OpenProject(Protocol):
    """What a session needs of an open project (`app.Project` is one)."""

    @property
    def folder(self) -> ProjectFolder: ...

    @property
    def lanes(self) -> Lanes: ...

    @property
    def rooms(self) -> Any:
        """The ports, handed to operations as they are."""
        ...


def ask(
    lane: Lane,
    name: str,
    work: Callable[[CancelToken], T],
    hop: Hop,
    done: Callable[[T], object],
    failed: Callable[[BaseException], object] | None = None,
    cancelled: Callable[[], object] | None = None,
    priority: Priority = Priority.NORMAL,
) -> Job[T]:
    """Submit `work` to a lane; exactly one of the three answers comes back through `hop`.

    Without `failed` an error is raised on the session's thread, where the hook for bugs sees it.
    """
    job = lane.submit(name, work, priority)

    def deliver() -> None:
        if job.error is not None:
            if failed is None:
                raise job.error
            failed(job.error)
        elif job.cancelled:
            if cancelled is not None:
                cancelled()
        else:
            done(job.value)  # type: ignore[arg-type]

    job.when_finished(lambda _: hop(deliver))
    return job


def told(error: BaseException) -> tuple[str, str, str]:
    """What, why and next step of an error; one that nobody expected is logged as a bug."""
    if isinstance(error, OSError):
        error = from_os_error(error)
    if isinstance(error, MotionLensError):
        return retell(error.what), retell(error.why), retell(error.next_step)
    logger.error("unexpected error", exc_info=error)
    return (
        say("MotionLens made a mistake"),
        f"{type(error).__name__}: {error}",
        say("Copy the report and send it to us; your decisions are safe"),
    )
