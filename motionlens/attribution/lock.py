"""One writer an index: a lock file that says who holds it and that the dead do not hold."""

from __future__ import annotations

import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from motionlens.domain.errors import UsageError


class WriterLock:
    """Held from construction until `close`, or until its process dies.

    The operating system's own file lock decides, so a killed process leaves nothing to break;
    pid, start time and verb in the file are there to name the holder.

    Raises
    ------
    UsageError
        Somebody else holds it.
    """

    def __init__(self, path: Path, verb: str) -> None:
        self._handle = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o666)
        if not _lock(self._handle):
            holder = _holder(self._handle)
            os.close(self._handle)
            raise UsageError(
                "This index is being written already",
                f"by process {holder.get('pid', '?')} ({holder.get('verb', 'unknown')},"
                f" since {holder.get('started', '?')})",
                "Wait until it is done, or stop it",
            )
        text = json.dumps(
            {
                "pid": os.getpid(),
                "started": datetime.now(UTC).isoformat(timespec="seconds"),
                "verb": verb,
            }
        )
        os.ftruncate(self._handle, 0)
        os.lseek(self._handle, 0, os.SEEK_SET)
        os.write(self._handle, text.encode())

    def close(self) -> None:
        """Let go; harmless when done already."""
        if self._handle >= 0:
            # The file stays: removing it would let two others lock two different files.
            os.close(self._handle)
            self._handle = -1


def _holder(handle: int) -> dict[str, Any]:
    try:
        os.lseek(handle, 0, os.SEEK_SET)
        found = json.loads(os.read(handle, 4096))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


if sys.platform == "win32":
    import msvcrt

    def _lock(handle: int) -> bool:
        # Far behind the text, so that others can still read who holds it.
        os.lseek(handle, 1 << 20, os.SEEK_SET)
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        os.lseek(handle, 0, os.SEEK_SET)
        return True
else:
    import fcntl

    def _lock(handle: int) -> bool:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True
