"""Verbs run in this process through the real `main`, on small clips that really move."""

from __future__ import annotations

from pathlib import Path

import pytest

from motionlens.models.embedded import EmbeddedModel
from motionlens.models.network import NetworkShape
from tests.support.verbs import slide, verb

SMALL = NetworkShape(widths=(8, 8, 16), blocks=(1, 1, 1, 1, 1), condition=16)
# Px a frame of each training clip's square; the last one stands still.
SPEEDS = (1, 2, 3, 5, 0)


@pytest.fixture(scope="session")
def small_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network of our own kind, small enough for many gradients in a second."""
    folder = tmp_path_factory.mktemp("model") / "small"
    EmbeddedModel.untrained(3, SMALL).save(folder)
    return folder


@pytest.fixture(scope="session")
def media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`training` with captions beside the clips, `generation` with two bad ones."""
    root = tmp_path_factory.mktemp("media")
    for number, speed in enumerate(SPEEDS):
        path = root / "training" / f"slide_{number}.mp4"
        slide(path, speed, frames=10)
        path.with_suffix(".txt").write_text(f"slide: a square moves at speed {speed}\n")
    for number, speed in enumerate((4, 6)):
        slide(root / "generation" / f"bad_{number}.mp4", speed, frames=10, rising=True)
    return root


@pytest.fixture
def project(tmp_path: Path, media: Path) -> Path:
    """A project of the test's own with all clips added."""
    return filled(tmp_path / "project", media)


def filled(folder: Path, media: Path) -> Path:
    """A new project with the training clips and generations."""
    assert verb("new", folder).code == 0
    assert verb("add", folder, media / "training").code == 0
    assert verb("add", folder, media / "generation", "--role", "generation").code == 0
    return folder
