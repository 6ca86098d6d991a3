"""Memory that a process and its child both see: nameless, gone when both have let go of it."""

from __future__ import annotations

import mmap
import os
import tempfile

# Linux: a mapping must not lose its ground while the other side reads it.
_ADD_SEALS, _SEAL_SHRINK = 1033, 2


PAGE = mmap.ALLOCATIONGRANULARITY


class SharedBytes:
    """A growing piece of shared memory.

    Parameters
    ----------
    fd : int, optional
        The file behind it, as the other process made it; without it, one is made. It is owned from
        then on, and closed by :meth:`close`.
    """

    def __init__(self, fd: int | None = None) -> None:
        self.fd = _nameless() if fd is None else fd
        self._map: mmap.mmap | None = None
        self._size = 0

    def grow(self, size: int) -> None:
        """Have at least `size` bytes; OSError where the system has no room for them.

        The room is taken at once: a page that is missing later would be a fatal signal, no error.
        """
        if size <= self._size:
            return
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(self.fd, 0, size)
        else:
            os.ftruncate(self.fd, size)
        self._fit(size)

    def view(self, start: int, length: int) -> memoryview:
        """`length` bytes from `start`, after the other process may have grown it.

        Raises
        ------
        ValueError
            It is not that large.
        """
        if start < 0 or length < 0:
            raise ValueError(f"no bytes {start} + {length}")
        if start + length > self._size:
            self._fit(os.fstat(self.fd).st_size)
        if start + length > self._size or self._map is None:
            raise ValueError(f"{start + length} bytes were named, there are {self._size}")
        return memoryview(self._map)[start : start + length]

    def lease(self, start: int, length: int) -> mmap.mmap:
        """A mapping of `length` bytes from `start` alone, which lives as long as it is used.

        Parameters
        ----------
        start : int
            A multiple of :data:`PAGE`.
        """
        if start + length > os.fstat(self.fd).st_size:
            raise ValueError(f"{start + length} bytes were named, there are less")
        return mmap.mmap(self.fd, length, offset=start)

    def close(self) -> None:
        """Let go of it; views that are still held keep their memory."""
        self._map, self._size = None, 0
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1

    def _fit(self, size: int) -> None:
        # The old mapping lives as long as somebody looks at it.
        self._map = mmap.mmap(self.fd, size) if size else None
        self._size = size


class Shelf:
    """Places in shared memory for pieces that the other side keeps for a while.

    Parameters
    ----------
    most : int
        Bytes.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._taken: dict[int, int] = {}

    def place(self, length: int) -> int | None:
        """The start of the first gap that is long enough; None where all is full."""
        length = -(-length // PAGE) * PAGE
        start = 0
        for taken in sorted(self._taken):
            if taken - start >= length:
                break
            start = taken + self._taken[taken]
        if start + length > self._most:
            return None
        self._taken[start] = length
        return start

    def free(self, start: int) -> None:
        """The piece that began there is no longer needed."""
        self._taken.pop(start, None)


def _nameless() -> int:
    if hasattr(os, "memfd_create"):
        import fcntl

        fd = os.memfd_create("motionlens", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        fcntl.fcntl(fd, _ADD_SEALS, _SEAL_SHRINK)
        return fd
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())
