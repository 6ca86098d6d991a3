"""A project and its verbs, for scripts, the command line and the window."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from motionlens.app.questions import Names, Questions, as_list
from motionlens.app.rooms import ProjectRooms
from motionlens.domain.ports import Progress, Store, Token
from motionlens.domain.trial import TrialReport
from motionlens.files import ProjectFolder
from motionlens.operations import (
    add as add_verb,
)
from motionlens.operations import (
    analyse as analyse_verb,
)
from motionlens.operations import (
    check as check_verb,
)
from motionlens.operations import (
    clips as clips_verb,
)
from motionlens.operations import (
    decide as decide_verb,
)
from motionlens.operations import (
    export as export_verb,
)
from motionlens.operations import (
    finetune as finetune_verb,
)
from motionlens.operations import (
    generate as generate_verb,
)
from motionlens.operations import (
    index as index_verb,
)
from motionlens.operations import (
    merge as merge_verb,
)
from motionlens.operations import (
    report as report_verb,
)
from motionlens.operations import (
    trial as trial_verb,
)
from motionlens.operations.rooms import NO_PROGRESS, NO_TOKEN


class Project(Questions):
    """An open project; its methods are the verbs. Use it as a context manager, or `close` it.

    Each method takes the verb's options as keywords, a `progress` callback (what, done, total)
    and a `cancel` token, and returns a frozen dataclass with the fields of the verb's JSON.
    """

    def __init__(self, folder: ProjectFolder, store: Store) -> None:
        self.folder = folder
        self.rooms = ProjectRooms(folder, store)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the database, and end what runs for this project."""
        self.rooms.close()

    @property
    def name(self) -> str:
        return self.folder.root.resolve().name

    def add(
        self,
        paths: Names = (),
        *,
        progress: Progress = NO_PROGRESS,
        cancel: Token = NO_TOKEN,
        **options: Any,
    ) -> add_verb.AddResult:
        """Add files, folders or a manifest; see :func:`motionlens.operations.add.add`."""
        return add_verb.add(self.rooms, as_list(paths), progress=progress, token=cancel, **options)

    def clips(
        self, *, progress: Progress = NO_PROGRESS, cancel: Token = NO_TOKEN, **options: Any
    ) -> list[clips_verb.ClipRow]:
        """List clips; see :func:`motionlens.operations.clips.clips`."""
        cancel.check()
        return clips_verb.clips(self.rooms, **options)

    def analyse(
        self, *, progress: Progress = NO_PROGRESS, cancel: Token = NO_TOKEN, **options: Any
    ) -> analyse_verb.AnalyseResult:
        """Measure motion and flag; see :func:`motionlens.operations.analyse.analyse`."""
        return analyse_verb.analyse(self.rooms, progress=progress, token=cancel, **options)

    def index(
        self, *, progress: Progress = NO_PROGRESS, cancel: Token = NO_TOKEN, **options: Any
    ) -> index_verb.IndexResult:
        """Project gradients; see :func:`motionlens.operations.index.index`."""
        return index_verb.index(self.rooms, progress=progress, token=cancel, **options)

    def decide(
        self,
        decision: str,
        clips: Names,
        *,
        progress: Progress = NO_PROGRESS,
        cancel: Token = NO_TOKEN,
        **options: Any,
    ) -> decide_verb.DecideResult:
        """Record a decision; see :func:`motionlens.operations.decide.decide`."""
        cancel.check()
        return decide_verb.decide(self.rooms, decision, as_list(clips), **options)

    def undo(
        self,
        *,
        by: str | None = None,
        progress: Progress = NO_PROGRESS,
        cancel: Token = NO_TOKEN,
    ) -> decide_verb.DecideResult:
        """Take back the last step that stands."""
        cancel.check()
        return decide_verb.undo(self.rooms, by=by)

    def redo(
        self,
        *,
        by: str | None = None,
        progress: Progress = NO_PROGRESS,
        cancel: Token = NO_TOKEN,
    ) -> decide_verb.DecideResult:
        """Bring back the step that was undone last."""
        cancel.check()
        return decide_verb.redo(self.rooms, by=by)

    def history(
        self,
        clip: str | None = None,
        *,
        progress: Progress = NO_PROGRESS,
        cancel: Token = NO_TOKEN,
    ) -> list[decide_verb.HistoryRow]:
        """One row a clip and event, oldest first."""
        cancel.check()
        return decide_verb.history(self.rooms, clip)

    def merge(
        self,
        other: str | Path,
        *,
        progress: Progress = NO_PROGRESS,
        cancel: Token = NO_TOKEN,
    ) -> merge_verb.MergeResult:
        """Take over another project's decisions."""
        cancel.check()
        return merge_verb.merge(self.rooms, ProjectFolder(Path(other)))

    def agreement(
        self, *, progress: Progress = NO_PROGRESS, cancel: Token = NO_TOKEN
    ) -> merge_verb.AgreementResult:
        """How far the curators agree."""
        cancel.check()
        return merge_verb.agreement(self.rooms)

    def export(
        self, *, progress: Progress = NO_PROGRESS, cancel: Token = NO_TOKEN, **options: Any
    ) -> export_verb.ExportResult:
        """Write the approved clips; see :func:`motionlens.operations.export.export`."""
        return export_verb.export(self.rooms, progress=progress, token=cancel, **options)

    def finetune(
        self, *, progress: Progress = NO_PROGRESS, cancel: Token = NO_TOKEN, **options: Any
    ) -> finetune_verb.FinetuneResult:
        """Train on the approved clips; see :func:`motionlens.operations.finetune.finetune`."""
        return finetune_verb.finetune(self.rooms, progress=progress, token=cancel, **options)

    def runs(
        self, *, progress: Progress = NO_PROGRESS, cancel: Token = NO_TOKEN
    ) -> list[finetune_verb.RunRow]:
        """All runs, newest first."""
        cancel.check()
        return finetune_verb.runs(self.rooms)

    def stop(
        self, run: str, *, progress: Progress = NO_PROGRESS, cancel: Token = NO_TOKEN
    ) -> list[finetune_verb.RunRow]:
        """Ask a run to end after its current step."""
        cancel.check()
        return finetune_verb.stop(self.rooms, run)

    def generate(
        self, *, progress: Progress = NO_PROGRESS, cancel: Token = NO_TOKEN, **options: Any
    ) -> generate_verb.GenerateResult:
        """Continue starts; see :func:`motionlens.operations.generate.generate`."""
        return generate_verb.generate(self.rooms, progress=progress, token=cancel, **options)

    def trial_new(
        self, *, progress: Progress = NO_PROGRESS, cancel: Token = NO_TOKEN, **options: Any
    ) -> trial_verb.TrialResult:
        """Make blind pairs; see :func:`motionlens.operations.trial.new`."""
        return trial_verb.new(self.rooms, progress=progress, token=cancel, **options)

    def trial_vote(
        self,
        trial: str,
        pair: int,
        choice: str,
        *,
        by: str | None = None,
        progress: Progress = NO_PROGRESS,
        cancel: Token = NO_TOKEN,
    ) -> trial_verb.VoteResult:
        """Record a vote: "left", "right" or "tie"."""
        cancel.check()
        return trial_verb.vote(self.rooms, trial, pair, choice, by=by)

    def trial_report(
        self, trial: str, *, progress: Progress = NO_PROGRESS, cancel: Token = NO_TOKEN
    ) -> TrialReport:
        """Counts, win rate and its interval."""
        cancel.check()
        return trial_verb.report(self.rooms, trial)

    def check(
        self,
        *,
        repair: bool = False,
        search: Sequence[str | Path] = (),
        progress: Progress = NO_PROGRESS,
        cancel: Token = NO_TOKEN,
    ) -> check_verb.CheckResult:
        """Integrity of database, indexes and media links; see
        :func:`motionlens.operations.check.check`."""
        cancel.check()
        return check_verb.check(self.rooms, repair=repair, search=search)

    def report(
        self,
        query: Names,
        out: str | Path,
        *,
        index: str | None = None,
        progress: Progress = NO_PROGRESS,
        cancel: Token = NO_TOKEN,
        **options: Any,
    ) -> report_verb.ReportResult:
        """One self-contained HTML page; see :func:`motionlens.operations.report.report`."""
        return report_verb.report(
            self.rooms,
            queries=as_list(query),
            out=out,
            fingerprint=index,
            progress=progress,
            token=cancel,
            **options,
        )

    def backup(
        self, *, progress: Progress = NO_PROGRESS, cancel: Token = NO_TOKEN
    ) -> check_verb.BackupResult:
        """A verified copy of the database, in the project's backups."""
        cancel.check()
        return check_verb.backup(self.rooms)
