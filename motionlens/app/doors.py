"""How a project is made, opened, checked and brought back; and the demo."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from motionlens.app.project import Project
from motionlens.app.rooms import Lanes
from motionlens.domain.errors import MotionLensError, ProjectError
from motionlens.domain.ports import Progress, Store, Token
from motionlens.files import ProjectFolder
from motionlens.lanes.proxy import on_lane
from motionlens.operations import check as check_verb
from motionlens.operations import demo
from motionlens.operations.rooms import NO_PROGRESS, NO_TOKEN

_LOCK = "demo.lock"


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
    try:
        store.daily_backup()
    except BaseException:
        store.close()
        raise
    return Project(folder, on_lane(lanes.store, store) if lanes is not None else store)


def create_project(path: str | Path) -> Project:
    """Make a project folder and open it; :class:`ProjectError` if there is one already."""
    from motionlens.store import create_store

    folder = ProjectFolder(Path(path)).require_new().require_root()
    return Project(folder, create_store(folder.database))


def make_demo(
    path: str | Path,
    *,
    fresh: bool = False,
    size: demo.DemoSize | None = None,
    seed: int = 0,
    progress: Progress = NO_PROGRESS,
    cancel: Token = NO_TOKEN,
) -> dict[str, Any]:
    """Make the demo project, go on with one that was stopped, or take a finished one as it is.

    Returns the document of `demo --json`.

    Raises
    ------
    ProjectError
        The folder holds a project that is no demo, or other files: nothing of it is touched.
    """
    folder = ProjectFolder(Path(path))
    if folder.database.exists():
        with open_project(path) as project:
            kept = demo.finished_demo(project.rooms)
            ours = project.rooms.store.setting("demo") is not None
        if kept is not None and not fresh:
            return kept
        if not ours:
            what, why = f"{path} is a project of its own", "it was not made by demo"
            raise ProjectError(what, why, "Name another folder")
    elif folder.root.is_dir() and any(p.name != _LOCK for p in folder.root.iterdir()):
        raise ProjectError(f"{path} is not empty", "it holds other files", "Name another folder")
    folder.require_root()
    with _alone(folder):
        if folder.database.exists():
            with open_project(path) as project:
                if fresh or not demo.goes_on(project.rooms, size, seed):
                    demo.clear_demo(project.rooms)
        made = open_project if folder.database.exists() else create_project
        with made(path) as project:
            result = demo.demo(project.rooms, size=size, seed=seed, progress=progress, token=cancel)
    return asdict(result)


@contextlib.contextmanager
def _alone(folder: ProjectFolder) -> Iterator[None]:
    """One process at a time makes a demo in a folder."""
    from motionlens.finetune.process import hold_alone

    held = hold_alone(folder.root / _LOCK)
    if held is None:
        raise ProjectError(
            f"The demo in {folder.root} is being made already",
            "another process does it",
            "Wait until it is done, or name another folder",
        )
    with held:
        yield


def check_project(
    path: str | Path, *, repair: bool = False, search: Sequence[str | Path] = ()
) -> check_verb.CheckResult:
    """`check`, which also answers where the project cannot be opened."""
    from motionlens.store import open_store

    try:
        folder = ProjectFolder(Path(path)).require()
        # Without the daily backup, which refuses to copy what `repair` may still mend.
        with Project(folder, open_store(folder.database)) as project:
            return project.check(repair=repair, search=search)
    except MotionLensError as error:
        return check_verb.unreadable(error)


def restore_project(path: str | Path, backup: Path) -> Path | None:
    """Put a backup in the database's place; what was there is kept and its path returned."""
    from motionlens.store import restore_store

    return restore_store(ProjectFolder(Path(path)).database, backup)
