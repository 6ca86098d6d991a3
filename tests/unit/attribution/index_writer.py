"""Rows for an index, and a child process that writes them until it is killed."""

from __future__ import annotations

import itertools
import sys
from pathlib import Path

import numpy as np

from motionlens.attribution.index import IndexFolder
from motionlens.domain.fingerprint import IndexSpec
from motionlens.domain.ports import GradientRow

SPEC = IndexSpec("w" * 64, "all", (0.6, 0.9), 0, "adjacent", "dis", "default", 8, 0)
NOTE = {"model": "embedded", "levels": [0.6, 0.9]}
NETWORK_ROWS = 12


def row(n: int, spec: IndexSpec = SPEC) -> GradientRow:
    """Random numbers in the shape of a row."""
    rng = np.random.default_rng(n)
    levels = len(spec.levels)
    return GradientRow(
        rng.standard_normal(spec.dim).astype(np.float32),
        *(rng.random(levels).astype(np.float32) for _ in range(3)),
    )


def write_gradients(root: Path) -> None:
    """Gradients of the real network for clips that are not there yet, one commit each."""
    import torch

    from motionlens.attribution.attributor import TorchAttributor
    from motionlens.models.embedded import EmbeddedModel

    torch.set_num_threads(1)
    maker = TorchAttributor(EmbeddedModel.untrained(0), levels=(0.6,))
    with IndexFolder(root).open(maker.spec, NOTE) as index:
        for n in range(NETWORK_ROWS):
            if (clip := f"{n:032x}") not in index.done():
                frames = np.random.default_rng(n).integers(0, 255, (16, 32, 32, 3), np.uint8)
                index.commit({clip: maker.row(frames, None, "bounce")})
                print(clip, flush=True)


def write_numbers(root: Path) -> None:
    """Rows without end."""
    with IndexFolder(root).open(SPEC, NOTE) as index:
        for n in itertools.count():
            index.commit({f"clip{n}": row(n)})
            print(n, flush=True)


if __name__ == "__main__":
    {"network": write_gradients, "numbers": write_numbers}[sys.argv[2]](Path(sys.argv[1]))
