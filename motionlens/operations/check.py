"""`check`: is everything there, and does it hold together?"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from motionlens.domain.errors import MotionLensError
from motionlens.operations.changed import changed_files
from motionlens.operations.relink import relink
from motionlens.operations.rooms import Rooms
from motionlens.operations.self_test import kept_self_test


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


def check(rooms: Rooms, *, repair: bool = False, search: Sequence[str | Path] = ()) -> CheckResult:
    """Look through database, indexes and links to media; mend what can be mended.

    Parameters
    ----------
    repair : bool
        Mend: damaged rows go, and media that were moved are linked again by their content.
    search : sequence of paths
        Folders where moved media may lie; those near their old places are looked through anyway.
    """
    problems = [Problem(*found) for found in rooms.store.check(repair)]
    problems += _media(rooms, repair, [Path(folder) for folder in search])
    problems += _indexes(rooms, repair)
    return CheckResult(all(p.repaired for p in problems), tuple(problems))


def backup(rooms: Rooms) -> BackupResult:
    """Copy the database into the project's backups, and verify the copy."""
    return BackupResult(str(rooms.store.backup()))


def unreadable(error: MotionLensError) -> CheckResult:
    """The answer where the project cannot even be opened."""
    return CheckResult(False, (Problem("project", error.sentence()),))


def _media(rooms: Rooms, repair: bool, search: list[Path]) -> list[Problem]:
    clips = rooms.store.clips()
    away = [clip for clip in clips if not any(Path(path).is_file() for path in clip.paths)]
    found = relink(rooms, away, search) if repair and away else {}
    missing = [
        Problem("media", f"{clip.path} is not there: {_now(found.get(clip.id))}", clip.id in found)
        for clip in away
    ]
    changed = changed_files(rooms, clips).values()
    return missing + [
        Problem("media", f"the content of {path} changed: add it again") for path in changed
    ]


def _now(path: str | None) -> str:
    return f"found at {path}" if path else "add the folder where it lies now"


def _indexes(rooms: Rooms, repair: bool) -> list[Problem]:
    problems = []
    for fingerprint in rooms.indexes.fingerprints():
        where = f"index {fingerprint}"
        try:
            found = _damage(rooms, fingerprint)
            left = set(_mended(rooms, fingerprint) if found and repair else found)
            problems += [Problem(where, what, what not in left) for what in found]
            tested = kept_self_test(rooms.indexes, fingerprint)
            if tested is not None and not tested.ok:
                problems.append(Problem(where, f"its self-test failed: {tested.why}"))
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
