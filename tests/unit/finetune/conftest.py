"""Real rendered clips on disk, and a base model small enough for many steps a second."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from motionlens.domain.clip import clip_id
from motionlens.domain.manifest import Manifest, ManifestEntry
from motionlens.domain.run import RunSettings
from motionlens.files import content_hash
from motionlens.finetune.run_folder import RunFolder
from motionlens.media import PyAVReader
from motionlens.models.embedded import EmbeddedModel
from motionlens.models.network import NetworkShape
from motionlens.worlds.physics import simulate

SMALL = NetworkShape(widths=(8, 8, 16), blocks=(1, 1, 1, 1, 1), condition=16)
KINDS = ("clean", "pause", "clean", "stretch", "clean")


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> None:
    """As the worker does: one thread adds in one order."""
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def listed(tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    """Five rendered clips as an approved list."""
    folder = tmp_path_factory.mktemp("clips")
    reader = PyAVReader()
    entries = []
    for number, kind in enumerate(KINDS):
        made = simulate(31 + number, kind)
        path = folder / f"clip-{number}.mp4"
        reader.write(path, made.frames, 8.0)
        content = content_hash(path)
        entries.append(
            ManifestEntry(
                id=clip_id(content),
                path=str(path),
                content_hash=content,
                caption=made.caption,
                width=256,
                height=256,
                fps=8.0,
                frames=16,
                duration_s=2.0,
            )
        )
    return Manifest(tuple(sorted(entries, key=lambda entry: entry.id)), "not-excluded")


@pytest.fixture
def base() -> EmbeddedModel:
    """The same fresh weights each time."""
    return EmbeddedModel.untrained(3, SMALL)


@pytest.fixture(scope="session")
def base_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same weights on disk, for child processes."""
    folder = tmp_path_factory.mktemp("base") / "small"
    EmbeddedModel.untrained(3, SMALL).save(folder)
    return folder


def settings(base: str = "small", **changes: object) -> RunSettings:
    """A short run's settings."""
    values: dict[str, object] = {
        "run": "",
        "base": base,
        "base_hash": "",
        "method": "full",
        "steps": 10,
        "seed": 0,
        "batch": 4,
        "learning_rate": 3e-3,
        "device": "cpu",
        "manifest_sha256": "",
    }
    return RunSettings(**{**values, **changes})  # type: ignore[arg-type]


MakeRun = Callable[..., RunFolder]


@pytest.fixture
def make_run(tmp_path: Path, listed: Manifest) -> MakeRun:
    """A run folder as the launcher makes it, without a child."""

    def make(name: str, manifest: Manifest = listed, **changes: object) -> RunFolder:
        run = RunFolder(tmp_path / name)
        run.root.mkdir()
        run.manifest.write_text(manifest.to_json_lines(), encoding="utf-8")
        chosen = settings(run=name, manifest_sha256=manifest.sha256, **changes)
        run.write_settings(chosen)
        return run

    return make
