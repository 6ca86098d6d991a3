"""Projection beside plain torch, and beside TRAK and dattri where they are installed."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator

import numpy as np
import torch

from motionlens.attribution import project_gradient
from motionlens.bench.case import Row, compared

DIM, CLIPS = 512, 8
Work = Callable[[], object]


def projection_peers(quick: bool) -> list[Row]:
    """Eight gradients of 1.3 million entries each (less where `quick`) to 512 numbers."""
    size = 100_000 if quick else 1_300_000
    gradients = np.random.default_rng(0).standard_normal((CLIPS, size), np.float32)

    def ours() -> None:
        for gradient in gradients:
            project_gradient([gradient])

    case = f"{CLIPS} gradients of {size / 1e6:g} million entries to {DIM}"
    return [
        compared("projection", case, name, ours, peer, runs=3)
        for name, peer in _peers(torch.from_numpy(gradients))
    ]


def _peers(gradients: torch.Tensor) -> Iterator[tuple[str, Work]]:
    count, size = gradients.shape
    buckets = torch.randint(DIM, (size,))
    signs = torch.randint(2, (size,)).float() * 2 - 1

    def sketch() -> torch.Tensor:
        return torch.zeros(count, DIM).index_add_(1, buckets, gradients * signs)

    yield "plain torch, index_add_", sketch
    yield "plain torch, dense signs made in blocks", functools.partial(_dense, gradients)
    for make in (_trak, _dattri):
        found = make(gradients)
        if found is not None:
            yield found


def _dense(gradients: torch.Tensor) -> torch.Tensor:
    """Random signs drawn anew a block of rows at a time: a table would be gigabytes."""
    total, rows = torch.zeros(len(gradients), DIM), 4096
    drawn = torch.Generator().manual_seed(0)
    for start in range(0, gradients.shape[1], rows):
        part = gradients[:, start : start + rows]
        total += part @ (torch.randint(2, (part.shape[1], DIM), generator=drawn).float() * 2 - 1)
    return total


def _trak(gradients: torch.Tensor) -> tuple[str, Work] | None:
    try:
        from trak.projectors import BasicProjector, ProjectionType
    except ImportError:
        return None
    projector = BasicProjector(
        grad_dim=gradients.shape[1], proj_dim=DIM, seed=0, proj_type=ProjectionType.rademacher,
        device="cpu", block_size=100,
    )  # fmt: skip
    return "TRAK BasicProjector", lambda: projector.project(gradients, model_id=0)


def _dattri(gradients: torch.Tensor) -> tuple[str, Work] | None:
    try:
        from dattri.func.projection import random_project
    except ImportError:
        return None
    project = random_project(gradients, len(gradients), DIM, 32, proj_type="normal", device="cpu")
    return "dattri random_project", lambda: project(gradients)
