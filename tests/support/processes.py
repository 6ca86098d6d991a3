"""Looking for what child processes leave behind (Linux)."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

linux = pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="needs /proc")


def gone(pid: int, seconds: float = 10.0) -> bool:
    """Whether a process is no more, not even as an entry that nobody has asked for."""
    end = time.monotonic() + seconds
    while Path(f"/proc/{pid}").exists():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


def ended(pid: int, seconds: float = 10.0) -> bool:
    """Whether a process of somebody else's runs no more."""
    end = time.monotonic() + seconds
    while True:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return True
        if state in "ZX":
            return True
        if time.monotonic() > end:
            return False
        time.sleep(0.01)


def open_files() -> int:
    """How many file descriptors this process holds."""
    return len(os.listdir("/proc/self/fd"))


def memory_kib(pid: int, name: str) -> int:
    """A line of /proc/PID/status, KiB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(f"{name}:")).split()[1])
