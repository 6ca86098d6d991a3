"""The ports of one open project, as operations see them; `app` binds them, each when first used."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from motionlens.domain.clip import Clip
from motionlens.domain.errors import MediaError
from motionlens.domain.ports import (
    ClipReader,
    FieldStore,
    Formats,
    Indexes,
    Models,
    Motion,
    Progress,
    Scorer,
    Store,
    Token,
    Trainer,
    World,
)
from motionlens.domain.report import ReportDocument
from motionlens.domain.requests import Drawing, FrameRenderer
from motionlens.files import ProjectFolder


class Tools(Protocol):
    """What works on plain files, without a project."""

    @property
    def reader(self) -> ClipReader: ...

    def motion(self, backend: str = "dis") -> Motion: ...

    @property
    def drawing(self) -> Drawing: ...

    def open_renderer(self) -> FrameRenderer:
        """A renderer of the caller's own; close it."""
        ...

    @property
    def models(self) -> Models: ...

    @property
    def formats(self) -> Formats: ...

    @property
    def scorer(self) -> Scorer: ...

    def report_page(self, document: ReportDocument) -> str:
        """A report as one HTML page."""
        ...

    @property
    def world(self) -> World: ...


class Rooms(Tools, Protocol):
    """The same, and the project's own folder, store, indexes and runs."""

    @property
    def folder(self) -> ProjectFolder: ...

    @property
    def store(self) -> Store: ...

    @property
    def indexes(self) -> Indexes: ...

    @property
    def trainer(self) -> Trainer: ...

    @property
    def fields(self) -> FieldStore: ...


class NoToken:
    """For callers that never cancel."""

    def check(self) -> None:
        return None


def no_progress(what: str, done: int, total: int) -> None:
    """For callers that show no progress."""


NO_TOKEN: Token = NoToken()
NO_PROGRESS: Progress = no_progress


def present_path(clip: Clip) -> Path:
    """The first path of a clip that exists; :class:`MediaError` if its media are away."""
    for text in clip.paths:
        if Path(text).is_file():
            return Path(text)
    raise MediaError(
        f"The media of {clip.name} are not there",
        f"{clip.path} does not exist",
        "Mount the drive or add the folder where the file lies now",
    )


def frame_range(clip: Clip, most: int | None = None) -> tuple[int, int]:
    """First frame and stop of a clip within its file, at most `most` frames."""
    start = clip.span.start if clip.span else 0
    stop = clip.span.stop if clip.span else clip.info.frames
    return start, stop if most is None else min(stop, start + most)
