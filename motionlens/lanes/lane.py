"""A lane: one named thread that owns one resource and works off jobs, the most urgent first."""

from __future__ import annotations

import heapq
import itertools
import logging
import threading
from collections.abc import Callable
from enum import IntEnum
from typing import Generic, Protocol, TypeVar

from motionlens.domain.errors import Cancelled
from motionlens.lanes.token import CancelToken, working_under

T = TypeVar("T")

logger = logging.getLogger(__name__)


class Priority(IntEnum):
    """Lower runs first; jobs of equal priority run in order."""

    URGENT = 0
    NORMAL = 1
    BULK = 2


class Job(Generic[T]):
    """One piece of work and its outcome: done, failed or cancelled."""

    def __init__(self, name: str, work: Callable[[CancelToken], T]) -> None:
        self.name = name
        self.token = CancelToken()
        self.value: T | None = None
        self.error: BaseException | None = None
        self.cancelled = False
        self._work = work
        self._finished = threading.Event()
        self._lock = threading.Lock()
        self._callbacks: list[Callable[[Job[T]], None]] = []

    @property
    def finished(self) -> bool:
        return self._finished.is_set()

    def run(self) -> None:
        """Do the work, keep the outcome, tell whoever waits. Never raises."""
        try:
            self.token.check()
            with working_under(self.token):
                self.value = self._work(self.token)
        except Cancelled:
            self.cancelled = True
        except BaseException as error:  # the owner decides what it means
            self.error = error
        with self._lock:
            self._finished.set()
            callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            try:
                callback(self)
            except Exception:
                # One listener's mistake must not end the lane: all later work would wait for ever.
                logger.exception("a listener of %s failed", self.name)

    def when_finished(self, callback: Callable[[Job[T]], None]) -> None:
        """Call back on the lane's thread when finished; at once if it is already."""
        with self._lock:
            if not self._finished.is_set():
                self._callbacks.append(callback)
                return
        callback(self)

    def result(self, timeout: float | None = None) -> T:
        """Wait for the value; raises what the work raised, or :class:`Cancelled`.

        Never called on the GUI thread.
        """
        if not self._finished.wait(timeout):
            raise TimeoutError(f"{self.name} is not finished after {timeout} s")
        if self.error is not None:
            raise self.error
        if self.cancelled:
            raise Cancelled
        return self.value  # type: ignore[return-value]


class Lane(Protocol):
    """What rooms and sessions see of a lane."""

    name: str

    def submit(
        self, name: str, work: Callable[[CancelToken], T], priority: Priority = Priority.NORMAL
    ) -> Job[T]: ...

    def close(self, timeout: float = 5.0) -> bool:
        """Cancel what waits and runs, join; False if the thread is still busy then."""
        ...


class SerialLane:
    """The real lane: a thread with a priority queue."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._condition = threading.Condition()
        self._queue: list[tuple[int, int, Job[object]]] = []
        self._counter = itertools.count()
        self._closed = False
        self._current: Job[object] | None = None
        self._thread = threading.Thread(target=self._work, name=f"lane {name}", daemon=True)
        self._thread.start()

    def submit(
        self, name: str, work: Callable[[CancelToken], T], priority: Priority = Priority.NORMAL
    ) -> Job[T]:
        """Queue a piece of work; after `close` it comes back cancelled."""
        job: Job[T] = Job(name, work)
        with self._condition:
            if not self._closed:
                entry = (int(priority), next(self._counter), job)
                heapq.heappush(self._queue, entry)  # type: ignore[misc]
                self._condition.notify()
                return job
        job.token.cancel()
        job.run()
        return job

    def owns_current_thread(self) -> bool:
        return threading.current_thread() is self._thread

    def close(self, timeout: float = 5.0) -> bool:
        """Cancel what waits and runs, join; False if the thread is still busy then."""
        with self._condition:
            self._closed = True
            for _, _, job in self._queue:
                job.token.cancel()
            if self._current is not None:
                self._current.token.cancel()
            self._condition.notify()
        if self.owns_current_thread():
            return False  # a thread cannot wait for its own end
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _work(self) -> None:
        while True:
            with self._condition:
                while not self._queue and not self._closed:
                    self._condition.wait()
                if not self._queue:
                    return
                self._current = heapq.heappop(self._queue)[2]
            self._current.run()
            with self._condition:
                self._current = None


class InlineLane:
    """For tests: work is done at once, on the caller's thread."""

    def __init__(self, name: str = "inline") -> None:
        self.name = name

    def submit(
        self, name: str, work: Callable[[CancelToken], T], priority: Priority = Priority.NORMAL
    ) -> Job[T]:
        job: Job[T] = Job(name, work)
        job.run()
        return job

    def close(self, timeout: float = 5.0) -> bool:
        return True
