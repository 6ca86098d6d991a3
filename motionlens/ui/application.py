"""The application: dressed, hooked, with one window; the door that `open` goes through."""

from __future__ import annotations

import logging
import signal
import sys
import traceback
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QSettings, QTimer
from PySide6.QtWidgets import QApplication

from motionlens.domain.language import say
from motionlens.ui.key_filter import KeyFilter
from motionlens.ui.languages import speak_as_before, speak_as_chosen
from motionlens.ui.preferences import scale_interface
from motionlens.ui.theme import Theme
from motionlens.ui.window import MainWindow

logger = logging.getLogger(__name__)

NAME = "MotionLens"

# Lanes in Python code hold the lock for at most so long: a one-line gain, measured as p99 of a
# 16 ms timer while indexing.
SWITCH_INTERVAL_S = 0.0005


def make_application(arguments: list[str]) -> QApplication:
    """The one QApplication, dressed; made once a process."""
    app = QApplication.instance()
    if not isinstance(app, QApplication):
        app = QApplication(arguments)
    app.setApplicationName(NAME)
    app.setOrganizationName(NAME)
    app.setDesktopFileName("motionlens")
    return app


def run_window(project: Path | None, settings: QSettings | None = None) -> int:
    """Open the window, on a project where one is named, and stay until it closes."""
    interval, interrupt = sys.getswitchinterval(), signal.getsignal(signal.SIGINT)
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    settings = settings or QSettings(NAME, NAME)
    if QApplication.instance() is None:
        scale_interface(settings)
    app = make_application(sys.argv[:1])
    speak_as_chosen(app, settings)
    theme = Theme()
    theme.apply(app)
    keys = KeyFilter(app)
    app.installEventFilter(keys)
    window = MainWindow(theme, settings)
    hook = BugHook(window)
    hook.install()
    beat = _let_signals_through(window)
    window.show()
    if project is not None:
        window.open_project(project)
    code = app.exec()
    beat.stop()
    hook.remove()
    app.removeEventFilter(keys)
    # A script that opened the window gets its process back as it was.
    if interrupt is not None:
        signal.signal(signal.SIGINT, interrupt)
    sys.setswitchinterval(interval)
    speak_as_before(app)
    return int(code)


class BugHook:
    """An unexpected error is logged and told as ours; the window lives on."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        self._before = sys.excepthook

    def install(self) -> None:
        sys.excepthook = self._tell

    def remove(self) -> None:
        sys.excepthook = self._before

    def _tell(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        if issubclass(kind, KeyboardInterrupt):
            self._window.close()
            return
        logger.error("unexpected error", exc_info=(kind, error, trace))
        report = "".join(traceback.format_exception(kind, error, trace))
        self._window.notices.tell(
            "error",
            say("MotionLens made a mistake"),
            say(
                "{name}: {error}. Your decisions are safe; the report helps us mend it.",
                name=kind.__name__,
                error=error,
            ),
            panel=self._window.actions_table.view,
            report=report,
        )


def _let_signals_through(window: MainWindow) -> QTimer:
    # Python sees Ctrl-C only when its interpreter runs, so a slow timer lets it run.
    signal.signal(signal.SIGINT, lambda *_: window.close())
    beat = QTimer(window)
    beat.timeout.connect(lambda: None)
    beat.start(300)
    return beat
