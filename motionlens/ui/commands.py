"""The project's commands: new, open, demo, add, analyse, index, export, doctor."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QFileDialog

from motionlens.domain.language import retell, say, word
from motionlens.ui import words
from motionlens.ui.context import WindowContext
from motionlens.ui.views import tell

if TYPE_CHECKING:
    from motionlens.operations.add import AddResult
    from motionlens.operations.analyse import AnalyseResult
    from motionlens.operations.index import IndexResult
    from motionlens.ui.window import MainWindow

RECENT = 8
_ROLE_WORDS = {
    "training": word("clips"),
    "generation": word("generations"),
    "reference": word("references"),
}


class ProjectCommands:
    """Runs what the table's `project.*` and `run.*` rows say, as jobs on lanes."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        self._led: list[int] = []
        handle = window.actions_table.handle
        handle("project.new", self.new)
        handle("project.open", self.open)
        handle("project.demo", self.demo)
        handle("go.doctor", self.doctor)
        for id, run in (
            ("project.add_folder", lambda: self.add_folder("training")),
            ("project.add_files", lambda: self.add_files("training")),
            ("project.add_generations", lambda: self.add_files("generation")),
            ("project.add_references", lambda: self.add_files("reference")),
        ):  # fmt: skip
            handle(id, run, enabled=self._writable)
        handle("project.export", self.export, enabled=self._has_training)
        handle("run.analyse", self.analyse, enabled=lambda: self._can_run("analyse"))
        handle("run.index", self.index, enabled=lambda: self._can_run("index"))

    @property
    def context(self) -> WindowContext:
        """The open project's; only asked where one is open."""
        context = self._window.context
        if context is None:
            raise LookupError("no project is open")
        return context

    def recent(self) -> list[Path]:
        """Projects opened lately that are still there, the newest first."""
        kept = self._window.settings.value("recent") or []
        kept = [kept] if isinstance(kept, str) else kept
        return [Path(path) for path in kept if (Path(path) / "project.db").is_file()]

    def remember(self, path: Path) -> None:
        """Put a project first among the recent ones."""
        path = path.resolve()
        kept = [path, *(other for other in self.recent() if other != path)][:RECENT]
        self._window.settings.setValue("recent", [str(other) for other in kept])

    def new(self) -> None:
        """Ask where, make a project there."""
        chosen, _ = QFileDialog.getSaveFileName(
            self._window,
            say("New project"),
            str(Path.home() / "motionlens-project"),
            say("Folder (*)"),
        )
        if chosen:
            self._window.open_project(Path(chosen), create=True, view="library")

    def open(self) -> None:
        """Ask for a project folder, open it."""
        recent = self.recent()
        where = str(recent[0].parent if recent else Path.home())
        chosen = QFileDialog.getExistingDirectory(self._window, say("Open a project"), where)
        if chosen:
            self._window.open_project(Path(chosen))

    def demo(self) -> None:
        """Make the demo, or open it where it is finished."""
        self._window.start.open_demo(self._window.open_project)

    def doctor(self) -> None:
        """Look at the machine again, on the start page."""
        self._window.start.show_doctor(self._window)

    def add_folder(self, role: str) -> None:
        """Ask for a folder, add what it holds."""
        chosen = QFileDialog.getExistingDirectory(
            self._window, say("Add a folder of {n}", n=say(_ROLE_WORDS[role])), str(Path.home())
        )
        if chosen:
            self.add([Path(chosen)], role)

    def add_files(self, role: str) -> None:
        """Ask for files, add them."""
        chosen, _ = QFileDialog.getOpenFileNames(
            self._window, say("Add {n}", n=say(_ROLE_WORDS[role])), str(Path.home())
        )
        if chosen:
            self.add([Path(path) for path in chosen], role)

    def dropped(self, paths: Sequence[Path]) -> None:
        """What was dropped on the window: a project is opened, anything else is added."""
        if len(paths) == 1 and (paths[0] / "project.db").is_file():
            self._window.open_project(paths[0])
        elif self._window.context is not None:
            role = self._window.context.library.filter.role or "training"
            self.add(paths, role)
        else:
            self._window.start.project_for(paths, "training", self._open_with)

    def first_clips(self, role: str) -> None:
        """The start page's doors: choose clips, then a project is made for them."""
        if role == "training":
            folder = QFileDialog.getExistingDirectory(
                self._window, say("Choose a folder of clips"), str(Path.home())
            )
            paths = [Path(folder)] if folder else []
        else:
            files, _ = QFileDialog.getOpenFileNames(
                self._window, say("Choose a generation"), str(Path.home())
            )
            paths = [Path(file) for file in files]
        if paths:
            self._window.start.project_for(paths, role, self._open_with)

    def add(self, paths: Sequence[Path], role: str) -> None:
        """Add files and folders as a job."""
        context = self.context
        rooms = context.project.rooms

        def work(progress: Any, token: Any) -> AddResult:
            from motionlens.operations.add import add

            return add(rooms, paths, role=role, progress=progress, token=token)

        def done(result: AddResult) -> str:
            self._tell_added(result, role)
            context.library.refresh()
            skipped = len(result.skipped)
            return say(
                "{added:,} added, {known:,} known, {skipped:,} skipped",
                added=result.added,
                known=result.known,
                skipped=skipped,
            )

        context.jobs.start(
            say("Add {n}", n=say(_ROLE_WORDS[role])), "add", context.project.lanes.compute, work,
            icon="film-strip", done=done, failed=self._failed, cancelled=context.library.refresh,
        )  # fmt: skip

    def analyse(self) -> None:
        """Measure motion and flag all clips that are new."""
        context = self.context
        rooms = context.project.rooms

        def work(progress: Any, token: Any) -> AnalyseResult:
            from motionlens.operations.analyse import analyse

            return analyse(rooms, progress=progress, token=token)

        def done(result: AnalyseResult) -> str:
            context.library.refresh()
            flagged = sum(result.flags.values())
            self._tell_skipped("analysed", result.done, result.skipped)
            clips, flags = words.several(result.done, "clip"), words.several(flagged, "flag")
            return say("{clips} analysed, {flags}", clips=clips, flags=flags)

        context.jobs.start(
            say("Analyse the clips"), "analyse", context.project.lanes.compute, work,
            icon="activity", done=done, failed=self._failed, cancelled=context.library.refresh,
        )  # fmt: skip

    def index(self) -> None:
        """Project the gradients of all training clips that the index lacks."""
        context = self.context
        rooms = context.project.rooms

        def work(progress: Any, token: Any) -> IndexResult:
            from motionlens.session.indexing import index_again

            return index_again(rooms, progress, token)

        def done(result: IndexResult) -> str:
            self._tell_skipped("indexed", result.clips, result.skipped)
            if result.self_test is not None and not result.self_test.ok:
                title = say("This index failed its self-test: do not trust its rankings")
                context.notices.tell("error", title, f"{result.self_test.why}.", panel="library")
            context.library.refresh()
            self._lead_on(result.clips)
            return say(
                "{several}, index {n}",
                several=words.several(result.clips, "clip"),
                n=result.fingerprint[:6],
            )

        context.jobs.start(
            say("Index the clips"), "index", context.project.lanes.compute, work, icon="stack",
            done=done, failed=self._failed, cancelled=context.library.refresh,
        )  # fmt: skip

    def export(self) -> None:
        """Open the export card."""
        from motionlens.ui.export_dialog import ExportDialog

        ExportDialog(self.context, self._window).open()

    def _open_with(self, project: Path, paths: Sequence[Path], role: str) -> None:
        window = self._window

        def add() -> None:
            window.opened.disconnect(add)
            self.add(paths, role)
            self.context.library.set_filter(role=role)

        window.opened.connect(add)
        window.open_project(project, create=not (project / "project.db").is_file(), view="library")

    def _tell_added(self, result: AddResult, role: str) -> None:
        context, what = self.context, say(_ROLE_WORDS[role])
        skipped = len(result.skipped)
        title = (
            say("{added:,} {what} added", added=result.added, what=what)
            if result.added
            else say("No new {what}", what=what)
        )
        title += say(", {skipped:,} skipped", skipped=skipped) if skipped else ""
        parts = [say("{known:,} were known already.", known=result.known)] if result.known else []
        parts += [f"{Path(s.path).name}: {retell(s.why)}." for s in result.skipped[:3]]
        button, act = "", None
        if result.added and role == "training":
            button, act = say("Analyse {added:,} clips", added=result.added), self.analyse
        context.notices.tell(
            "warn" if skipped else "done", title, " ".join(parts), panel="library", button=button,
            act=act,
        )  # fmt: skip

    def _lead_on(self, clips: int) -> None:
        """Say what an index is good for, one press away."""
        context = self.context
        roles = context.library.counts.roles
        done = say("{several} indexed", several=words.several(clips, "clip"))
        if roles.get("generation") or roles.get("reference"):
            text, button = (
                say("A ranking asks which of them teach the queries' motion."),
                say("Rank"),
            )
            act = self._rank
        else:
            text, button = (
                say("A ranking needs a generation that moves wrongly."),
                say("Add generations"),
            )
            act = partial(self.add_files, "generation")
        self._led = [
            context.notices.tell("done", done, text, panel=panel, button=button, act=act)
            for panel in ("library", "review")
        ]

    def _rank(self) -> None:
        for key in self._led:
            self.context.notices.close(key)
        self.context.go_to("review", "")
        tell(self._window.views.get("review"), "rank_soon")

    def _tell_skipped(self, did: str, count: int, skipped: Sequence[Any]) -> None:
        if skipped:
            text = " ".join(f"{Path(s.path).name}: {retell(s.why)}." for s in skipped[:3])
            self.context.notices.tell(
                "warn",
                say("{count:,} {did}, {n:,} skipped", count=count, did=did, n=len(skipped)),
                text,
                panel="library",
            )

    def _failed(self, error: BaseException) -> None:
        self.context.notices.error(error, panel=self._window.actions_table.view)

    def _writable(self) -> str:
        return "" if self._window.context is not None else say("needs a project")

    def _has_training(self) -> str:
        context = self._window.context
        if context is None:
            return say("needs a project")
        return "" if context.library.counts.roles.get("training") else say("needs training clips")

    def _can_run(self, kind: str) -> str:
        reason = self._has_training()
        context = self._window.context
        if not reason and context is not None and context.jobs.running(kind):
            return say("runs already")
        return reason
