"""A saved decision against the bare write and sync that no store can avoid."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from motionlens.bench.case import Row
from motionlens.domain.clip import Clip, MediaInfo, Role
from motionlens.domain.decision import Decision
from motionlens.store import create_store

_BLOCK = b"x" * 4096


def decisions(quick: bool) -> list[Row]:
    """Wall time, 95th percentile: waiting for the disk is the point here."""
    count = 20 if quick else 200
    with tempfile.TemporaryDirectory() as folder:
        store = create_store(Path(folder) / "project.db")
        info = MediaInfo(16, 16, 8.0, 4, False, 0, "h264", 0.5)
        clips = [
            Clip(f"{i:032x}", (f"/clip{i}.mp4",), f"{i:064x}", Role.TRAINING, info)
            for i in range(count)
        ]
        for clip in clips:
            store.add_clip(clip)
        with open(Path(folder) / "bare", "ab", buffering=0) as file:

            def bare(_: int) -> None:
                file.write(_BLOCK)
                os.fdatasync(file.fileno())

            mine = _p95(count, lambda i: store.decide([clips[i].id], Decision.KEEP, "bench"))
            theirs = _p95(count, bare)
        store.close()
    name = "append 4 KiB and sync"
    return [Row("store", "one decision, p95", mine, theirs, name, mine / max(theirs, 1e-6), None)]


def _p95(count: int, work: Callable[[int], object]) -> float:
    spent = []
    for i in range(count):
        start = time.perf_counter()
        work(i)
        spent.append((time.perf_counter() - start) * 1000)
    return sorted(spent)[int(0.95 * (count - 1))]
