"""Cancel and pause, checked between the steps of a long job."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

from motionlens.domain.errors import Cancelled


class CancelToken:
    """Set from any thread; read by the job between its steps."""

    def __init__(self) -> None:
        self._cancelled = threading.Event()
        self._running = threading.Event()
        self._running.set()

    def cancel(self) -> None:
        """Ask the job to stop; a paused job wakes up to stop."""
        self._cancelled.set()
        self._running.set()

    def pause(self) -> None:
        self._running.clear()

    def go_on(self) -> None:
        self._running.set()

    @property
    def cancelled(self) -> bool:
        return self._cancelled.is_set()

    @property
    def paused(self) -> bool:
        return not self._running.is_set()

    def check(self) -> None:
        """Wait while paused; raise :class:`Cancelled` once cancelled."""
        self._running.wait()
        if self._cancelled.is_set():
            raise Cancelled


_work = threading.local()


@contextlib.contextmanager
def working_under(token: CancelToken) -> Iterator[None]:
    """Make a token the one of what this thread does meanwhile."""
    before = getattr(_work, "token", None)
    _work.token = token
    try:
        yield
    finally:
        _work.token = before


def check_current() -> None:
    """Check the token of the job that this thread runs, if it runs one.

    For waits deep below an operation, whose ports take no token.
    """
    token: CancelToken | None = getattr(_work, "token", None)
    if token is not None:
        token.check()
