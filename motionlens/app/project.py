"""A project and its verbs, for scripts, the command line and the window."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from motionlens.app.bindings import BoundModels, BoundTools
from motionlens.domain.clip import Region, Span
from motionlens.domain.errors import MotionLensError
from motionlens.domain.ports import Indexes, Models, Progress, Store, Token, Trainer
from motionlens.domain.ranking import Neighbours, Ranking
from motionlens.files import ProjectFolder
from motionlens.lanes import SerialLane
from motionlens.lanes.proxy import on_lane
from motionlens.operations import add, analyse, check, clips, decide, export, index, merge, rank, report
from motionlens.operations.rooms import NO_PROGRESS, NO_TOKEN


class ProjectRooms(BoundTools):
    """The ports of one open project."""

    def __init__(self, folder: ProjectFolder, store: Store) -> None:
        super().__init__()
        self.folder = folder
        self.store = store

    @functools.cached_property
    def models(self) -> Models:
        return BoundModels(self.folder.runs)

    @functools.cached_property
    def indexes(self) -> Indexes:
        from motionlens.attribution.index import IndexFolder

        return IndexFolder(self.folder.index)

    @functools.cached_property
    def trainer(self) -> Trainer:
        from motionlens.finetune import ChildTrainer

        return ChildTrainer(self.folder.runs)


@dataclass(frozen=True)
class Lanes:
    """The window's lanes: one thread a resource."""

    store: SerialLane
    media: SerialLane
    compute: SerialLane

    def close(self, timeout: float = 5.0) -> list[str]:
        """Close all, the store last; the names of those still busy."""
        lanes = (self.media, self.compute, self.store)
        return [lane.name for lane in lanes if not lane.close(timeout)]


class Project:
    """An open project; its methods are the verbs. Use it as a context manager, or `close` it.

    Each method takes the verb's options as keywords, a `progress` callback (what, done, total)
    and a `cancel` token, and returns a frozen dataclass with the fields of the verb's JSON.
    """

    def __init__(self, folder: ProjectFolder, store: Store) -> None:
        self.folder = folder
        self.rooms = ProjectRooms(folder, store)

    def __enter__(self) -> Project:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the database."""
        self.rooms.store.close()

    @property
    def name(self) -> str:
        return self.folder.root.resolve().name

    def add(
        self,
        paths: Sequence[str | Path] = (),
        *,
        progress: Progress = NO_PROGRESS,
        cancel: Token = NO_TOKEN,
        **options: Any,
    ) -> add.AddResult:
        """Add files, folders or a manifest; see :func:`motionlens.operations.add.add`."""
        return add.add(self.rooms, paths, progress=progress, token=cancel, **options)

    def clips(self, **options: Any) -> list[clips.ClipRow]:
        """List clips; see :func:`motionlens.operations.clips.clips`."""
        return clips.clips(self.rooms, **options)

    def analyse(
        self, *, progress: Progress = NO_PROGRESS, cancel: Token = NO_TOKEN, **options: Any
    ) -> analyse.AnalyseResult:
        """Measure motion and flag; see :func:`motionlens.operations.analyse.analyse`."""
        return analyse.analyse(self.rooms, progress=progress, token=cancel, **options)

    def index(
        self, *, progress: Progress = NO_PROGRESS, cancel: Token = NO_TOKEN, **options: Any
    ) -> index.IndexResult:
        """Project gradients; see :func:`motionlens.operations.index.index`."""
        return index.index(self.rooms, progress=progress, token=cancel, **options)

    def rank(
        self,
        *,
        region: Region | None = None,
        span: Span | None = None,
        progress: Progress = NO_PROGRESS,
        cancel: Token = NO_TOKEN,
        **options: Any,
    ) -> Ranking:
        """Candidates, most harmful first; see :func:`motionlens.operations.rank.rank`."""
        return rank.rank(
            self.rooms, region=region, span=span, progress=progress, token=cancel, **options
        )

    def neighbours(
        self, *, progress: Progress = NO_PROGRESS, cancel: Token = NO_TOKEN, **options: Any
    ) -> Neighbours:
        """Proponents and opponents; see :func:`motionlens.operations.rank.neighbours`."""
        return rank.neighbours(self.rooms, progress=progress, token=cancel, **options)

    def decide(
        self, decision: str, clips: Sequence[str], **options: Any
    ) -> decide.DecideResult:
        """Record a decision; see :func:`motionlens.operations.decide.decide`."""
        return decide.decide(self.rooms, decision, clips, **options)

    def undo(self, *, by: str | None = None) -> decide.DecideResult:
        """Take back the last step that stands."""
        return decide.undo(self.rooms, by=by)

    def redo(self, *, by: str | None = None) -> decide.DecideResult:
        """Bring back the step that was undone last."""
        return decide.redo(self.rooms, by=by)

    def history(self, clip: str | None = None) -> list[decide.HistoryRow]:
        """One row a clip and event, oldest first."""
        return decide.history(self.rooms, clip)

    def merge(self, other: str | Path) -> merge.MergeResult:
        """Take over another project's decisions."""
        return merge.merge(self.rooms, ProjectFolder(Path(other)))

    def agreement(self) -> merge.AgreementResult:
        """How far the curators agree."""
        return merge.agreement(self.rooms)

    def export(
        self, *, progress: Progress = NO_PROGRESS, cancel: Token = NO_TOKEN, **options: Any
    ) -> export.ExportResult:
        """Write the approved clips; see :func:`motionlens.operations.export.export`."""
        return export.export(self.rooms, progress=progress, token=cancel, **options)

    def check(self, *, repair: bool = False) -> check.CheckResult:
        """Integrity of database, indexes and media links."""
        return check.check(self.rooms, repair=repair)

    def report(
        self,
        queries: Sequence[str],
        out: str | Path,
        *,
        progress: Progress = NO_PROGRESS,
        cancel: Token = NO_TOKEN,
        **options: Any,
    ) -> report.ReportResult:
        """One self-contained HTML page; see :func:`motionlens.operations.report.report`."""
        return report.report(
            self.rooms, queries=queries, out=out, progress=progress, token=cancel, **options
        )

    def backup(self) -> Path:
        """A verified copy of the database, in the project's backups."""
        return self.rooms.store.backup()


def open_project(path: str | Path, *, lanes: Lanes | None = None) -> Project:
    """Open a project; with `lanes`, the store lives on its lane and may be used from any other.

    Raises
    ------
    ProjectError
        The folder is no project.
    StoreError
        Its database is damaged or newer than this program.
    """
    from motionlens.store import open_store

    folder = ProjectFolder(Path(path)).require()
    store: Store = open_store(folder.database)
    return Project(folder, on_lane(lanes.store, store) if lanes is not None else store)


def create_project(path: str | Path) -> Project:
    """Make a project folder and open it; :class:`ProjectError` if there is one already."""
    from motionlens.store import create_store

    folder = ProjectFolder(Path(path)).require_new()
    folder.root.mkdir(parents=True, exist_ok=True)
    return Project(folder, create_store(folder.database))


def check_project(path: str | Path, *, repair: bool = False) -> check.CheckResult:
    """`check`, which also answers where the project cannot be opened."""
    try:
        with open_project(path) as project:
            return project.check(repair=repair)
    except MotionLensError as error:
        return check.unreadable(error)


def restore_project(path: str | Path, backup: Path) -> Path | None:
    """Put a backup in the database's place; what was there is kept and its path returned."""
    from motionlens.store import restore_store

    return restore_store(ProjectFolder(Path(path)).database, backup)
