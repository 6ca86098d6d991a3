"""A few decoder children, lent to whoever needs one."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator

from motionlens.app.isolated_child import IDLE_S, Decoding
from motionlens.lanes.token import check_current

_LOOK_S = 0.05
_PATHS = 256


class DecoderPool:
    """Starts children by demand and lends each to one thread at a time.

    A child remembers what it found of a file, so a file goes to the one that read it last, if that
    is free. Children end by themselves when they have had nothing to do for a while.

    Parameters
    ----------
    most : int
        Children at a time.
    start : callable
        Gives a new one.
    """

    def __init__(self, most: int, start: Callable[[], Decoding]) -> None:
        self._most = most
        self._start = start
        self._condition = threading.Condition()
        self._free: list[Decoding] = []
        self._lent: list[Decoding] = []
        self._starting = 0
        self._paths: dict[str, Decoding] = {}

    @property
    def children(self) -> list[int]:
        """Process numbers of the children that live."""
        with self._condition:
            self._bury()
            return [decoding.child.pid for decoding in (*self._free, *self._lent)]

    def start(self) -> None:
        """Have one ready."""
        with self.lent(""):
            pass

    @contextlib.contextmanager
    def lent(self, path: str) -> Iterator[Decoding]:
        """A child for one request; whatever ends that early also ends the child's work."""
        decoding = self._take(path)
        try:
            yield decoding
        finally:
            decoding.leave()
            self._give_back(decoding, path)

    def close(self) -> None:
        """End all that are free, and those that are lent as soon as they come back."""
        with self._condition:
            ending, self._free = self._free, []
            self._paths.clear()
            for decoding in self._lent:
                decoding.child.kill()
        for decoding in ending:
            decoding.child.close()

    def _take(self, path: str) -> Decoding:
        with self._condition:
            while True:
                self._bury()
                found = self._paths.get(path)
                if found not in self._free:
                    found = self._free[-1] if self._free else None
                if found is not None:
                    self._free.remove(found)
                    self._lent.append(found)
                    return found
                if len(self._lent) + self._starting < self._most:
                    self._starting += 1
                    break
                self._condition.wait(_LOOK_S)
                check_current()
        try:
            decoding = self._start()
        except BaseException:
            with self._condition:
                self._starting -= 1
                self._condition.notify()
            raise
        with self._condition:
            self._starting -= 1
            self._lent.append(decoding)
        return decoding

    def _give_back(self, decoding: Decoding, path: str) -> None:
        with self._condition:
            self._lent.remove(decoding)
            if decoding.child.alive:
                self._free.append(decoding)
                self._paths.pop(path, None)
                self._paths[path] = decoding
                while len(self._paths) > _PATHS:
                    del self._paths[next(iter(self._paths))]
            self._condition.notify()
        if not decoding.child.alive:
            decoding.child.close()

    def _bury(self) -> None:
        # One that ends by itself for want of work must not be lent at that very moment.
        old = time.monotonic() - IDLE_S * 0.8
        for decoding in [d for d in self._free if not d.child.alive or d.used_s < old]:
            self._free.remove(decoding)
            decoding.child.close()
        self._paths = {path: d for path, d in self._paths.items() if d in self._free + self._lent}
