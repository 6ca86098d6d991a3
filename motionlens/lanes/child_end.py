"""The child's end of :mod:`motionlens.lanes.child`: what it is asked, and how it answers."""

from __future__ import annotations

import contextlib
import faulthandler
import os
import queue
import signal
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any

from motionlens.domain.errors import Cancelled
from motionlens.lanes.shared import SharedBytes, Shelf
from motionlens.lanes.wire import Block, Message, Unpacker, pack

_BEAT_S = 0.5
_GRACE_S = 1.0
_INLINE = 1 << 14
_KEPT = 1 << 30
_READ = 1 << 18


class ChildEnd:
    """Reads requests, sends answers, tells signs of life.

    A request carries its number as `id`. Two messages are no requests: `control` "took" says that
    a part of the answer was taken, "stop" that the request `id` is taken back.

    Parameters
    ----------
    shared_fd, lifeline_fd : int
        As they came on the command line.
    """

    def __init__(self, shared_fd: int, lifeline_fd: int) -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        # Nothing but messages may go to the parent: whatever prints is sent to the log.
        self._out = os.dup(1)
        os.dup2(2, 1)
        faulthandler.enable(file=sys.stderr)
        self.shared = SharedBytes(shared_fd)
        self._shelf = Shelf(_KEPT)
        die_with(lifeline_fd)
        self._requests: queue.Queue[Message | None] = queue.Queue()
        self._acks = threading.Semaphore(0)
        self._stopped = -1
        self._ended = threading.Event()
        self._current = -1
        self._told_s = 0.0
        threading.Thread(target=self._listen, name="requests", daemon=True).start()

    @property
    def asked(self) -> bool:
        """Whether a request (or the end) waits: work ahead then stops after its step."""
        return not self._requests.empty() or self._ended.is_set()

    def next(self, timeout_s: float | None = None) -> Message | None:
        """The next request; None at the end, or after `timeout_s` without one."""
        try:
            message = self._requests.get(timeout=timeout_s)
        except queue.Empty:
            return None
        if message is not None:
            self._current = int(message.header.get("id", 0))
            self._told_s = time.monotonic()
            for start in message.header.get("freed", ()):
                self._shelf.free(int(start))
            while self._acks.acquire(blocking=False):
                pass  # of a request that was left
        return message

    def done(self) -> None:
        """The request is answered: no more signs of life until the next."""
        self._current = -1

    def beat(self) -> None:
        """Tell a sign of life, at most two a second."""
        if self._current < 0:
            return
        now = time.monotonic()
        if now - self._told_s > _BEAT_S:
            self._told_s = now
            self.send({"beat": self._current})

    def checked_beat(self) -> None:
        """The same; raises Cancelled where nobody waits. For work that may break off anywhere."""
        if self._current >= 0:
            self.check()
            self.beat()

    def check(self) -> None:
        """Raise Cancelled where the request was taken back or the parent is gone."""
        if self._ended.is_set() or self._stopped == self._current:
            raise Cancelled

    def wait_for_ack(self) -> None:
        """Wait until one more piece was taken."""
        while not self._acks.acquire(timeout=0.1):
            self.check()

    def send(self, header: Mapping[str, Any], blocks: Sequence[Block] = ()) -> None:
        """Send a message.

        Large blocks go by shared memory, where there is room for them. The parent does not copy
        them: their places are taken until it says that it needs them no longer.
        """
        views = [memoryview(block).cast("B") for block in blocks]
        places = [self._place(view) for view in views]
        inline = [view for view, place in zip(views, places, strict=True) if place is None]
        self._write(pack({**header, "shared": places} if any(places) else header, inline))

    def reserve(self, length: int) -> int | None:
        """Take a place of so many bytes in the shared memory; None where there is no room."""
        start = self._shelf.place(length)
        if start is None:
            return None
        try:
            self.shared.grow(start + length)
        except OSError:
            self._shelf.free(start)
            return None
        return start

    def release(self, start: int) -> None:
        """Give a reserved place back."""
        self._shelf.free(start)

    def _place(self, view: memoryview) -> tuple[int, int] | None:
        start = self.reserve(len(view)) if len(view) > _INLINE else None
        if start is None:
            return None
        copy(view, self.shared.view(start, len(view)))
        return start, len(view)

    def _write(self, parts: Sequence[memoryview]) -> None:
        for part in parts:
            rest = part
            while rest:
                rest = rest[os.write(self._out, rest) :]

    def _listen(self) -> None:
        try:
            self._read()
        finally:
            self._ended.set()
            self._requests.put(None)
            # Whatever is in work may end its step; what cannot is ended.
            time.sleep(_GRACE_S)
            os._exit(0)

    def _read(self) -> None:
        unpacker = Unpacker()
        with contextlib.suppress(OSError):
            while data := os.read(0, _READ):
                unpacker.feed(data)
                while (message := unpacker.next()) is not None:
                    self._sort(message)

    def _sort(self, message: Message) -> None:
        control = message.header.get("control")
        if control == "took":
            self._acks.release()
        elif control == "stop":
            self._stopped = int(message.header["id"])
        else:
            self._requests.put(message)


def copy(source: memoryview, to: memoryview) -> None:
    """Copy bytes without holding the interpreter's lock."""
    import numpy as np

    np.copyto(np.frombuffer(to, np.uint8), np.frombuffer(source, np.uint8))


def die_with(lifeline_fd: int) -> None:
    """Be ended by the system once the other end of this pipe closes, as it does with its process.

    The signal's default action needs no thread of ours and no interpreter: a child that hangs in
    native code goes too. (`PR_SET_PDEATHSIG` would follow the *thread* that started the child.)
    """
    if sys.platform != "linux":
        return
    import fcntl

    fcntl.fcntl(lifeline_fd, fcntl.F_SETOWN, os.getpid())
    flags = fcntl.fcntl(lifeline_fd, fcntl.F_GETFL)
    fcntl.fcntl(lifeline_fd, fcntl.F_SETFL, flags | os.O_ASYNC)


def confine(memory: int, niceness: int) -> None:
    """Bound what this process may do from here on.

    Parameters
    ----------
    memory : int
        Bytes that it may take beside what it has (Linux; elsewhere the system does not count them).
    niceness : int
        How far it steps back behind other processes.
    """
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    held = _data_bytes()
    if held:
        limit = held + memory
        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        if hard != resource.RLIM_INFINITY:
            limit = min(limit, hard)
        resource.setrlimit(resource.RLIMIT_DATA, (limit, hard))
    if niceness:
        os.nice(niceness)


def _data_bytes() -> int:
    try:
        with open("/proc/self/status", encoding="ascii", errors="replace") as file:
            line = next(line for line in file if line.startswith("VmData:"))
    except (OSError, StopIteration):
        return 0
    return int(line.split()[1]) * 1024
