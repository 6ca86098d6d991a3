"""A decoder child as its parent sees it: started, asked, blamed, and given up."""

from __future__ import annotations

import contextlib
import itertools
import logging
import os
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from motionlens.app.isolated_codec import decode_error
from motionlens.domain.errors import MediaError
from motionlens.lanes.child import Check, Child, ChildGone, hidden_door, own_package
from motionlens.lanes.wire import Block, Message

logger = logging.getLogger(__name__)

IDLE_S = 30.0
"""A reader child that had nothing to do for so long ends."""

_START_S = 60.0
_STOP_S = 1.0
_TRIES = 2


class RemoteBug(Exception):
    """A mistake of ours in a child; its trace is the text."""


class Decoding:
    """A child behind one of the hidden doors of :mod:`motionlens.worker`.

    Parameters
    ----------
    verb : str
        The door.
    silence_s : float
        No answer and no sign of life for so long means that it hangs.
    """

    def __init__(self, verb: str, silence_s: float) -> None:
        try:
            self.child = Child(hidden_door(verb), own_package())
        except OSError as error:
            raise MediaError(
                "The decoder did not start", error.strerror or str(error), "Close other programs"
            ) from error
        self._silence_s = silence_s
        self._ids = itertools.count(1)
        self._id = 0
        self._ready = False
        self._open = False
        self.used_s = time.monotonic()

    @property
    def unanswered(self) -> bool:
        """Whether a request was begun and its answer has not come to its end."""
        return self._open

    def send(
        self, header: Mapping[str, Any], check: Check | None = None, blocks: Sequence[Block] = ()
    ) -> None:
        """Begin a request; waits for the child to be up."""
        if not self._ready:
            self._answer(self.child.receive(_START_S, check))
            self._ready = True
        self._id = next(self._ids)
        self._open = True
        whole = {**header, "id": self._id, "cwd": _current_folder()}
        self.child.send(whole, self._silence_s, check, blocks)

    def receive(self, check: Check | None = None) -> Message:
        """A part of the answer; what the child says was wrong is raised."""
        return self._answer(self.child.receive(self._silence_s, check))

    def took(self) -> None:
        """One part of the answer was taken; its shared memory may be used again."""
        self.child.send({"control": "took"}, self._silence_s)

    def leave(self) -> None:
        """Give up a request that is not answered in full: its work stops, or the child is ended."""
        self.used_s = time.monotonic()
        if not self._open or not self.child.alive:
            return
        self._open = False
        try:
            self.child.send({"control": "stop", "id": self._id}, _STOP_S)
            while "end" not in self.child.receive(_STOP_S).header:
                pass
        except ChildGone:
            self.child.close()

    def _answer(self, message: Message) -> Message:
        header = message.header
        self._open = self._open and "end" not in header
        if "bug" in header:
            self.child.close()
            raise RemoteBug(str(header["bug"]))
        if header.get("leaving"):
            self.child.close()
        if "error" in header:
            raise decode_error(header["error"])
        return message


class Offenders:
    """Files that made a decoder crash or hang, so that none is tried for ever."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[tuple[object, ...]] = Counter()

    def blame(self, path: str | Path) -> None:
        """This file was being read when a decoder was lost."""
        with self._lock:
            self._counts[_stamp(path)] += 1

    def check(self, path: str | Path) -> None:
        """:class:`MediaError` for a file that has done it twice, as long as it is the same."""
        if not self._counts:
            return
        with self._lock:
            count = self._counts[_stamp(path)]
        if count >= _TRIES:
            raise MediaError(
                f"{path} is not read again",
                "The decoder stopped twice while reading it",
                "Leave it out, or convert it with another program",
            )

    @contextlib.contextmanager
    def watched(self, path: str | Path) -> Iterator[None]:
        """What is lost inside is put in words, and the file blamed."""
        self.check(path)
        try:
            yield
        except ChildGone as gone:
            self.blame(path)
            logger.info("decoder lost at %s: %s\n%s", path, gone, gone.log)
            raise stopped(path, gone) from gone


def stopped(path: str | Path, gone: ChildGone) -> MediaError:
    """The failure of a file that took its decoder along."""
    return MediaError(
        f"The decoder stopped while reading {path}",
        str(gone),
        "Skip this file, or convert it with another program",
    )


def _stamp(path: str | Path) -> tuple[object, ...]:
    try:
        facts = os.stat(path)
    except (OSError, ValueError):
        return (str(path),)
    return facts.st_dev, facts.st_ino, facts.st_size, facts.st_mtime_ns


def _current_folder() -> str:
    try:
        return os.getcwd()
    except OSError:
        return ""
