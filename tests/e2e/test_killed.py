"""Killed in the middle: nothing that was said to be saved is gone, and the same command goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from motionlens.app import open_project
from tests.support.verbs import verb
from tests.support.watched_index import committed, many_clips
from tests.support.window_child import played

CLIPS = 40  # in micro-batches of 8, on as many lanes as there are cores


def indexing(project: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "motionlens", "index", str(project), "--model", "embedded"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def kill_when_some_are_done(child: subprocess.Popen[str], project: Path) -> None:
    """SIGKILL after the first commit; the signal leaves no time to tidy anything."""
    try:
        while committed(project) == 0:
            assert child.poll() is None, child.communicate()
            time.sleep(0.005)
    finally:
        child.send_signal(signal.SIGKILL)
        child.communicate()
    assert child.returncode == -signal.SIGKILL


def rows_of(project: Path) -> dict[str, list[bytes]]:
    """Clip id -> every number that the index holds of it, as bytes."""
    with open_project(project) as opened:
        index, _ = opened.rooms.indexes.latest()
        columns = [index.vectors(), index.losses(), index.masked_losses(), index.norms()]
        found = {
            clip: [np.ascontiguousarray(column[row]).tobytes() for column in columns]
            for row, clip in enumerate(index.ids)
        }
        index.close()
    return found


def test_an_index_that_was_killed_goes_on_and_ends_bit_for_bit_the_same(tmp_path):
    killed, whole = many_clips(tmp_path, CLIPS, "killed", "whole")
    kill_when_some_are_done(indexing(killed), killed)
    done = committed(killed)
    assert 0 < done < CLIPS, f"{done} of {CLIPS} rows: it was not killed in the middle"
    checked = verb("check", killed, "--json").json
    assert checked["ok"], checked
    again = verb("index", killed, "--model", "embedded", "--json")
    assert again.code == 0, again.err
    assert again.json["clips"] == CLIPS
    other = verb("index", whole, "--model", "embedded", "--json").json
    assert again.json["fingerprint"] == other["fingerprint"]
    assert rows_of(killed) == rows_of(whole)
    assert _files(killed) == _files(whole)


def test_a_decision_that_was_said_to_be_saved_survives_a_kill(project, tmp_path):
    with played("accept_and_stay", project, tmp_path) as child:
        clips = [child.stdout.readline().strip() for _ in range(2)]
        os.kill(child.pid, signal.SIGKILL)
        assert child.wait(timeout=30) == -signal.SIGKILL
        assert all(clips), child.stderr.read()
    rows = verb("history", project, "--json").json
    assert [(row["clip"], row["decision"]) for row in rows] == [(c, "exclude") for c in clips]
    assert verb("check", project, "--json").json["ok"]


def _files(project: Path) -> dict[str, bytes]:
    """All number files of the index, byte for byte."""
    return {
        file.name: file.read_bytes()
        for file in (project / "index").glob("*/*")
        if file.suffix == ".f32" or file.name == "ids"
    }
