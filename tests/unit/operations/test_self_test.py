"""An index that mixes rows up, or a mask that makes no difference, is found out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from motionlens.app import Project, create_project
from motionlens.attribution.attributor import TorchAttributor
from motionlens.domain.errors import MotionLensError
from motionlens.domain.ports import GradientRow, SeenClip
from motionlens.models.embedded import EmbeddedModel
from motionlens.models.network import NetworkShape
from motionlens.operations.self_test import kept_self_test, moved_mask
from tests.support.verbs import slide, verb

SMALL = NetworkShape(widths=(8, 8, 16), blocks=(1, 1, 1, 1, 1), condition=16)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("model") / "small"
    EmbeddedModel.untrained(3, SMALL).save(folder)
    return str(folder)


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with create_project(tmp_path / "p") as made:
        for number in range(4):
            slide(tmp_path / "m" / f"{number}.mp4", number, frames=6, rising=number > 1)
        made.add([tmp_path / "m"])
        yield made


def test_a_sound_index_passes_and_says_so_again(project: Project, model: str) -> None:
    first = project.index(model=model)
    assert first.self_test is not None
    assert first.self_test.ok
    assert first.self_test.clips == 2
    assert first.self_test.rank == 1
    assert first.self_test.own == pytest.approx(1, abs=1e-4)
    assert first.self_test.shuffled is not None
    assert first.self_test.shuffled < 0.9
    assert project.index(model=model).self_test == first.self_test
    assert kept_self_test(project.rooms.indexes, first.fingerprint) == first.self_test
    assert project.check().ok
    without = project.index(model=model, mask="none").self_test
    assert without is not None
    assert without.ok
    assert without.shuffled is None


def test_rows_of_other_clips_are_found_out(
    project: Project, model: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    made = TorchAttributor.rows

    def of_other_clips(
        self: TorchAttributor, clips: Sequence[SeenClip]
    ) -> list[GradientRow | MotionLensError]:
        rows = made(self, clips)
        return [
            replace(row, vector=np.roll(row.vector, 1)) if isinstance(row, GradientRow) else row
            for row in rows
        ]

    with monkeypatch.context() as changed:
        changed.setattr(TorchAttributor, "rows", of_other_clips)
        result = project.index(model=model)
    assert result.self_test is not None
    assert not result.self_test.ok
    assert "rows do not belong to their clips" in result.self_test.why
    (problem,) = project.check().problems
    assert problem.where == f"index {result.fingerprint}"
    assert "self-test failed" in problem.what
    said = verb("index", tmp_path / "p", "--model", model)
    assert "Do not trust this index" in said.out


def test_a_mask_that_makes_no_difference_is_found_out(
    project: Project, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    weigh = EmbeddedModel.mask_to_latent
    monkeypatch.setattr(
        EmbeddedModel, "mask_to_latent", lambda self, mask: weigh(self, mask) * 0 + 1
    )
    result = project.index(model=model).self_test
    assert result is not None
    assert not result.ok
    assert "makes no difference" in result.why


def test_a_moved_mask_has_the_same_weights_elsewhere() -> None:
    mask = np.zeros((6, 20, 30), np.float32)
    mask[2, 3:6, 4:9] = np.arange(15).reshape(3, 5)
    moved = moved_mask(mask, np.random.default_rng(0))
    assert np.array_equal(np.sort(moved.ravel()), np.sort(mask.ravel()))
    assert not (moved * mask).any()
