"""What the end-to-end tests share: a real project made once, copied for each test."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.real_clips import real_project
from tests.support.window_driver import Script, open_by_command_line

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.e2e)


@pytest.fixture(scope="session")
def made_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of real clips; its media stay where they are, so a copy of it is whole."""
    return real_project(tmp_path_factory.mktemp("real"))


@pytest.fixture
def project(made_project: Path, tmp_path: Path) -> Path:
    """This test's own copy."""
    return Path(shutil.copytree(made_project, tmp_path / "project"))


@pytest.fixture
def opened(qapp: object, tmp_path: Path) -> Callable[[Path | None, Script], int]:
    """`opened(project, script)`: the window with someone at the keyboard; the exit code."""
    return lambda path, script: open_by_command_line(path, script, tmp_path / "settings")
