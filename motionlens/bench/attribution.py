"""Projection against reading the gradient once; scoring against reading the matrix once."""

from __future__ import annotations

import functools
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from motionlens.attribution import project_gradient
from motionlens.attribution.geometry import Learnt, Rows, learn
from motionlens.attribution.kept import KeptBeside
from motionlens.attribution.scoring import along, cosines, top_rows
from motionlens.bench.case import Row, compared

DIM, QUERIES = 512, 50


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
    """Queries against all rows of a memory-mapped index, beside reading it once."""
    return _scoring(10_000 if quick else 100_000)


def scoring_full(quick: bool) -> list[Row]:
    """The same for a million clips: 3 GB in the temporary folder while it runs."""
    return _scoring(20_000 if quick else 1_000_000)


def _scoring(rows: int) -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        single = _mapped(Path(folder) / "rows.f32", rows, np.float32)
        half = _mapped(Path(folder) / "rows.f16", rows, np.float16)
        queries = np.random.default_rng(1).standard_normal((QUERIES, DIM)).astype(np.float32)
        kept = KeptBeside(Path(folder) / "learnt", rows)
        plain = np.asarray(single)

        def row(case: str, ours: Callable[[], object], limit: float | None) -> Row:
            name = "reading the matrix once"
            text = f"{rows:,} clips: {case}"
            return compared(
                "scoring", text, name, ours, plain.sum, limit=limit, runs=9, clock=time.perf_counter
            )

        found = []
        for method in ("cosine", "centred", "whitened"):
            learnt = learn(single, method, kept=kept)
            top = functools.partial(_top, single, queries[:1], learnt)
            found.append(row(f"one query, {method}, top 100", top, 1.1))
        learnt, of_half = learn(single, "centred", kept=kept), learn(half, "centred")
        wanted = learnt.space.directions(queries).mean(axis=0)[:, None]
        many = f"{QUERIES} queries"
        found += [
            row(f"{many}, their mean", lambda: along(single, wanted, learnt), 1.1),
            row(f"{many}, each", lambda: cosines(single, queries, learnt), 5.5),
            row("one query, float16", lambda: cosines(half, queries[:1], of_half), None),
            row(f"{many}, each, float16", lambda: cosines(half, queries, of_half), 9.5),
            row("lengths, centred, first time", lambda: learn(single, "centred"), None),
        ]
        return found


def _top(rows: Rows, query: Rows, learnt: Learnt) -> object:
    return top_rows(cosines(rows, query, learnt)[:, 0], 100)


def _mapped(path: Path, rows: int, dtype: type[np.floating]) -> Rows:
    """Random rows in a file, with a mean that centring takes away."""
    rng = np.random.default_rng(0)
    mean = 0.7 * rng.standard_normal(DIM, np.float32)
    with open(path, "wb") as file:
        for start in range(0, rows, 10_000):
            some = rng.standard_normal((min(10_000, rows - start), DIM), np.float32)
            ((some + mean) / np.float32(30)).astype(dtype).tofile(file)
    return np.memmap(path, dtype, mode="r", shape=(rows, DIM))
