"""A verb of the command line in a process of its own: what is heavy before a project is open."""

from __future__ import annotations

import json
import re
import sys

from PySide6.QtCore import QObject, QProcess, Signal

from motionlens.domain.language import say

_COUNTED = re.compile(r"^(?P<what>.+?)[:,]? (?P<done>[\d,]+) (?:of|/) (?P<total>[\d,]+)")


class ChildVerb(QObject):
    """Runs `motionlens VERB ... --json`.

    Signals: `told` (a line of progress and its share, below 0 if unknown), `done` (the JSON
    document), `failed` (the line on stderr that says what, why, next).
    """

    told = Signal(str, float)
    done = Signal(object)
    failed = Signal(str)

    def __init__(self, parent: QObject, *arguments: str) -> None:
        super().__init__(parent)
        self._lines: list[str] = []
        self._cancelled = False
        self._process = QProcess(self)
        self._process.setProgram(sys.executable)
        self._process.setArguments(["-m", "motionlens", *arguments, "--json"])
        self._process.readyReadStandardError.connect(self._read)
        self._process.finished.connect(self._finished)
        self._process.errorOccurred.connect(self._broken)

    def start(self) -> None:
        """Start the process."""
        self._process.start()

    def cancel(self, wait_ms: int = 0) -> None:
        """Interrupt it as Ctrl-C would; with `wait_ms` it is gone when this returns."""
        self._cancelled = True
        self._process.terminate()
        if wait_ms and not self._process.waitForFinished(wait_ms):
            self._process.kill()
            self._process.waitForFinished(1000)

    def _read(self) -> None:
        text = bytes(self._process.readAllStandardError().data()).decode(errors="replace")
        for line in re.split(r"[\r\n]+", text):
            if line.strip():
                self._lines.append(line.strip())
                self.told.emit(*progress_of(line.strip()))

    def _finished(self, code: int, status: QProcess.ExitStatus) -> None:
        if self._cancelled:
            self.failed.emit("")
            return
        output = bytes(self._process.readAllStandardOutput().data()).decode(errors="replace")
        try:
            document = json.loads(output) if code in (0, 3) else None
        except ValueError:
            document = None
        if document is None:
            self.failed.emit(
                self._lines[-1] if self._lines else say("It ended with code {code}", code=code)
            )
        else:
            self.done.emit(document)

    def _broken(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart and not self._cancelled:
            self.failed.emit(say("{executable} cannot be started", executable=sys.executable))


def progress_of(line: str) -> tuple[str, float]:
    """The words of a progress line and its share of 1; -1 where nothing is counted."""
    found = _COUNTED.match(line)
    if found is None:
        return line, -1.0
    done, total = (int(found[part].replace(",", "")) for part in ("done", "total"))
    return line, done / total if total else -1.0
