"""Projection against reading the gradient once; scoring against reading the matrix once."""

from __future__ import annotations

import numpy as np

from motionlens.attribution import influence_scores, project_gradient
from motionlens.bench.case import Row, compared


def projection(quick: bool) -> list[Row]:
    """One gradient to 512 numbers."""
    size = 1_000_000 if quick else 30_000_000
    gradient = np.random.default_rng(0).normal(size=size).astype(np.float32)
    return [
        compared(
            "projection",
            f"{size / 1e6:g} million entries to 512",
            "reading the gradient once",
            lambda: project_gradient([gradient]),
            gradient.sum,
            limit=3.0,
            runs=3 if quick else 7,
        )
    ]


def scoring(quick: bool) -> list[Row]:
    """One query against all rows."""
    rows = 10_000 if quick else 200_000
    rng = np.random.default_rng(0)
    index = rng.normal(size=(rows, 512)).astype(np.float32)
    query = rng.normal(size=512).astype(np.float32)
    return [
        compared(
            "scoring",
            f"one query, {rows:,} clips",
            "reading the matrix once",
            lambda: influence_scores(index, query),
            index.sum,
            runs=5,
        )
    ]
