"""A sign of life from deep inside long work, for whoever watches this process."""

from __future__ import annotations

from collections.abc import Callable


def _nobody() -> None:
    return None


_listener: Callable[[], None] = _nobody


def beat() -> None:
    """Say that the work gets on: called between packets, never by a clock.

    In a process that nobody watches this does nothing. Where somebody does, it may raise
    :class:`motionlens.domain.errors.Cancelled`: the answer is no longer wanted.
    """
    _listener()


def listen(listener: Callable[[], None] | None) -> None:
    """Have `listener` called at each beat of this process; None for nobody."""
    global _listener  # noqa: PLW0603 (there is one watcher a process: its parent)
    _listener = listener or _nobody
