"""Expected failures, each told in three parts: what happened, why, and what to do next.

Anything that is not a :class:`MotionLensError` is a bug of ours: it is logged and reported, never
shown to a user as if it were their mistake.
"""

from __future__ import annotations


class MotionLensError(Exception):
    """An expected failure.

    Parameters
    ----------
    what : str
        What could not be done, without a full stop.
    why : str
        The cause, in the user's words.
    next_step : str
        What the user can do about it.
    """

    def __init__(self, what: str, why: str = "", next_step: str = "") -> None:
        self.what = what
        self.why = why
        self.next_step = next_step
        super().__init__(self.sentence())

    def sentence(self) -> str:
        """One line: what, why, next step."""
        # What may begin with the name of a file or verb, which stays as it is.
        parts = (_ended(self.what), _ended(_capital(self.why)), _ended(self.next_step))
        return " ".join(part for part in parts if part)

    def __reduce__(self) -> tuple[type[MotionLensError], tuple[str, str, str]]:
        # Crosses process borders (decoder child, trainer child) with its three parts intact.
        return type(self), (self.what, self.why, self.next_step)


def from_os_error(error: OSError) -> MotionLensError:
    """What the system said about a file, in words: no room, no right, no such place."""
    named = error.filename2 or error.filename
    what = f"{named} cannot be read or written" if named else "A file cannot be read or written"
    next_step = "Check the path, its permissions and the free space on its disk"
    return MotionLensError(what, error.strerror or str(error), next_step)


def _capital(part: str) -> str:
    first = part.split(" ", 1)[0]
    if first.isalpha() and first.islower():  # a word begins a sentence; ids and paths stay
        return part[0].upper() + part[1:]
    return part


def _ended(part: str) -> str:
    part = " ".join(part.split())
    return part if not part or part.endswith((".", "!", "?")) else part + "."


class UsageError(MotionLensError):
    """The request itself makes no sense (a region outside the frame, an unknown name)."""


class ProjectError(MotionLensError):
    """The project folder is missing, not a project, or exists already."""


class MediaError(MotionLensError):
    """A media file cannot be read."""


class ModelError(MotionLensError):
    """A model is unknown, broken, or cannot run here."""


class IndexMissing(MotionLensError):
    """There is no gradient index to answer from."""


class IndexStale(MotionLensError):
    """Something under the gradient index has changed; its rows must not be mixed with new ones."""


class GpuOutOfMemory(MotionLensError):
    """The device has too little memory even for one clip at a time."""


class StoreError(MotionLensError):
    """The database is full, locked, read-only, corrupt, or made by a newer version."""


class TrainerError(MotionLensError):
    """A fine-tune cannot start or has failed."""


class ManifestError(MotionLensError):
    """A training list cannot be read or written."""


class PluginError(MotionLensError):
    """A plugin is unknown or broken."""


class Cancelled(Exception):
    """The user asked to stop. Not a :class:`MotionLensError`: what was committed stays."""
