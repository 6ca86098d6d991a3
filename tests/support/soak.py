"""The real window in use for an hour: does its memory stay flat, does it leak handles?

    python -m tests.support.soak PROJECT [--minutes 60]

Judges, undoes, plays with each overlay, steps, filters, scrolls the library, explains a query,
opens palette, sheet and settings, over and over. Prints one JSON document: resident memory (own,
and with the decoders' processes), handles, threads and widgets, after the first ten minutes (or a
sixth of the time) and at the end.
"""

from __future__ import annotations

import argparse
import gc
import json
import sys
import tempfile
import threading
import time
from dataclasses import asdict, dataclass
from itertools import cycle
from pathlib import Path
from statistics import median

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QApplication

from tests.support.window_driver import CONTROL, Curator, open_by_command_line

SHIFT = Qt.KeyboardModifier.ShiftModifier
EVERY_S = 10.0


@dataclass(frozen=True)
class Sample:
    """What was measured at a moment; megabytes are 1e6 bytes, resident."""

    at_s: float
    own_mb: float
    all_mb: float
    handles: int
    threads: int
    widgets: int
    rounds: int


def measure(began_s: float, rounds: int) -> Sample:
    """Of this process and its children (Linux)."""
    gc.collect()
    own = resident_mb("self")
    task = Path("/proc/self/task")
    children = {
        child for thread in task.iterdir() for child in (thread / "children").read_text().split()
    }
    return Sample(
        round(time.monotonic() - began_s, 1),
        round(own, 1),
        round(own + sum(resident_mb(child) for child in children), 1),
        len(list(Path("/proc/self/fd").iterdir())),
        threading.active_count(),
        len(QApplication.allWidgets()),
        rounds,
    )


def resident_mb(process: str) -> float:
    """Resident memory of a process; 0 where it is gone."""
    try:
        told = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return 0.0
    line = next((line for line in told.splitlines() if line.startswith("VmRSS")), "VmRSS: 0 kB")
    return int(line.split()[1]) * 1024 / 1e6


def one_round(curator: Curator, overlay: Qt.Key, decision: Qt.Key) -> None:
    """What a curator does in half a minute."""
    curator.view(2)
    curator.until(lambda: curator.seen, "the candidate is painted")
    walk_on(curator)
    curator.press(overlay)
    curator.wait_ms(1500)
    for key in (Qt.Key.Key_Space, Qt.Key.Key_Period, Qt.Key.Key_Period, Qt.Key.Key_Comma):
        curator.press(key)
        curator.wait_ms(60)
    curator.press(overlay)
    curator.press(Qt.Key.Key_Q)
    for _ in range(3):
        curator.judge(decision)
        curator.wait_ms(300)
    for _ in range(3):
        curator.press(Qt.Key.Key_Z)
        curator.wait_ms(300)
    curator.view(1)
    for key in (Qt.Key.Key_PageDown, Qt.Key.Key_End, Qt.Key.Key_Home, Qt.Key.Key_Right):
        curator.press(key)
        curator.wait_ms(250)
    curator.press(Qt.Key.Key_F, CONTROL)
    curator.type("clip-1")
    curator.wait_ms(200)
    curator.press(Qt.Key.Key_Escape)
    curator.view(3)
    curator.press(Qt.Key.Key_Down)
    curator.wait_ms(800)
    for key, modifier in (
        (Qt.Key.Key_K, CONTROL), (Qt.Key.Key_Question, SHIFT), (Qt.Key.Key_Comma, CONTROL),
    ):  # fmt: skip
        curator.press(key, modifier)
        curator.wait_ms(100)
        curator.press(Qt.Key.Key_Escape)
    curator.view(4)
    curator.wait_ms(200)


def walk_on(curator: Curator) -> None:
    """Five clips on; from the end back to the first."""
    state = curator.window.views["review"].state
    if state.place + 8 >= len(state.order):
        state.go(0)
    for _ in range(5):
        curator.press(Qt.Key.Key_D)
        curator.wait_ms(80)
    curator.until(lambda: curator.seen, "the candidate is painted")


def soak(curator: Curator, minutes: float) -> list[Sample]:
    """Rounds until the time is over, measured every ten seconds."""
    began_s = time.monotonic()
    samples, rounds = [measure(began_s, 0)], 0
    overlays = cycle((Qt.Key.Key_1, Qt.Key.Key_3, Qt.Key.Key_4, Qt.Key.Key_2))
    decisions = cycle((Qt.Key.Key_X, Qt.Key.Key_C))
    while (now_s := time.monotonic() - began_s) < 60 * minutes:
        one_round(curator, next(overlays), next(decisions))
        rounds += 1
        # The script holds the main loop, which deletes what a pressed key has put aside.
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        if now_s - samples[-1].at_s >= EVERY_S:
            samples.append(measure(began_s, rounds))
            print(json.dumps(asdict(samples[-1])), file=sys.stderr, flush=True)
    samples.append(measure(began_s, rounds))
    return samples


def summary(samples: list[Sample], minutes: float) -> dict[str, object]:
    """Medians of the minute after the warm-up, and of the last one."""
    warm_s = min(600.0, 60 * minutes / 6)
    early = [s for s in samples if warm_s <= s.at_s <= warm_s + max(60.0, warm_s / 2)]
    late = [s for s in samples if s.at_s >= samples[-1].at_s - max(60.0, warm_s / 2)]

    def both(name: str) -> dict[str, float]:
        first, last = (median(getattr(s, name) for s in part) for part in (early, late))
        return {"early": first, "end": last, "growth": round(last / first - 1, 4)}

    return {
        "minutes": minutes,
        "rounds": samples[-1].rounds,
        **{name: both(name) for name in ("own_mb", "all_mb", "handles", "threads", "widgets")},
    }


def main() -> None:
    """Soak, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("project", type=Path)
    parser.add_argument("--minutes", type=float, default=60.0)
    options = parser.parse_args()
    found: list[Sample] = []

    def script(curator: Curator) -> None:
        found.extend(soak(curator, options.minutes))
        curator.quit()

    with tempfile.TemporaryDirectory() as settings:
        open_by_command_line(options.project, script, Path(settings))
    json.dump(summary(found, options.minutes), sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
