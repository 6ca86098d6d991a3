"""Which process a run belongs to, told so that a reused number is never taken for it."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO


@dataclass(frozen=True)
class ProcessIdentity:
    """A process, for good: numbers are used again, so its start and the machine's boot count too.

    Attributes
    ----------
    pid : int
    started : float
        Linux: clock ticks since boot (field 22 of ``/proc/PID/stat``); elsewhere seconds since
        1970.
    boot : str
        Id of the machine's boot, empty where the system has none.
    """

    pid: int
    started: float
    boot: str

    def alive(self) -> bool:
        """True while that very process runs (one that has ended but not been reaped does not)."""
        return identify(self.pid) == self


def identify(pid: int) -> ProcessIdentity | None:
    """The identity of a running process; None if there is none of that number."""
    started = _started_linux(pid) if sys.platform == "linux" else _started_elsewhere(pid)
    return None if started is None else ProcessIdentity(pid, started, _boot())


def current() -> ProcessIdentity:
    """The identity of this process."""
    found = identify(os.getpid())
    return found if found is not None else ProcessIdentity(os.getpid(), 0.0, _boot())


def identity_from_json(values: Mapping[str, Any]) -> ProcessIdentity:
    """From a ``process.json``; raises KeyError, TypeError or ValueError on a foreign document."""
    return ProcessIdentity(int(values["pid"]), float(values["started"]), str(values["boot"]))


def hold_alone(path: Path) -> BinaryIO | None:
    """An open file that only one process can hold; None if another holds it.

    The system lets go of it when the process ends, however it ends.
    """
    file = open(path, "ab")  # noqa: SIM115 (held open by the caller)
    try:
        _lock(file)
    except OSError:
        file.close()
        return None
    return file


def _lock(file: BinaryIO) -> None:
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _started_linux(pid: int) -> float | None:
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    # The name, in brackets, may itself hold blanks and brackets.
    fields = text.rpartition(")")[2].split()
    state, started = fields[0], fields[19]
    return None if state in "ZX" else float(started)


def _started_elsewhere(pid: int) -> float | None:
    # Imported by name: it comes with torch's companions and has no type stubs of its own.
    psutil = import_module("psutil")
    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else float(process.create_time())
    except psutil.Error:
        return None


def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""
