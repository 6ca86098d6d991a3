"""`check`: is everything there, and does it hold together?"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from motionlens.domain.errors import MotionLensError
from motionlens.operations.queries import changed_files
from motionlens.operations.rooms import Rooms


@dataclass(frozen=True)
class Problem:
    where: str
    what: str
    repaired: bool = False


@dataclass(frozen=True)
class CheckResult:
    """`ok` is true where no problem is left; `readable` is false where nothing could be opened."""

    ok: bool
    problems: tuple[Problem, ...]

    @property
    def readable(self) -> bool:
        return not any(problem.where == "project" for problem in self.problems)


def check(rooms: Rooms, *, repair: bool = False) -> CheckResult:
    """Look through database, indexes and links to media; mend what can be mended."""
    problems = [Problem(*found) for found in rooms.store.check(repair)]
    problems += _media(rooms)
    problems += _indexes(rooms)
    return CheckResult(all(p.repaired for p in problems), tuple(problems))


def unreadable(error: MotionLensError) -> CheckResult:
    """The answer where the project cannot even be opened."""
    return CheckResult(False, (Problem("project", error.sentence()),))


def _media(rooms: Rooms) -> list[Problem]:
    clips = rooms.store.clips()
    missing = [
        Problem("media", f"{clip.path} is not there: add the folder where it lies now")
        for clip in clips
        if not any(Path(path).is_file() for path in clip.paths)
    ]
    changed = changed_files(rooms, clips, {clip.id for clip in clips})
    return missing + [Problem("media", what) for what in changed]


def _indexes(rooms: Rooms) -> list[Problem]:
    problems = []
    for fingerprint in rooms.indexes.fingerprints():
        where = f"index {fingerprint}"
        try:
            opened, _ = rooms.indexes.latest(fingerprint)
            problems += [Problem(where, what) for what in opened.check()]
        except MotionLensError as error:
            problems.append(Problem(where, error.sentence()))
    return problems
