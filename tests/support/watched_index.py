"""A real index that is watched from its rows, and held in the middle."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from motionlens.app import create_project
from tests.support.verbs import slide
from tests.support.window_driver import PATIENCE_S


class WatchedIndex:
    """Notes the window's ticks at each row of the real index, on the lane that makes it.

    Rows come eight together. After row `hold` it holds the rows back until `go_on`: what happens
    meanwhile happens while an index runs, on a slow machine and on a fast one.
    """

    def __init__(self, patch: pytest.MonkeyPatch, hold: int) -> None:
        from motionlens.attribution.attributor import TorchAttributor

        self.ticks = 0
        self.rows: list[tuple[int, int]] = []
        self.go_on = threading.Event()
        rows = TorchAttributor.rows

        def watched(attributor, clips):
            before = self.ticks
            made = rows(attributor, clips)
            self.rows += [(before, self.ticks)] * len(clips)
            if len(self.rows) > hold:
                assert self.go_on.wait(PATIENCE_S), "nobody let the rows go on"
            return made

        patch.setattr(TorchAttributor, "rows", watched)

    def tick(self) -> None:
        self.ticks += 1


def many_clips(root: Path, clips: int, *names: str) -> list[Path]:
    """Projects of the same small clips, each clip with its own motion."""
    for n in range(clips):
        slide(root / "media" / f"clip_{n:02}.mp4", speed=1 + n % 7, frames=8 + n // 7)
    for name in names:
        with create_project(root / name) as project:
            assert project.add([root / "media"]).added == clips
    return [root / name for name in names]


def committed(project: Path) -> int:
    """Rows of the index that are on the disk, counted without the program."""
    return sum(len(file.read_bytes().splitlines()) for file in (project / "index").glob("*/ids"))
