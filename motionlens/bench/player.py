"""The player as people meet it: the real window, its keys, its clock, its painting.

Budgets are those of the window's specification (95 % of presses); a ratio is ours over the budget,
or over what the same machine needs without the load.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from PySide6.QtCore import Qt, QTimer

from motionlens.bench.case import Row
from motionlens.bench.window import Bench, make_clips_project, opened
from motionlens.session.player import PlayerState

_FILLS = frozenset({"flow", "mask"})
_TICK_MS = 16
# Clips for the candidate's queue; one of them fills a large screen.
_LARGE, _SMALL, _QUERY = "large", "small", "query"


def player(quick: bool) -> list[Row]:
    """Dropped frames, latencies, painting, and the GUI thread beside an index job."""
    seconds, presses, clips = (2, 8, 4) if quick else (8, 60, 12)
    large = (640, 360, 60) if quick else (1920, 1080, 120)
    small = (320, 180, 45) if quick else (1280, 720, 90)
    wanted = {f"{_SMALL}-{n}": small for n in range(clips)}
    wanted |= {_LARGE: large, _QUERY: small}
    with tempfile.TemporaryDirectory() as folder:
        project = make_clips_project(Path(folder), wanted, _QUERY)
        with opened(project, 1920, 1080) as bench:
            rows = [
                _dropped(bench, large, seconds),
                _dropped_beside(bench, small, seconds),
                _painting(bench, 10 if quick else 60),
                *_latencies(bench, presses),
                *_beside_an_index(bench, seconds),
            ]
    return rows


def _dropped(bench: Bench, size: tuple[int, int, int], seconds: int) -> Row:
    """A clip with flow and mask from the cache, alone on the stage."""
    bench.show(_LARGE)
    _overlays(bench, _FILLS)
    if not bench.review.stages.filled:
        bench.press(Qt.Key.Key_F)
    _play_through(bench)
    dropped, due = _played(bench, seconds, [bench.review.players.candidate])
    bench.press(Qt.Key.Key_F)
    name = f"{size[0]}x{size[1]} at 30 a second, flow and mask, frames dropped"
    return Row("player", name, dropped, due, "frames due", dropped / max(1, due), 0.0)


def _dropped_beside(bench: Bench, size: tuple[int, int, int], seconds: int) -> Row:
    """Two clips in step."""
    players = bench.review.players
    bench.show(f"{_SMALL}-0")
    _overlays(bench, frozenset())
    bench.until(lambda: players.query.painted_frame is not None, "both are painted")
    _play_through(bench)
    dropped, due = _played(bench, seconds, [players.candidate, players.query])
    name = f"two of {size[0]}x{size[1]} at 30 a second, frames dropped"
    return Row("player", name, dropped, due, "frames due", dropped / max(1, due), 0.01)


def _painting(bench: Bench, times: int) -> Row:
    """One frame at the size of the stage, without vectors, against copying its pixels."""
    bench.show(_LARGE)
    _overlays(bench, frozenset())
    bench.press(Qt.Key.Key_F)
    bench.live(300)
    stage, before = bench.review.candidate_stage, bench.window.size()
    bench.review.playback.play(False)
    # So large that a whole frame is shown without scaling.
    bench.window.resize(before.width(), before.height() + 1080 - stage.height())
    bench.live(500)
    image = bench.review.players.candidate.image
    if image is None:
        raise RuntimeError("no frame is on the stage")
    paint, copy = _medians(times, stage.repaint, image.pixels.copy)
    bench.window.resize(before)
    bench.press(Qt.Key.Key_F)
    size = f"{image.pixels.shape[1]}x{image.pixels.shape[0]}"
    return Row("player", f"painting {size}", paint, copy, "copying the frame", paint / copy, 2.0)


def _latencies(bench: Bench, presses: int) -> list[Row]:
    """From a key to the painting that answers it, at the 95th of a hundred presses."""
    review = bench.review
    bench.show(f"{_SMALL}-0")
    _overlays(bench, frozenset({"arrows"}))
    _play_through(bench)
    review.playback.play(False)
    bench.live(100)
    steps = _presses(bench, presses, [Qt.Key.Key_Period])
    back = _presses(bench, presses, [Qt.Key.Key_Comma])
    toggles = _presses(bench, presses, [Qt.Key.Key_1])
    clips = _clip_presses(bench, max(4, presses // 2))
    return [
        _budget("key to the next frame", steps, 33.0),
        _budget("key to the frame before", back, 33.0),
        _budget("key to an overlay on or off, cached", toggles, 33.0),
        _budget("key to the next clip's first frame", clips, 50.0),
    ]


def _beside_an_index(bench: Bench, seconds: int) -> list[Row]:
    """Lateness of a 16 ms timer of the GUI thread: idle, and while clips are indexed."""
    bench.review.playback.play(False)
    idle = _timer_p99(bench, seconds, lambda: True)
    jobs = bench.window.desk.context.jobs if bench.window.desk else None
    if jobs is None:
        raise RuntimeError("no project is open")
    bench.window.actions_table.run("run.index")
    bench.until(lambda: bool(jobs.live), "the index job runs")
    busy = _timer_p99(bench, seconds, lambda: bool(jobs.live))
    for row in jobs.live:
        jobs.cancel(row.key)
    bench.until(lambda: not jobs.live, "the index job is cancelled")
    return [
        Row("player", "16 ms timer while indexing, p99", busy, idle, "idle", busy / idle, 1.5),
        _row("16 ms timer while indexing, p99", busy, 33.0),
    ]


def _overlays(bench: Bench, overlays: frozenset[str]) -> None:
    for one in bench.review.players.both():
        one.set_overlays(overlays)


def _play_through(bench: Bench) -> None:
    """Once round, and as long again as anything is still being made ready."""
    review = bench.review
    review.playback.play(True)
    loop = review.players.candidate.loop
    bench.live(int(1000 * (loop.duration_s if loop else 1)) + 300)
    bench.until(
        lambda: not any(p.image.pending for p in review.players.both() if p.image is not None),
        "all overlays are ready",
    )


def _played(bench: Bench, seconds: int, players: Sequence[PlayerState]) -> tuple[int, int]:
    """Frames dropped, and frames that were due."""
    bench.review.playback.play(True)
    bench.live(200)
    before = [(one.timing.dropped, one.timing.shown) for one in players]
    bench.live(1000 * seconds)
    after = [(one.timing.dropped, one.timing.shown) for one in players]
    dropped = sum(now[0] - was[0] for was, now in zip(before, after, strict=True))
    shown = sum(now[1] - was[1] for was, now in zip(before, after, strict=True))
    bench.review.playback.play(False)
    return dropped, dropped + shown


def _presses(bench: Bench, count: int, keys: list[Qt.Key]) -> list[float]:
    timing = bench.review.players.candidate.timing
    taken = []
    for n in range(count):
        known = len(timing.presses), timing.presses[-1] if timing.presses else None
        started = time.perf_counter()
        bench.press(keys[n % len(keys)])
        bench.until(
            lambda known=known: (  # type: ignore[misc]
                (len(timing.presses), timing.presses[-1] if timing.presses else None) != known
            ),
            "a key is answered",
        )
        taken.append(time.perf_counter() - started)
        bench.live(60)
    return [1000 * seconds for seconds in taken]


def _clip_presses(bench: Bench, count: int) -> list[float]:
    """D through the queue and A back, pausing as a person does: neighbours are made ready."""
    taken: list[float] = []
    review = bench.review
    painted: list[str] = []
    review.candidate_stage.painted.connect(lambda clip, *_: painted.append(clip))
    bench.show(review.state.queue[0].clip.name)
    place, way = 0, 1
    for _ in range(count):
        bench.live(700)
        if not 0 <= place + way < len(review.state.queue):
            way = -way
        place += way
        wanted = review.state.queue[place].clip.id
        painted.clear()
        started = time.perf_counter()
        bench.press(Qt.Key.Key_D if way > 0 else Qt.Key.Key_A)
        bench.until(
            lambda wanted=wanted: wanted in painted,  # type: ignore[misc]
            "the next clip is painted",
        )
        taken.append(1000 * (time.perf_counter() - started))
    return taken


def _timer_p99(bench: Bench, seconds: int, goes_on: Callable[[], bool]) -> float:
    """99th percentile of the gaps between ticks, ms; with a repaint a tick, as in use."""
    ticks: list[float] = []
    timer = QTimer(bench.window)
    timer.setTimerType(Qt.TimerType.PreciseTimer)

    def tick() -> None:
        ticks.append(time.perf_counter())
        bench.review.candidate_stage.update()

    timer.timeout.connect(tick)
    timer.start(_TICK_MS)
    end = time.monotonic() + seconds
    while time.monotonic() < end and goes_on():
        bench.live(100)
    timer.stop()
    gaps = 1000 * np.diff(ticks)
    return float(np.percentile(gaps, 99)) if len(gaps) else float(_TICK_MS)


def _medians(
    times: int, ours: Callable[[], object], peer: Callable[[], object]
) -> tuple[float, float]:
    """Medians in ms of this thread's CPU time, taken in turn."""
    spent: tuple[list[float], list[float]] = ([], [])
    for _ in range(times):
        for work, kept in zip((ours, peer), spent, strict=True):
            started = time.thread_time()
            work()
            kept.append(1000 * (time.thread_time() - started))
    return float(np.median(spent[0])), float(np.median(spent[1]))


def _budget(case: str, taken: list[float], budget_ms: float) -> Row:
    return _row(f"{case}, p95 of {len(taken)}", float(np.percentile(taken, 95)), budget_ms)


def _row(case: str, ours_ms: float, budget_ms: float) -> Row:
    return Row("player", case, ours_ms, budget_ms, "budget", ours_ms / budget_ms, 1.0)
