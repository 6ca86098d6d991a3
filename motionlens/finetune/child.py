"""How a run's child process is started, so that it outlives whoever started it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

# Windows has no sessions: DETACHED_PROCESS | CREATE_NEW_PROCESS_GROUP.
_APART = 0x00000208 if sys.platform == "win32" else 0


class Child(subprocess.Popen[bytes]):
    """A child that is meant to outlive us: being dropped while it runs is no mistake."""

    def __del__(self) -> None:
        # Popen's own would warn of a process left behind; asking once reaps it if it has ended.
        if getattr(self, "pid", None) is not None:
            self.poll()


def start_child(folder: Path, log: Path, device: str) -> Child:
    """Start the process that trains in `folder`; OSError if the system has no room for it."""
    with open(log, "ab") as output:
        return Child(
            child_command(folder),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=child_environment(device),
            close_fds=True,
            start_new_session=True,
            creationflags=_APART,
        )


def child_command(folder: Path) -> Sequence[str]:
    """The hidden verb; a frozen program is its own interpreter."""
    module = [] if getattr(sys, "frozen", False) else ["-m", "motionlens"]
    return [sys.executable, *module, "_train", str(folder)]


def child_environment(device: str) -> dict[str, str]:
    """The child's environment: our own package first; one thread on a CPU.

    Two one-thread runs beat one two-thread run, and one thread adds in one order, so that a
    resumed run ends with the same weights.
    """
    environment = dict(os.environ)
    package = str(Path(__file__).parent.resolve().parent.parent)
    paths = [package, *filter(None, [environment.get("PYTHONPATH", "")])]
    environment["PYTHONPATH"] = os.pathsep.join(paths)
    if not device.startswith("cuda"):
        environment["OMP_NUM_THREADS"] = "1"
    return environment
