"""Looking for what a test left behind: threads and open files."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

# Files that only we open; libraries keep fonts, sockets and shared objects of their own.
_OURS = (".mp4", ".mkv", ".avi", ".webm", ".mov", ".gif", ".db", ".db-wal", ".f32", ".jsonl")


def open_project_files() -> set[str]:
    """Paths of media, databases and index files that this process holds open (Linux)."""
    folder = Path("/proc/self/fd")
    if not folder.is_dir():
        return set()
    found = set()
    for entry in folder.iterdir():
        try:
            target = os.readlink(entry)
        except OSError:
            continue
        if target.endswith(_OURS):
            found.add(target)
    return found


def settled_threads(
    before: set[threading.Thread], lasting: tuple[str, ...]
) -> list[threading.Thread]:
    """Threads that are new and still run after a moment to end by themselves."""
    deadline = time.monotonic() + 3.0
    while True:
        stray = [
            thread
            for thread in threading.enumerate()
            if thread not in before and thread.is_alive() and not thread.name.startswith(lasting)
        ]
        if not stray or time.monotonic() > deadline:
            return stray
        time.sleep(0.02)
