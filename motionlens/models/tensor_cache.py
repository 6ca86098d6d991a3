"""Tensors kept on disk under a key: latents of clips, embeddings of captions.

A cache, not a store: any file in it may be deleted at any time, and a damaged one is made again.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
from pathlib import Path

import safetensors
import safetensors.torch
from torch import Tensor

from motionlens.files import atomic_file

_MOST, _LEAST = 64e9, 256e6
_SHARE_OF_FREE = 0.25
_NAME = "kept"


class TensorCache:
    """A folder of small safetensors files, the least recently used of which give way.

    Parameters
    ----------
    folder : Path
        Made when something is kept.
    most_bytes : int, optional
        What it may take; a quarter of the free disk, at most 64 GB, without it.
    """

    def __init__(self, folder: Path, most_bytes: int | None = None) -> None:
        self.folder = folder
        self._most = most_bytes
        self._taken: int | None = None

    def get(self, *key: str) -> Tensor | None:
        """What was kept under a key, on the CPU; None where there is nothing whole."""
        path = self._path(key)
        try:
            found = safetensors.torch.load(path.read_bytes())[_NAME]
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, KeyError, ValueError, safetensors.SafetensorError):
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)
            return None
        with contextlib.suppress(OSError):
            os.utime(path)  # used now: it gives way last
        return found

    def put(self, value: Tensor, *key: str) -> None:
        """Keep a tensor; a full or read-only disk keeps nothing, and that is no error."""
        data = safetensors.torch.save({_NAME: value.detach().cpu().contiguous()})
        with contextlib.suppress(OSError):
            self.folder.mkdir(parents=True, exist_ok=True)
            if self._taken is None:
                self._taken = sum(size for _, size, _ in self._files())
            limit = self._limit()
            if self._taken + len(data) > limit:
                self._make_room(limit - len(data))
            if len(data) <= limit:
                with atomic_file(self._path(key)) as file:
                    file.write(data)
                self._taken += len(data)

    def _path(self, key: tuple[str, ...]) -> Path:
        name = hashlib.sha256("\n".join(key).encode()).hexdigest()
        return self.folder / f"{name}.safetensors"

    def _limit(self) -> float:
        if self._most is None:
            free = shutil.disk_usage(self.folder).free + (self._taken or 0)
            self._most = int(min(_MOST, max(_LEAST, free * _SHARE_OF_FREE)))
        return self._most

    def _make_room(self, most: float) -> None:
        files = sorted(self._files())
        taken = sum(size for _, size, _ in files)
        for _, size, path in files:
            # A tenth more than is needed, so that the folder is not listed for each new file.
            if taken <= most * 0.9:
                break
            path.unlink(missing_ok=True)
            taken -= size
        self._taken = taken

    def _files(self) -> list[tuple[float, int, Path]]:
        found = []
        for path in self.folder.glob("*.safetensors"):
            with contextlib.suppress(OSError):  # another process may have made room meanwhile
                about = path.stat()
                found.append((about.st_mtime, about.st_size, path))
        return found
