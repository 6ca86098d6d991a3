"""Reach an object that lives on a lane from any other lane, as if it were here."""

from __future__ import annotations

from typing import Any, TypeVar, cast

from motionlens.lanes.lane import Priority, SerialLane

T = TypeVar("T")


class _OnLane:
    def __init__(self, lane: SerialLane, inner: object) -> None:
        self._lane = lane
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._inner, name)
        if not callable(value):
            return value

        def call(*args: Any, **kwargs: Any) -> Any:
            if self._lane.owns_current_thread():
                return value(*args, **kwargs)
            job = self._lane.submit(name, lambda _token: value(*args, **kwargs), Priority.URGENT)
            return job.result()

        return call


def on_lane(lane: SerialLane, inner: T) -> T:
    """`inner`, with each method run on `lane` while the caller waits.

    Never used on the GUI thread, which must not wait.
    """
    return cast(T, _OnLane(lane, inner))
