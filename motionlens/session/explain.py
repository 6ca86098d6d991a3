"""Explain: a set of queries, and the clips that push toward their motion or away from it."""

from __future__ import annotations

import shlex
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from psygnal import Signal

from motionlens.domain.clip import Region, Span
from motionlens.domain.language import say
from motionlens.domain.ranking import STANDS_OUT, Part, Polarity, RankedClip
from motionlens.lanes import Priority
from motionlens.operations.evaluate_shown import known_truth
from motionlens.operations.rank import rank
from motionlens.operations.report import ReportResult, report
from motionlens.operations.whatif import WhatIfResult, what_if
from motionlens.session.explain_words import Answer
from motionlens.session.jobs import JobsState
from motionlens.session.work import OpenProject

TOP = 50
MOST_LISTED = 500
SIDES = ("proponents", "opponents", "all")
# A ranking that takes less is made again by itself once what is asked has rested.
QUICK_S = 5.0
METHODS = ("centred", "cosine", "whitened", "vote", "combined", "learned")


class ExplainState:
    """Answers by what was asked, kept while the window is open.

    Signals: `changed` (what is asked, list or answer), `failed` (an error), `written` (the path of
    a report).
    """

    changed = Signal()
    failed = Signal(object)
    written = Signal(str)

    def __init__(self, project: OpenProject, jobs: JobsState) -> None:
        self._project = project
        self._jobs = jobs
        self.query = ""
        self.others: dict[str, Polarity] = {}
        self.parts: dict[str, Part] = {}
        self.checked: dict[str, None] = {}
        self.cost_s: float | None = None
        self.method = METHODS[0]
        self.side = "proponents"
        self.answers: dict[object, Answer] = {}
        self.effects: dict[object, WhatIfResult] = {}
        self.job = 0

    @property
    def asked(self) -> Mapping[str, Polarity]:
        """The clips that are asked about: the set, or the one that is shown."""
        return self.others or ({self.query: Polarity.BAD} if self.query else {})

    @property
    def part(self) -> Part:
        """Where and when in the query that is shown the motion is meant."""
        return self.parts.get(self.query, Part())

    @property
    def answer(self) -> Answer | None:
        """What is known about them."""
        return self.answers.get(self._key())

    @property
    def rows(self) -> list[RankedClip]:
        """The side that is listed, the strongest first."""
        answer = self.answer
        if answer is None:
            return []
        rows = answer.ranking.rows
        if self.side == "all":
            return list(rows[:MOST_LISTED])
        if self.side == "proponents":
            return [row for row in rows[:TOP] if row.score > 0]
        return [row for row in reversed(rows[-TOP:]) if row.score < 0]

    def colour(self, row: RankedClip) -> int:
        """1 for a proponent that stands out, -1 for an opponent, 0 inside the band of chance."""
        answer = self.answer
        band = answer.ranking.band if answer is not None else None
        if band is None:
            plain = row.q_value is None or row.q_value <= STANDS_OUT
            return (1 if row.score >= 0 else -1) if plain else 0
        return 1 if row.score >= band[1] else -1 if row.score <= band[0] else 0

    @property
    def running(self) -> bool:
        return bool(self.job) and self._jobs.row(self.job).live

    def choose(self, query: str) -> None:
        """Show another query; each keeps the part that was marked on it."""
        if query != self.query:
            self.query = query
            self.changed.emit()

    def put(self, clip: str, polarity: Polarity | None) -> None:
        """Put a clip into the set, or (None) take it out."""
        if polarity is None:
            self.others.pop(clip, None)
        else:
            self.others[clip] = polarity
        self.changed.emit()

    def mark(self, region: Region | None, span: Span | None) -> None:
        """Ask about a part only of the query that is shown."""
        part = Part(region, span)
        if part == self.part:
            return
        if part == Part():
            del self.parts[self.query]
        else:
            self.parts[self.query] = part
        self.changed.emit()

    def use(self, method: str) -> None:
        """Rank by another method."""
        self.method = method
        self.changed.emit()

    def show(self, side: str) -> None:
        """List one of `SIDES`."""
        self.side = side
        self.changed.emit()

    def check(self, clips: Iterable[str], on: bool) -> None:
        """Put clips among those that a batch is about, or take them out."""
        for clip in clips:
            if on:
                self.checked[clip] = None
            else:
                self.checked.pop(clip, None)
        self.changed.emit()

    def quick(self) -> bool:
        """Whether what is asked now can be answered within 5 s, going by the last time."""
        return self.cost_s is not None and self.cost_s * max(1, len(self.asked)) < QUICK_S

    def ask(self, name: str) -> None:
        """Find the clips behind the motion, urgent on the compute lane."""
        rooms, key, method = self._project.rooms, self._key(), self.method
        asked, parts = dict(self.asked), dict(self.parts)

        def work(progress: Any, token: Any) -> Answer:
            start = time.monotonic()
            ranking = rank(
                rooms,
                bad=[clip for clip, polarity in asked.items() if polarity is Polarity.BAD],
                good=[clip for clip, polarity in asked.items() if polarity is Polarity.GOOD],
                parts=parts, method=method, keep=False, progress=progress, token=token,
            )  # fmt: skip
            self.cost_s = (time.monotonic() - start) / max(1, len(asked))
            spec = rooms.indexes.latest(ranking.fingerprint)[0].spec
            return Answer(ranking, known_truth(spec.weights, method))

        def done(answer: Answer) -> str:
            self.answers[key] = answer
            self.changed.emit()
            return answer.told

        self._start(say("Explain {name}", name=name), work, done, "magnifying-glass")

    def effect(self, clips: Sequence[str]) -> WhatIfResult | None:
        """What is known of leaving clips out."""
        return self.effects.get(self._effect_key(clips))

    def try_without(self, clips: Sequence[str], name: str) -> None:
        """Predict what the model does without clips, and measure it by a short training."""
        rooms, queries, key = self._project.rooms, sorted(self.asked), self._effect_key(clips)

        def work(progress: Any, token: Any) -> WhatIfResult:
            return what_if(
                rooms, queries=queries, exclude=list(clips), progress=progress, token=token
            )

        def done(found: WhatIfResult) -> str:
            self.effects[key] = found
            self.changed.emit()
            return say("{steps} steps with and without", steps=found.steps)

        self._start(say("Without {name}", name=name), work, done, "flask")

    def write_report(self, out: Path) -> None:
        """Write what was asked, and each query's clips, as one page."""
        rooms, asked, parts = self._project.rooms, list(self.asked), dict(self.parts)

        def work(progress: Any, token: Any) -> ReportResult:
            return report(
                rooms, queries=asked, parts=parts, out=out, progress=progress, token=token
            )

        def done(written: ReportResult) -> str:
            self.written.emit(written.file)
            return Path(written.file).name

        self._start(say("Report"), work, done, "export")

    def command(self) -> str:
        """The command line that asks the same."""
        words = ["motionlens", "rank", str(self._project.rooms.folder.root)]
        for option, wanted in (("--bad", Polarity.BAD), ("--good", Polarity.GOOD)):
            clips = [clip for clip, polarity in self.asked.items() if polarity is wanted]
            words += [option, *clips] if clips else []
        parts = {self.parts.get(clip, Part()) for clip in self.asked}
        if len(parts) == 1:
            part = parts.pop()
            if (box := part.region) is not None:
                values = (box.x, box.y, box.width, box.height)
                words += ["--region", ",".join(f"{value:g}" for value in values)]
            if part.span is not None:
                words += ["--frames", f"{part.span.start}:{part.span.stop}"]
        return shlex.join([*words, "--method", self.method])

    def cancel(self) -> None:
        """Stop what runs."""
        if self.running:
            self._jobs.cancel(self.job)

    def _start(self, name: str, work: Any, done: Any, icon: str) -> None:
        def failed(error: BaseException) -> None:
            self.changed.emit()
            self.failed.emit(error)

        self.job = self._jobs.start(
            name, "rank", self._project.lanes.compute, work, icon=icon, done=done,
            failed=failed, cancelled=self.changed.emit, priority=Priority.URGENT,
        )  # fmt: skip
        self.changed.emit()

    def _key(self) -> object:
        asked = sorted((clip, str(polarity)) for clip, polarity in self.asked.items())
        parts = tuple(self.parts.get(clip, Part()) for clip, _ in asked)
        return tuple(asked), parts, self.method

    def _effect_key(self, clips: Iterable[str]) -> object:
        return tuple(sorted(self.asked)), frozenset(clips)
