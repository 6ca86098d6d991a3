"""What the status bar says, kept up to date from the states."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from motionlens.domain.errors import IndexMissing, MotionLensError
from motionlens.domain.language import retell, say
from motionlens.operations.index import seconds_a_clip
from motionlens.session.work import OpenProject, ask
from motionlens.ui import words
from motionlens.ui.context import WindowContext
from motionlens.ui.status_bar import StatusBar


class StatusTeller:
    """Follows the open project."""

    def __init__(self, bar: StatusBar, curator: str) -> None:
        self._bar = bar
        self._context: WindowContext | None = None
        self._indexing = False
        self._looked_at: object = None
        self._advised: tuple[str, int, int] | None = None
        self._advice: list[int] = []
        bar.curator.tell(curator)
        bar.device.tell(device_line(), "cpu", "text3")
        self.forget()

    def forget(self) -> None:
        """No project is open."""
        self._context, self._advised, self._advice = None, None, []
        self._looked_at = None
        self._bar.tell_hint(say("Press ? for the keys, Ctrl K to find any command"))
        self._bar.index.tell(say("No project"), "stack", "text3")
        self._bar.selection.setText("")
        self._bar.job.show_nothing()

    def follow(self, context: WindowContext) -> None:
        """Tell of this project from now on."""
        self._context = context
        self._bar.index.tell(say("Looking at the index"), "stack", "text3")
        context.jobs.changed.connect(self._jobs)
        context.jobs.ticked.connect(lambda _: self._bar.job.show_jobs(context.jobs))
        context.library.changed.connect(self._decided)
        context.library.updated.connect(lambda _: self._decided())
        context.library.changed.connect(self._clips_changed)
        self._jobs()

    def _jobs(self) -> None:
        if self._context is None:
            return
        self._bar.job.show_jobs(self._context.jobs)
        indexing = bool(self._context.jobs.running("index"))
        if self._indexing and not indexing:
            self._ask_index()
        self._indexing = indexing

    def _decided(self) -> None:
        if self._context is None:
            return
        library = self._context.library
        if library.pending:
            self._bar.tell_saved(say("Saving"), busy=True)
            return
        if not library.loaded:
            self._bar.tell_saved(say("Reading the clips"), busy=True)
            return
        counts = library.counts.decisions
        decided = sum(number for name, number in counts.items() if name != "none")
        text = (
            say("All {several} saved", several=words.several(decided, "decision"))
            if decided
            else say("No decisions yet")
        )
        if decided == 1:
            text = say("1 decision saved")
        self._bar.tell_saved(text)
        chosen = len(library.selection)
        self._bar.selection.setText(say("{chosen:,} selected", chosen=chosen) if chosen > 1 else "")

    def _clips_changed(self) -> None:
        # A filter lists the same clips in another way.
        clips = self._context.library.clips if self._context is not None else None
        if clips is not self._looked_at:
            self._ask_index()

    def _ask_index(self) -> None:
        context = self._context
        if context is None or not context.library.loaded:
            return  # of a page alone, every other clip would seem to be gone
        clips = self._looked_at = context.library.clips
        project = context.project

        def look(_: object) -> IndexLine:
            training = {id for id, clip in clips.items() if clip.role == "training"}
            return index_line(project, training)

        ask(
            project.lanes.store, "look at the index", look,
            context.hop, self._tell_index, lambda _: None,
        )  # fmt: skip

    def _tell_index(self, line: IndexLine) -> None:
        icon, tone = ("warning", "warn") if line.warn else ("stack", "text3")
        self._bar.index.tell(line.text, icon, tone)
        self._advise(line)

    def _advise(self, line: IndexLine) -> None:
        # Said once for each number of clips, so that a notice that was closed stays closed.
        context = self._context
        if context is None:
            return
        counts = context.library.counts
        new = counts.roles.get("training", 0) - counts.analysed
        fresh = (line.fingerprint, line.missing, new)
        if fresh == self._advised:
            return
        self._advised = fresh
        for key in self._advice:
            context.notices.close(key)
        self._advice = []
        if line.missing and not context.jobs.running("index"):
            self._advice.append(_index_advice(context, line))
        if new and not context.jobs.running("analyse", "add"):
            self._advice.append(_analyse_advice(context, new))


@dataclass(frozen=True)
class IndexLine:
    """The index in words, whether it needs a look, and the training clips that it lacks."""

    text: str
    warn: bool = False
    fingerprint: str = ""
    missing: int = 0
    seconds_a_clip: float | None = None


def index_line(project: OpenProject, training: set[str]) -> IndexLine:
    """What the last index is. Read from its folder, without a model."""
    try:
        index, _ = project.rooms.indexes.latest()
    except IndexMissing:
        return IndexLine(say("No index yet"))
    except MotionLensError as error:
        return IndexLine(retell(error.what), True)
    missing = len(training - index.done())
    name = index.spec.fingerprint[:6]
    if missing:
        text = say(
            "Index {name}, {several} missing", name=name, several=words.several(missing, "clip")
        )
        return IndexLine(text, True, name, missing, seconds_a_clip(project.rooms))
    return IndexLine(say("Index {name} current", name=name), False, name)


def _index_advice(context: WindowContext, line: IndexLine) -> int:
    clips = words.several(line.missing, "clip")
    each = line.seconds_a_clip
    cost = f", {words.span(each * line.missing)}" if each is not None else ""
    return context.notices.tell(
        "warn",
        say(
            "{clips} {n} not in index {fingerprint}",
            clips=clips,
            n="is" if line.missing == 1 else "are",
            fingerprint=line.fingerprint,
        ),
        say("Rankings leave them out until they are indexed."),
        panel="library",
        button=say("Index {clips}{cost}", clips=clips, cost=cost),
        act=lambda: context.actions.run("run.index"),
    )


def _analyse_advice(context: WindowContext, new: int) -> int:
    clips = words.several(new, "clip")
    return context.notices.tell(
        "info",
        say("{clips} {n} not been analysed", clips=clips, n="has" if new == 1 else "have"),
        say("Analysing measures motion and flags static shots, held poses, cuts and copies."),
        panel="library",
        button=say("Analyse {clips}", clips=clips),
        act=lambda: context.actions.run("run.analyse"),
    )


def device_line() -> str:
    """The device without loading torch: the driver's own list, or the cores."""
    cards = Path("/proc/driver/nvidia/gpus")
    if cards.is_dir() and (count := len(list(cards.iterdir()))):
        return "GPU 0" if count == 1 else words.several(count, "GPU")
    affinity = getattr(os, "sched_getaffinity", None)
    cores = len(affinity(0)) if affinity else os.cpu_count() or 1
    return f"CPU · {words.several(cores, 'core')}"
