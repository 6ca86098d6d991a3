"""Analysis in one pass: fields on disk, parts of files, older measurements, plugins, stopping."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from motionlens.app import Project, create_project
from motionlens.domain.clip import Flag, MotionSummary
from motionlens.domain.errors import Cancelled
from motionlens.lanes import CancelToken
from motionlens.media import PyAVReader
from motionlens.motion.flaggers import strangers
from motionlens.motion.flow.fields import pair_field

FRAMES, HEIGHT, WIDTH = 40, 48, 64


def _drift(step: int) -> np.ndarray:
    random = np.random.default_rng(step)
    coarse = random.integers(0, 255, (HEIGHT // 6 + 1, WIDTH // 6 + 1 + FRAMES, 3), dtype=np.uint8)
    wide = coarse.repeat(6, 0).repeat(6, 1)
    return np.stack([wide[:HEIGHT, step * f : step * f + WIDTH] for f in range(FRAMES)])


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with create_project(tmp_path / "p") as made:
        PyAVReader().write(tmp_path / "a.mp4", _drift(2), 20.0)
        made.add([tmp_path / "a.mp4"])
        yield made


def _luma(project: Project) -> np.ndarray:
    path = project.rooms.store.clips()[0].path
    return np.concatenate(list(PyAVReader().pieces(path, max_side=512, luma=True)))


def test_fields_are_stored_as_they_are_computed_alone(project: Project) -> None:
    project.analyse(jobs=1)
    clip, luma = project.rooms.store.clips()[0], _luma(project)
    stored = [project.rooms.fields.read(clip.content_hash, block) for block in range(4)]
    assert [None if block is None else len(block) for block in stored] == [16, 16, 7, None]
    for frame in (0, 15, 16, 38):
        block = stored[frame // 16]
        assert block is not None
        alone = pair_field(luma[frame], luma[frame + 1], clip.info.width)
        assert np.array_equal(block[frame % 16], alone)


def test_the_curve_and_flags_are_of_all_frames(project: Project) -> None:
    result = project.analyse(jobs=1)
    clip = project.rooms.store.clips()[0]
    summary, _ = project.rooms.store.analyses()[clip.id]
    assert len(summary.curve) == FRAMES
    assert summary.mean_px == pytest.approx(2, abs=0.3)
    names = {flag.name for flag in project.rooms.store.flags()[clip.id]}
    assert names == set(result.flags)
    assert {"camera_only", "time_reversed", "near_duplicate", "too_short"} <= names
    assert result.flags["camera_only"] == 1


def test_a_part_of_a_file_stores_whole_blocks_only(project: Project, tmp_path: Path) -> None:
    part = tmp_path / "part.jsonl"
    part.write_text('{"path": "a.mp4", "start": 10, "stop": 34}\n', encoding="utf-8")
    with create_project(tmp_path / "q") as other:
        other.add([], manifest=part)
        clip = other.rooms.store.clips()[0]
        assert clip.span is not None
        start, stop = clip.span.start, clip.span.stop
        other.analyse(jobs=1)
        stored = [other.rooms.fields.read(clip.content_hash, block) for block in range(3)]
        assert [block is not None for block in stored] == [False, True, False]
        luma = _luma(project)
        assert stored[1] is not None
        assert np.array_equal(stored[1][3], pair_field(luma[19], luma[20], clip.info.width))
        summary, _ = other.rooms.store.analyses()[clip.id]
        assert len(summary.curve) == stop - start


def test_what_an_older_version_measured_is_measured_again(project: Project) -> None:
    clip = project.rooms.store.clips()[0]
    project.rooms.store.save_analysis(
        clip.id, MotionSummary((9.0,), 9.0, 0.0), [Flag("gone", 1.0, "old")], bytes(448)
    )
    assert project.analyse(jobs=1).done == 1
    assert len(project.rooms.store.analyses()[clip.id][0].curve) == FRAMES
    assert "gone" not in {flag.name for flag in project.rooms.store.flags()[clip.id]}
    before = project.rooms.store.analyses()[clip.id]
    project.analyse(jobs=1)
    assert project.rooms.store.analyses()[clip.id] == before


def test_a_broken_plugin_is_named_and_stops_nothing(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken:
        def judge(self, evidence: object) -> Flag:
            raise RuntimeError("no licence")

    monkeypatch.setattr(strangers, "_installed", lambda: ({"theirs": Broken()}, {}))
    result = project.analyse(jobs=1)
    assert [(blocked.name, blocked.why) for blocked in result.blocked] == [("theirs", "no licence")]
    assert result.done == 1


def test_analysis_stops_inside_of_a_clip(project: Project) -> None:
    token = CancelToken()
    seen = []

    class After(CancelToken):
        def check(self) -> None:
            seen.append(1)
            if len(seen) > 2:
                token.cancel()
            token.check()

    with pytest.raises(Cancelled):
        project.analyse(jobs=1, cancel=After())
    assert project.rooms.store.analyses() == {}
