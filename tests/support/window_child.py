"""The window in a process of its own, played by a named script, to be looked at or killed.

Run as `python -m tests.support.window_child SCRIPT PROJECT SETTINGS`; the script tells on stdout,
one line at a time.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]


@contextmanager
def played(script: str, project: Path, settings: Path) -> Iterator[subprocess.Popen[str]]:
    """The child process; killed at the end if it still lives."""
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.support.window_child", script, str(project), str(settings)],
        cwd=CHECKOUT,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield child
    finally:
        child.kill()
        child.communicate()


def say_modules(curator: object) -> None:
    """Tell which libraries are imported at the first paint, in Review, and at the end."""
    from tests.support.window_driver import Curator

    assert isinstance(curator, Curator)
    _say("first paint")
    curator.until(lambda: curator.seen, "the candidate is painted")
    _say("review")
    curator.wait_ms(1000)
    _say("closing")
    curator.quit()


def accept_and_stay(curator: object) -> None:
    """Accept two clips, tell each that is said to be saved, and wait to be killed."""
    from PySide6.QtCore import Qt

    from tests.support.window_driver import Curator

    assert isinstance(curator, Curator)
    print(curator.judge(Qt.Key.Key_X), flush=True)
    print(curator.judge(Qt.Key.Key_X), flush=True)
    curator.until(lambda: False, "somebody kills this process")


def judge_all(curator: object) -> None:
    """Judge clip after clip by single keys; tell each press, and each answer said to be saved."""
    from PySide6.QtCore import Qt

    from tests.support.window_driver import Curator

    assert isinstance(curator, Curator)
    keys = (Qt.Key.Key_X, Qt.Key.Key_C, Qt.Key.Key_X, Qt.Key.Key_S)
    curator.until(lambda: curator.seen, "the first candidate is painted")
    view = curator.window.views["review"]
    saved: list[str] = []
    view.state.writer.written.connect(lambda written: saved.extend(written.changes.clips))
    counts = view.state.counts
    for n in range(counts.total - counts.excluded - counts.kept - counts.later):
        curator.pause()
        clip, start = curator.clip, time.perf_counter()
        _tell(pressed=clip)
        curator.press(keys[n % len(keys)])
        curator.until(lambda clip=clip: clip in saved, "the answer is saved")
        _tell(saved=clip, ms=round(1000 * (time.perf_counter() - start), 1))
        last = n + 1 == counts.total - counts.excluded - counts.kept - counts.later
        curator.until(
            lambda clip=clip, last=last: last or (curator.seen and curator.clip != clip),
            "the next candidate is painted",
        )
        _tell(seen=curator.clip, ms=round(1000 * (time.perf_counter() - start), 1))
    _tell(done=True)
    curator.quit()


SCRIPTS = {script.__name__: script for script in (say_modules, accept_and_stay, judge_all)}


def _tell(**what: object) -> None:
    print(json.dumps(what), flush=True)


def _say(when: str) -> None:
    heavy = sorted({name.partition(".")[0] for name in sys.modules})
    print(json.dumps({"when": when, "modules": heavy}), flush=True)


if __name__ == "__main__":
    from tests.support.window_driver import open_by_command_line

    sys.exit(open_by_command_line(Path(sys.argv[2]), SCRIPTS[sys.argv[1]], Path(sys.argv[3])))
