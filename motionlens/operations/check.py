"""`check`: is everything there, and does it hold together?"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from motionlens.domain.errors import MotionLensError
from motionlens.operations.changed import changed_files
from motionlens.operations.rooms import Rooms


@dataclass(frozen=True)
class Problem:
    where: str
    what: str
    repaired: bool = False


@dataclass(frozen=True)
class CheckResult:
    """`ok` is true where no problem is left; `readable` is false where the project cannot be
    opened, or its database is damaged beyond mending."""

    ok: bool
    problems: tuple[Problem, ...]

    @property
    def readable(self) -> bool:
        return all(p.repaired for p in self.problems if p.where in ("project", "database"))


@dataclass(frozen=True)
class BackupResult:
    """The verified copy of the database."""

    file: str


def check(rooms: Rooms, *, repair: bool = False) -> CheckResult:
    """Look through database, indexes and links to media; mend what can be mended."""
    problems = [Problem(*found) for found in rooms.store.check(repair)]
    problems += _media(rooms)
    problems += _indexes(rooms, repair)
    return CheckResult(all(p.repaired for p in problems), tuple(problems))


def backup(rooms: Rooms) -> BackupResult:
    """Copy the database into the project's backups, and verify the copy."""
    return BackupResult(str(rooms.store.backup()))


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
    changed = changed_files(rooms, clips).values()
    return missing + [
        Problem("media", f"the content of {path} changed: add it again") for path in changed
    ]


def _indexes(rooms: Rooms, repair: bool) -> list[Problem]:
    problems = []
    for fingerprint in rooms.indexes.fingerprints():
        where = f"index {fingerprint}"
        try:
            found = _damage(rooms, fingerprint)
            left = set(_mended(rooms, fingerprint) if found and repair else found)
            problems += [Problem(where, what, what not in left) for what in found]
        except MotionLensError as error:
            problems.append(Problem(where, error.sentence()))
    return problems


def _damage(rooms: Rooms, fingerprint: str) -> list[str]:
    with closing(rooms.indexes.latest(fingerprint)[0]) as opened:
        return opened.check()


def _mended(rooms: Rooms, fingerprint: str) -> list[str]:
    """Take damaged rows out; what is left of the damage."""
    rooms.indexes.repair(fingerprint)
    return _damage(rooms, fingerprint)
