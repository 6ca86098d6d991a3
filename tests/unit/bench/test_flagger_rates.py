"""Hit rates of flaggers, on a clip of the world where the real ones are not there."""

from __future__ import annotations

from pathlib import Path

import pytest

from motionlens.bench import flagger_cases
from motionlens.bench.flaggers import Look, Tally, markdown, measured
from motionlens.motion.flaggers import FLAG_NAMES


def test_cases_of_a_world_clip_are_made_and_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOTIONLENS_SHARED", str(tmp_path))
    wanted = ("letterbox", "time_reversed", "near_duplicate")
    cases = [case for case in flagger_cases.CASES if case.flag in wanted]
    monkeypatch.setattr("motionlens.bench.flaggers.CASES", tuple(cases))
    missed: list[str] = []
    tallies, look = measured(2, missed.append)
    assert set(tallies) == set(FLAG_NAMES)
    assert all(tallies["letterbox"].found)
    assert all(tallies["time_reversed"].found)
    assert len(tallies["near_duplicate"].found) == 2 * len(flagger_cases.COPIES)
    assert len(tallies["scene_cut"].found) == 2
    assert not any(tallies["static"].flagged)
    assert (look.drawn, look.others) == (0, 2)


def test_the_table_counts_with_intervals() -> None:
    tally = Tally()
    tally.hits["made"] += [True] * 9 + [False]
    tally.alarms["real"] += [False] * 20
    table = markdown({"static": tally}, Look(0.75, 0.4, 0.9, 11, 43))
    assert "| 0.9 | made: 9 of 10 [60, 98] | 0 of 20 [0, 16] (real: 0 of 20) |" in table
    assert "11 drawn or rendered clips from 43 others with an AUROC of 0.75" in table
