"""A curator at the keyboard of the real program: keys in, what is shown out.

`motionlens open` runs in this process through the real `main()`; the script that presses the keys
runs inside its event loop, and waits in loops of its own, so that the window lives meanwhile.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from PySide6.QtCore import QEventLoop, QSettings, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QFileDialog, QWidget

from motionlens.cli import main

# Under a loaded machine a first torch import takes many seconds; waiting ends when it is true.
PATIENCE_S = 60.0
# A second press within 80 ms counts as a bounce of the key.
_BETWEEN_DECISIONS_MS = 100
_PLAIN = Qt.KeyboardModifier.NoModifier
CONTROL = Qt.KeyboardModifier.ControlModifier

Script = Callable[["Curator"], None]


class Curator:
    """Presses keys where the focus is, as the hands would, and reads what the window shows."""

    def __init__(self, window: Any) -> None:
        self.window = window
        self.failed: list[BaseException] = []

    # Hands

    def press(self, key: Qt.Key, modifier: Qt.KeyboardModifier = _PLAIN) -> None:
        """One key, to whatever has the focus."""
        QTest.keyClick(self._focus(), key, modifier)
        QApplication.processEvents()

    def type(self, text: str) -> None:
        """Letters, to whatever has the focus."""
        QTest.keyClicks(self._focus(), text)

    def command(self, words: str) -> None:
        """Run a command of the palette: Ctrl+K, its words, Enter."""
        self.press(Qt.Key.Key_K, CONTROL)
        assert self.window.palette_overlay.isVisible(), "Ctrl+K opened no palette"
        self.type(words)
        self.press(Qt.Key.Key_Return)
        assert not self.window.palette_overlay.isVisible(), f"{words!r} cannot be run"

    def view(self, number: int) -> None:
        """Ctrl+1 to Ctrl+5."""
        self.press(Qt.Key(Qt.Key.Key_0 + number), CONTROL)

    def tab_to(self, name: str) -> QWidget:
        """Tab until the widget of this name (object's, accessible or written) has the focus."""
        passed = []
        for _ in range(60):
            focus: Any = QApplication.focusWidget()
            names = (focus.objectName(), focus.accessibleName()) if focus else ()
            written = focus.text() if isinstance(focus, QAbstractButton) else ""
            if focus is not None and name in (*names, written):
                return focus
            passed.append(" ".join((*names, written)))
            self.press(Qt.Key.Key_Tab)
        raise AssertionError(f"Tab does not lead to {name!r}, only to {passed}")

    def pause(self) -> None:
        """Longer than a bounce of a key."""
        QTest.qWait(_BETWEEN_DECISIONS_MS)

    def fill(self, name: str, text: str) -> None:
        """Tab to a field, replace what it holds."""
        self.tab_to(name)
        self.press(Qt.Key.Key_A, CONTROL)
        self.type(text)

    def judge(self, key: Qt.Key) -> str:
        """Press a deciding key once the candidate is seen; the clip that it was about."""
        self.until(lambda: self.seen, "the candidate is painted")
        self.wait_ms(_BETWEEN_DECISIONS_MS)
        clip = self.clip
        self.press(key)
        self.until(lambda: "Saved" in self.text("review.saved"), "the decision is saved")
        return clip

    def hold(self, key: Qt.Key) -> None:
        """One more press as a held key repeats it, late enough to be no bounce."""
        self.wait_ms(_BETWEEN_DECISIONS_MS)
        QTest.simulateEvent(self._focus(), True, key, _PLAIN, chr(key).lower(), True)
        self.wait_ms(_BETWEEN_DECISIONS_MS)

    def quit(self) -> None:
        """Ctrl+Q."""
        self.press(Qt.Key.Key_Q, CONTROL)

    def when_asked(self, answer: Callable[[], object]) -> None:
        """Answer, by keys, the question that the next key raises; it holds that key until then."""

        def look() -> None:
            dialog = QApplication.activeModalWidget()
            if dialog is None or not dialog.isVisible():
                QTimer.singleShot(20, look)
                return
            dialog.activateWindow()
            try:
                answer()
            except BaseException as error:
                self.failed.append(error)
                dialog.close()

        QTimer.singleShot(20, look)

    def choose_file(self, path: Path) -> None:
        """Type a path into the file dialog that the next key opens, and press Enter."""

        def answer() -> None:
            assert isinstance(QApplication.activeModalWidget(), QFileDialog)
            self.press(Qt.Key.Key_A, CONTROL)
            self.type(str(path))
            self.press(Qt.Key.Key_Return)

        self.when_asked(answer)

    def choose(self, button: str) -> None:
        """Tab to a button of the question that the next key raises, and press it."""

        def answer() -> None:
            self.tab_to(button)
            self.press(Qt.Key.Key_Space)

        self.when_asked(answer)

    # Eyes

    @property
    def clip(self) -> str:
        """The id of the candidate on the stage ("" for none)."""
        view = self.window.views.get("review")
        current = view.state.current if view is not None else None
        return str(current.clip.id) if current is not None else ""

    @property
    def seen(self) -> bool:
        """Whether the stage has painted a frame of the candidate."""
        view = self.window.views.get("review")
        return view is not None and bool(self.clip) and view.state._painted == self.clip

    @property
    def notices(self) -> list[str]:
        """The notices on the screen, as a screen reader would say them."""
        boxes = self.window.findChildren(QWidget, "notice")
        return [box.accessibleName() for box in boxes if box.isVisible()]

    def text(self, name: str) -> str:
        """The words of a label or button by its object name ("" if it is not on the screen)."""
        label: Any = self.window.findChild(QWidget, name)
        return str(label.text()) if label is not None and label.isVisible() else ""

    def job(self, words: str) -> str:
        """State of the newest job whose name holds these words ("" for none)."""
        context = self.window.context
        rows = [row for row in context.jobs.rows if words in row.name] if context else []
        return f"{rows[-1].state}: {rows[-1].outcome}" if rows else ""

    def job_done(self, words: str) -> None:
        """Wait until such a job is done, and fail at once where it failed."""
        self.until(
            lambda: bool(self.job(words)) and not self.job(words).startswith(("wait", "run")),
            f"the job {words!r} ends",
        )
        assert self.job(words).startswith("done"), (self.job(words), self.notices)

    # Patience

    def until(self, true: Callable[[], bool], what: str, seconds: float = PATIENCE_S) -> None:
        """Let the window live until something is so."""
        end = time.monotonic() + seconds
        while not true():
            if time.monotonic() > end:
                raise AssertionError(f"waited {seconds:.0f} s in vain until {what}; {self._say()}")
            self.wait_ms(15)

    @staticmethod
    def wait_ms(milliseconds: int) -> None:
        """Let the window live for a moment."""
        loop = QEventLoop()
        QTimer.singleShot(milliseconds, loop.quit)
        loop.exec()

    def _say(self) -> str:
        jobs = self.window.context.jobs.rows if self.window.context else []
        told = [f"{row.name}: {row.state} {row.what} {row.outcome}" for row in jobs]
        return f"view {self.window.actions_table.view}, notices {self.notices}, jobs {told}"

    def _focus(self) -> QWidget:
        dialog = QApplication.activeModalWidget()
        if QApplication.activeWindow() is None:
            # A screen without a window manager: nobody gives the keys back after a dialog.
            (dialog or self.window).activateWindow()
            QApplication.processEvents()
        if dialog is not None:
            return dialog.focusWidget() or dialog
        return QApplication.focusWidget() or self.window


def open_by_command_line(project: Path | None, script: Script, settings: Path) -> int:
    """`motionlens open PROJECT`, with someone at the keyboard; its exit code.

    The script must close the window (`quit`). What it raises is raised here.

    Parameters
    ----------
    settings : Path
        Folder of this user's window settings.
    """
    app = QApplication.instance() or QApplication(sys.argv[:1])
    _private_settings(settings)
    curators: list[Curator] = []

    def play() -> None:
        window = _shown_window()
        if window is None:
            QTimer.singleShot(10, play)
            return
        curator = Curator(window)
        curators.append(curator)
        failed = curator.failed
        try:
            # As on a usual screen; the virtual one may be smaller than the window's least size.
            window.resize(1440, 900)
            window.activateWindow()
            script(curator)
        except BaseException as error:
            failed.append(error)
        if window.isVisible():
            if not failed:
                failed.append(AssertionError("the script left the window open"))
            _abandon(window)
            app.exit(1)

    QTimer.singleShot(0, play)
    code = main(["open", *([str(project)] if project else [])])
    for curator in curators:
        if curator.failed:
            raise curator.failed[0]
        curator.window.deleteLater()
    app.processEvents()
    return code


def _private_settings(folder: Path) -> None:
    # Qt reads XDG_CONFIG_HOME once a process; this follows each test's own folder.
    for form in (QSettings.Format.NativeFormat, QSettings.Format.IniFormat):
        QSettings.setPath(form, QSettings.Scope.UserScope, str(folder))


def _shown_window() -> Any:
    windows = QApplication.topLevelWidgets()
    return next((w for w in windows if w.objectName() == "window" and w.isVisible()), None)


def _abandon(window: Any) -> None:
    """Close a window in whose script something failed, without its questions."""
    with suppress(Exception):
        # A project that is being opened can only be closed once it is open.
        end = time.monotonic() + PATIENCE_S
        while window.start._opening.text() and time.monotonic() < end:
            Curator.wait_ms(20)
        for row in window.context.jobs.live if window.context else []:
            window.context.jobs.cancel(row.key)
        desk, window.desk = window.desk, None
        if desk is not None:
            for view in window.views.values():
                getattr(view, "close_view", lambda: None)()
            desk.close()
    window.close()
