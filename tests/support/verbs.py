"""Running verbs as a script would see them, and small clips to run them on."""

from __future__ import annotations

import contextlib
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from motionlens.app import tools
from motionlens.cli import main


@dataclass(frozen=True)
class Answer:
    """Exit code and what was said; `json` insists on exactly one document on stdout."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    def refused(self, *words: str) -> Answer:
        """Itself, if it is one line on stderr that holds these words, with exit code 2."""
        assert self.code == 2, (self.code, self.out, self.err)
        assert "Traceback" not in self.err
        lines = [line for line in self.err.splitlines() if not _is_progress(line)]
        assert len(lines) == 1, self.err
        for word in words:
            assert word in lines[0], f"{word!r} is not in {lines[0]!r}"
        return self


def verb(*arguments: object, given: str = "") -> Answer:
    """`motionlens ARGUMENTS` in this process; `given` is its stdin."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.ExitStack() as stack:
        stack.enter_context(contextlib.redirect_stdout(out))
        stack.enter_context(contextlib.redirect_stderr(err))
        if given:
            stack.enter_context(_stdin(given))
        try:
            code = main([str(argument) for argument in arguments])
        except SystemExit as left:  # --help and --version
            code = int(left.code or 0)
    return Answer(code, out.getvalue(), err.getvalue())


def slide(path: Path, speed: int, frames: int, *, rising: bool = False) -> Path:
    """An mp4 of 64 x 48 px in which a square moves `speed` px a frame (and up)."""
    pictures = np.full((frames, 48, 64, 3), (40, 60, 80), np.uint8)
    for n in range(frames):
        left, top = 2 + (n * speed) % 48, 20 - (n * 2 if rising else 0)
        pictures[n, max(0, top) : max(1, top + 14), left : left + 14] = (230, 200, 40 + 30 * speed)
    path.parent.mkdir(parents=True, exist_ok=True)
    tools().reader.write(path, pictures, 8.0)
    return path


@contextlib.contextmanager
def _stdin(text: str) -> Any:
    import sys

    before = sys.stdin
    sys.stdin = io.StringIO(text)
    try:
        yield
    finally:
        sys.stdin = before


def _is_progress(line: str) -> bool:
    head, colon, tail = line.rpartition(": ")
    return bool(colon and head) and " of " in tail and tail.split(" of ")[0].isdigit()
