"""Other programs on the same project, and programs that are killed in the middle."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from motionlens.domain.decision import Decision
from motionlens.store import SqliteStore, open_store

CHILD = """
import sys
from motionlens.domain.decision import Decision
from motionlens.store import open_store
path, name, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
with open_store(path) as store:
    ids = [clip.id for clip in store.clips()]
    print("ready", flush=True)
    sys.stdin.readline()
    for number in range(count):
        clips = ids[number % 30 : number % 30 + 3]
        done = store.decide(clips, Decision.EXCLUDE if number % 2 else Decision.KEEP, name)
        if number % 5 == 4:
            done = store.undo(name)
        print(done.event, flush=True)
"""


def start(path: Path, name: str, count: int) -> subprocess.Popen[str]:
    root = Path(__file__).resolve().parents[3]
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(path), name, str(count)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(root)},
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "ready\n"
    return child


def release(child: subprocess.Popen[str]) -> None:
    assert child.stdin is not None
    child.stdin.write("\n")
    child.stdin.flush()


@pytest.mark.parametrize("seen", [1, 12, 33])
def test_killed_in_mid_write_every_committed_step_is_there(
    store: SqliteStore, ids: list[str], seen: int
) -> None:
    store.close()
    with start(store.path, "ann", 100_000) as child:
        release(child)
        assert child.stdout is not None
        said = [child.stdout.readline().strip() for _ in range(seen)]
        child.send_signal(signal.SIGKILL)
        said += [line.strip() for line in child.stdout if line.endswith("\n")]
    assert len(said) >= seen
    with open_store(store.path) as again:
        assert again.check() == []
        steps: dict[str, int] = {}
        for event in again.events():
            steps[event.step] = steps.get(event.step, 0) + 1
        assert set(said) <= set(steps)
        assert set(steps.values()) == {3}, "a step is there as a whole or not at all"


def test_two_programs_write_at_once(store: SqliteStore, ids: list[str]) -> None:
    children = [start(store.path, name, 60) for name in ("ann", "bob")]
    for child in children:
        release(child)
    mine = [store.decide(ids[:1], Decision.UNSURE, "me").event for _ in range(20)]
    said = []
    for child in children:
        out, _ = child.communicate(timeout=60)
        assert child.returncode == 0
        said.append(out.split())
    steps = [event.step for event in store.events()]
    assert [len(lines) for lines in said] == [60, 60]
    assert {*said[0], *said[1], *mine} <= set(steps)
    assert len(steps) == 20 + 2 * (60 + 12) * 3
    ordered = list(dict.fromkeys(steps))
    for lines in said:
        assert [step for step in ordered if step in set(lines)] == lines
    assert store.check() == []


def test_one_lane_thread_may_use_what_another_opened(store: SqliteStore, ids: list[str]) -> None:
    done: list[int] = []
    lane = threading.Thread(
        target=lambda: done.append(store.decide(ids, Decision.KEEP, "ann").changed)
    )
    lane.start()
    lane.join()
    assert done == [40]


def test_a_reader_sees_one_state_while_another_program_writes(
    store: SqliteStore, ids: list[str]
) -> None:
    with open_store(store.path) as reader, reader.snapshot():
        assert reader.decisions() == {}
        store.decide(ids, Decision.EXCLUDE, "ann")
        assert reader.decisions() == {}
        assert reader.training_state()[1] == {}
    with open_store(store.path) as reader:
        assert len(reader.decisions()) == 40
