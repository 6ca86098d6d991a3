"""How much memory a gradient of a model takes, computed before anything is loaded.

Checked against measured steps of each family (tests/unit/models/test_memory.py): within a factor
of 1.6 either way. The picture encoder's own working memory is not part of it.
"""

from __future__ import annotations

import functools
import importlib.metadata
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

GB = 1e9
THIS_MACHINE = "this machine"
_CGROUP = Path("/sys/fs/cgroup/memory.max")


@dataclass(frozen=True)
class Need:
    """Gigabytes (1e9 bytes).

    Attributes
    ----------
    weights, gradients, activations : float
        Together on the device while one clip's gradient is made.
    encoder : float
        The text encoder's weights, loaded once for all captions and then freed.
    """

    weights: float
    gradients: float
    activations: float
    encoder: float = 0.0

    @property
    def device(self) -> float:
        """What the device must have for a clip's gradient."""
        return self.weights + self.gradients + self.activations

    @property
    def least(self) -> float:
        """The same with next to no tracked parameters, such as adapters alone."""
        return self.weights + self.activations


@dataclass(frozen=True)
class Size:
    """What the need hangs on.

    Attributes
    ----------
    parameters, vae, encoder : int
        Weights of the network, of the picture encoder and of the text encoders.
    width, blocks, inner : int
        Numbers a token, blocks, and numbers a token inside a feed-forward part.
    tokens : int
        Of one clip, its caption's among them where both go through the blocks together.
    """

    parameters: int
    vae: int
    encoder: int
    width: int
    blocks: int
    inner: int
    tokens: int


def needed(
    size: Size, bytes_a_number: int, tracked: int | None = None, checkpointing: bool = True
) -> Need:
    """The dry calculation.

    A block keeps about ``23 + 2 inner / width`` numbers for each of a token's for its backward
    pass: inputs of its maps and norms, queries, keys, values, attention's answer, and twice the
    feed-forward part. With checkpointing one block at a time does, and the others keep their input.

    Parameters
    ----------
    bytes_a_number : int
        2 or 4.
    tracked : int, optional
        Parameters whose gradient is kept; all without it.
    """
    block = 23 + 2 * size.inner / size.width
    kept = size.blocks + block if checkpointing else size.blocks * block
    numbers = size.tokens * size.width * (kept + 8)  # before, between and after the blocks
    gradients = size.parameters if tracked is None else tracked
    return Need(
        (size.parameters + size.vae) * bytes_a_number / GB,
        gradients * bytes_a_number / GB,
        numbers * bytes_a_number / GB,
        size.encoder * 2 / GB,
    )


def memory_here() -> tuple[float, str, int]:
    """Gigabytes that a model can use here, of what, and bytes a number there; torch stays out.

    The first NVIDIA card's where torch is built for one, else this machine's memory.
    """
    card = _card()
    if card is not None:
        return card[0], card[1], 2
    return _main_memory(), THIS_MACHINE, 4


@functools.cache
def _card() -> tuple[float, str] | None:
    try:
        build = importlib.metadata.version("torch")
    except importlib.metadata.PackageNotFoundError:
        return None
    tool = shutil.which("nvidia-smi")
    if build.endswith("+cpu") or tool is None:
        return None
    ask = [tool, "--query-gpu=memory.total,name", "--format=csv,noheader,nounits"]
    try:
        told = subprocess.run(ask, capture_output=True, text=True, timeout=10, check=True).stdout
        size, _, name = told.splitlines()[0].partition(",")
        return float(size) * 2**20 / GB, name.strip()
    except (OSError, subprocess.SubprocessError, ValueError, IndexError):
        return None


def _main_memory() -> float:
    """0 where the system does not say."""
    try:
        whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return 0.0
    try:
        limit = int(_CGROUP.read_text())
    except (OSError, ValueError):  # no container, or one without a limit
        limit = whole
    return min(whole, limit) / GB
