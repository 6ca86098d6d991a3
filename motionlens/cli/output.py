"""What goes to stdout and stderr: one JSON document or text; progress and messages beside it."""

from __future__ import annotations

import dataclasses
import json
import math
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from motionlens.domain.errors import MotionLensError
from motionlens.lanes import ProgressClock, Tick

_BAR = 24


class Output:
    """One verb's voice."""

    def __init__(self, as_json: bool, quiet: bool) -> None:
        self.as_json = as_json
        self._quiet = quiet
        self._terminal = sys.stderr.isatty()
        self._last_line = 0.0
        self._bar_shown = False
        self.progress = ProgressClock(self._tick)

    def result(self, value: Any, text: str) -> None:
        """The verb's answer: `value` as JSON where asked for, else `text`."""
        self._clear_bar()
        if self.as_json:
            _write_json(to_json(value), indent=1)
        elif text:
            for line in text.rstrip("\n").split("\n"):
                sys.stdout.write(_printable(line, sys.stdout.encoding) + "\n")
        sys.stdout.flush()

    def message(self, text: str) -> None:
        """One line for people, on stderr."""
        self._clear_bar()
        print(_printable(text, sys.stderr.encoding), file=sys.stderr, flush=True)

    def failure(self, error: MotionLensError) -> None:
        """One line on stderr; with --json also the one document that stdout promises."""
        self.message(error.sentence())
        if self.as_json:
            parts = {"what": error.what, "why": error.why, "next_step": error.next_step}
            _write_json({"error": parts})

    def bug(self, error: Exception, report: str) -> None:
        """An unexpected error is ours: say so, and keep the report in a file."""
        handle = tempfile.NamedTemporaryFile(  # noqa: SIM115 (the file outlives us on purpose)
            "w", prefix="motionlens-report-", suffix=".txt", delete=False, encoding="utf-8"
        )
        with handle:
            handle.write(report)
        self.message(
            f"MotionLens has a bug: {type(error).__name__}: {error}."
            f" Nothing that was saved is lost. Please report it with {Path(handle.name)}."
        )
        if self.as_json:
            _write_json({"error": {"what": "bug", "why": str(error), "next_step": "Report it"}})

    def close(self) -> None:
        self._clear_bar()

    def _tick(self, tick: Tick) -> None:
        if self._quiet:
            return
        now = time.monotonic()
        last = tick.done >= tick.total
        pause = 0.1 if self._terminal else 1.0
        if now - self._last_line < pause and not (last and self._terminal):
            return
        self._last_line = now
        left = f", {spoken_time(tick.left_s)} left" if tick.left_s and not last else ""
        line = f"{tick.what}: {tick.done} of {tick.total}{left}"
        if not self._terminal:
            print(line, file=sys.stderr, flush=True)
            return
        full = round(_BAR * tick.done / max(1, tick.total))
        sys.stderr.write(f"\r\x1b[K[{'#' * full}{'.' * (_BAR - full)}] {line}")
        sys.stderr.flush()
        self._bar_shown = True
        if last:
            self._clear_bar()

    def _clear_bar(self) -> None:
        if self._bar_shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
            self._bar_shown = False


def _write_json(document: Any, indent: int | None = None) -> None:
    """One document on stdout; in ASCII, which no encoding of a terminal or pipe can spoil."""
    json.dump(document, sys.stdout, indent=indent)
    sys.stdout.write("\n")


def _printable(text: str, encoding: str | None) -> str:
    """One line that a terminal can show: names of files may hold line breaks and escape codes."""
    shown = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)
    known = encoding or "utf-8"
    return shown.encode(known, "backslashreplace").decode(known)


def spoken_time(seconds: float) -> str:
    """Rounded up to friendly steps: 5 s, 40 s, 3 min, 2 h 5 min."""
    if seconds < 60:
        return f"{max(5, math.ceil(seconds / 5) * 5)} s"
    if seconds < 3600:
        return f"{math.ceil(seconds / 60)} min"
    hours, minutes = divmod(math.ceil(seconds / 300) * 5, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def to_json(value: Any) -> Any:
    """Dataclasses, mappings, sequences, paths and numpy scalars as plain JSON; NaN as null."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: to_json(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): to_json(item) for key, item in value.items()}
    if isinstance(value, str):
        return str(value)
    if isinstance(value, Sequence | set | frozenset):
        return [to_json(item) for item in value]
    if isinstance(value, Path):
        return str(value)
    if hasattr(value, "item") and not isinstance(value, bool | int | float):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def without(value: Any, *names: str) -> dict[str, Any]:
    """A result's JSON less some fields that are for the window only."""
    document: dict[str, Any] = to_json(value)
    return {key: item for key, item in document.items() if key not in names}


def table(rows: Sequence[Sequence[object]], header: Sequence[str]) -> str:
    """Columns for people; numbers are aligned right by their caller."""
    cells = [[_printable(str(cell), "utf-8") for cell in row] for row in (header, *rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(header))]
    lines = ["  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)) for row in cells]
    return "\n".join(line.rstrip() for line in lines)
