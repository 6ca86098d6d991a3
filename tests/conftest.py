"""What every test gets: a private home, and a failure where it leaks or logs unexpectedly.

Qt is imported only for tests that ask for it (`qtbot`), so that the headless ones stay fast and
prove that they need no window.
"""

from __future__ import annotations

import os

# Before anything heavy is imported: one thread a library, no model hub, no user settings.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("HF_HUB_OFFLINE", "1")

import gc
import logging
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.leaks import open_project_files, settled_threads

# Threads that libraries keep for the life of the process, by the start of their names.
LASTING_THREADS = (
    "pydevd",
    "asyncio_",
    "ThreadPoolExecutor",  # torch's and pyarrow's import-time pools
    "QThread",
    "Dummy",  # a foreign thread (Qt, FFmpeg) that once ran Python
)


@pytest.hookimpl(trylast=True)
def pytest_configure() -> None:
    """The real platform where pytest-xvfb (which came first) has started a screen."""
    os.environ.setdefault("QT_QPA_PLATFORM", "xcb" if os.environ.get("DISPLAY") else "offscreen")


@pytest.fixture(autouse=True)
def private_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """HOME and the XDG folders of the test alone; nothing of the user is read or written."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(home / name.lower()))
    return home


@pytest.fixture(autouse=True)
def no_leaks(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test that leaves a thread, an open media or database file, or a window behind."""
    if request.node.get_closest_marker("leaks_are_checked_by_hand"):
        yield
        return
    threads = set(threading.enumerate())
    files = open_project_files()
    yield
    stray = settled_threads(threads, LASTING_THREADS)
    assert not stray, f"threads left running: {[thread.name for thread in stray]}"
    if open_project_files() - files:
        gc.collect()  # containers may hang in a reference cycle: that is no leak
    left = open_project_files() - files
    assert not left, f"files left open: {sorted(left)}"
    widgets = sys.modules.get("PySide6.QtWidgets")
    application = widgets.QApplication.instance() if widgets else None
    if widgets and isinstance(application, widgets.QApplication):
        shown = [w for w in application.topLevelWidgets() if w.isVisible()]
        assert not shown, f"windows left open: {shown}"


@pytest.fixture(autouse=True)
def no_unexpected_log(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Fail on a log line of ours at WARNING or above that the test did not clear."""
    caplog.set_level(logging.WARNING)
    yield
    lines = [
        record.getMessage()
        for when in ("setup", "call")
        for record in caplog.get_records(when)
        if record.levelno >= logging.WARNING and record.name.startswith("motionlens")
    ]
    assert not lines, f"unexpected log lines: {lines}"
