"""Trials as one window sees them: counts while they run, the report once every pair has a vote."""

from __future__ import annotations

from psygnal import Signal

from motionlens.domain.trial import TrialReport, report
from motionlens.session.work import Hop, OpenProject, ask


class TrialsState:
    """Reports of all trials, the newest first; models are named in whole ones only."""

    changed = Signal()
    failed = Signal(object)

    def __init__(self, project: OpenProject, hop: Hop) -> None:
        self._project = project
        self._hop = hop
        self.loaded = False
        self.reports: list[TrialReport] = []
        self.current = ""

    @property
    def report(self) -> TrialReport | None:
        return next((one for one in self.reports if one.trial == self.current), None)

    def choose(self, trial: str) -> None:
        """Look at another trial."""
        self.current = trial
        self.changed.emit()

    def refresh(self) -> None:
        """Count again, on the store lane."""
        rooms = self._project.rooms

        def read(_: object) -> list[TrialReport]:
            store = rooms.store
            found = []
            for name in store.trials():
                base, tuned, pairs = store.trial(name)
                found.append(report(name, pairs, store.votes(name), base, tuned))
            return found[::-1]

        def done(reports: list[TrialReport]) -> None:
            self.reports, self.loaded = reports, True
            if self.report is None:
                self.current = reports[0].trial if reports else ""
            self.changed.emit()

        ask(self._project.lanes.store, "list trials", read, self._hop, done, self.failed.emit)


def finished(one: TrialReport) -> bool:
    """Every pair has a vote."""
    return one.voted_pairs == one.pairs and one.pairs > 0
