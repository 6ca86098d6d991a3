"""Files and folders: atomic writes, content hashes, JSON lines, resources, project layout."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from motionlens.domain.errors import MotionLensError, ProjectError


@contextlib.contextmanager
def atomic_file(path: str | Path) -> Iterator[BinaryIO]:
    """A binary file that appears whole under its name, or not at all.

    Written beside its place, synced, and renamed; parent folders are made.
    """
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    # Part of the name only, so that a long one leaves room. Not `mkstemp`, whose files are private:
    # a project's files follow the user's umask, which cannot be asked for without setting it.
    temporary = target.with_name(f".{target.name[:40]}.{secrets.token_hex(8)}")
    try:
        with open(temporary, "xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def write_atomically(path: str | Path, data: bytes | str) -> None:
    """Write a whole file at once (text as UTF-8)."""
    with atomic_file(path) as file:
        file.write(data.encode() if isinstance(data, str) else data)


def write_json(path: str | Path, value: Any) -> None:
    """Write one JSON document, keys sorted, for people to read."""
    write_atomically(path, json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False) + "\n")


def read_json(path: str | Path) -> Any:
    """Read one JSON document; OSError or ValueError as they come."""
    return json.loads(Path(path).read_text(encoding="utf-8"))


def append_json_line(path: str | Path, value: Mapping[str, Any]) -> None:
    """Append one line in one write, so that a reader sees whole lines but for the last."""
    line = json.dumps(value, sort_keys=True) + "\n"
    with open(path, "ab") as file:
        file.write(line.encode())


def read_json_lines(path: str | Path) -> list[dict[str, Any]]:
    """All whole lines; a cut last line (the writer was killed) is left out."""
    try:
        text = Path(path).read_bytes()
    except FileNotFoundError:
        return []
    rows = []
    for line in text.splitlines(keepends=True):
        if line.endswith(b"\n") and line.strip():
            with contextlib.suppress(ValueError):
                rows.append(json.loads(line))
    return rows


def plain_path(path: str | Path) -> Path:
    """The path from the root without `..`, so that one file has one name wherever it is named from.

    Symbolic links are kept as the user knows them, but where `..` behind one leads elsewhere.
    """
    plain = os.path.abspath(path)
    if ".." not in os.fspath(path).split(os.sep):
        return Path(plain)
    real = os.path.realpath(path)
    return Path(plain if os.path.realpath(plain) == real else real)


def content_hash(path: str | Path) -> str:
    """sha256 of a file's bytes, in hex."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextlib.contextmanager
def restored_environment(*names: str) -> Iterator[None]:
    """Put environment variables back as they were: importing cv2 overwrites these three."""
    names = names or ("QT_QPA_PLATFORM_PLUGIN_PATH", "QT_QPA_FONTDIR", "LD_LIBRARY_PATH")
    before = {name: os.environ.get(name) for name in names}
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def resource(name: str) -> Path:
    """A shipped file: in the wheel beside the package, in a checkout at its top level."""
    package = Path(__file__).resolve().parent
    for root in (package / "_resources", package.parent / "resources"):
        candidate = root / name
        if candidate.exists():
            return candidate
    raise MotionLensError(
        f"The shipped file {name} is missing",
        "the installation is incomplete",
        "Install MotionLens again",
    )


@dataclass(frozen=True)
class ProjectFolder:
    """Where things lie in a project."""

    root: Path

    @property
    def database(self) -> Path:
        return self.root / "project.db"

    @property
    def index(self) -> Path:
        return self.root / "index"

    @property
    def cache(self) -> Path:
        return self.root / "cache"

    @property
    def runs(self) -> Path:
        return self.root / "runs"

    @property
    def trials(self) -> Path:
        return self.root / "trials"

    @property
    def backups(self) -> Path:
        return self.root / "backups"

    @property
    def generations(self) -> Path:
        return self.root / "generations"

    @property
    def kept(self) -> tuple[Path, ...]:
        """Where the program keeps what it makes: nothing below is anybody's own."""
        folders = (self.index, self.cache, self.runs, self.trials, self.backups, self.generations)
        beside = [self.root / f"{self.database.name}-{part}" for part in ("wal", "shm")]
        return (*folders, self.database, *beside)

    def require(self) -> ProjectFolder:
        """Itself, if it is a project."""
        if not self.database.is_file():
            what = f"{self.root} is not a MotionLens project"
            why = "the folder does not exist" if not self.root.exists() else "it has no project.db"
            raise ProjectError(what, why, f"Make one with: motionlens new {self.root}")
        return self

    def require_root(self) -> ProjectFolder:
        """Itself, its folder made."""
        try:
            self.root.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ProjectError(
                f"{self.root} cannot become a project",
                error.strerror or str(error),
                "Name a folder that you can write to",
            ) from error
        return self

    def require_new(self) -> ProjectFolder:
        """Itself, if a project can be made there."""
        if self.database.exists():
            raise ProjectError(
                f"{self.root} is already a project", "it has a project.db", "Name another folder"
            )
        if self.root.exists() and not self.root.is_dir():
            raise ProjectError(
                f"{self.root} cannot become a project", "it is a file", "Name another folder"
            )
        return self


def inside(folder: Path, name: str) -> Path:
    """`folder / name`, refusing names that lead out of the folder."""
    path = (folder / name).resolve()
    if folder.resolve() not in path.parents or not name.strip() or name.startswith("."):
        raise MotionLensError(
            f"The name {name!r} cannot be used",
            "it leads out of its folder",
            "Use letters, digits, - and _",
        )
    return path
