"""A hundred million clips, simulated: a small first pass over all, the exact score for its best.

A row of 512 numbers is 1 kB in float16: 100 million are 102 GB, more than a workstation reads in a
minute. So shards keep a small code of each row besides, one pass over the codes picks candidates,
and only their rows are read. What that loses is the share of the true first 100 which the first
pass does not pick: it is measured here on a million rows, drawn as real gradients are spread.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from motionlens.attribution.attributor import TorchAttributor
from motionlens.bench.case import Row
from motionlens.models.registry import load_model
from motionlens.worlds.physics import simulate

TOP, BLOCK = 100, 10_000
# Candidates of the first pass, as a share of all rows.
SHARES = (0.0003, 0.001, 0.003, 0.01)
CODES = (32, 64, 128)
Values = NDArray[np.float32]


def scale(quick: bool) -> list[Row]:
    """Recall of the first 100 by code and by share of candidates; bytes beside a float16 row."""
    real = _real_rows(60 if quick else 340)
    asked = 10 if quick else 40
    known, queries = real[asked:], real[:asked]
    mean = known.mean(axis=0)
    centred = known - mean
    wanted = _unit(queries - mean)
    _, strengths, axes = np.linalg.svd(centred, full_matrices=False)
    ways = {
        f"{few} {name}": _code(axes, few, name)
        for few in CODES
        for name in ("of the 512", "main directions")
    }
    rows = 20_000 if quick else 1_000_000
    exact: list[Values] = []
    coded: dict[str, list[Values]] = {name: [] for name in ways}
    for block in _like(strengths / np.sqrt(len(known)), axes, rows):
        unit = _unit(block)
        exact.append(unit @ wanted.T)
        for name, way in ways.items():
            coded[name].append(_bytes(unit @ way) @ (wanted @ way).T)
    truth = np.concatenate(exact)
    found = []
    for name, parts in coded.items():
        guess = np.concatenate(parts)
        for share in (share for share in SHARES if share * rows > TOP):
            recall = _recall(truth, guess, round(share * rows))
            text = f"{name}, 1 byte each, {share:.2%} of {rows:,} read again: recall of the first"
            found.append(Row("scale", f"{text} {TOP}", recall, 1.0, "all rows read", recall))
    return found


def _real_rows(count: int) -> Values:
    attributor = TorchAttributor(load_model("embedded"))
    return np.stack([attributor.row(simulate(n).frames, None, "").vector for n in range(count)])


def _like(strengths: Values, axes: Values, rows: int) -> Iterator[Values]:
    """Rows spread as the real ones: along their axes as far as they, beyond them as the last."""
    rng = np.random.default_rng(0)
    shaped = (strengths[:, None] * axes).astype(np.float32)
    rest = np.float32(strengths[-len(strengths) // 10])
    for start in range(0, rows, BLOCK):
        count = min(BLOCK, rows - start)
        drawn = rng.standard_normal((count, len(shaped)), np.float32) @ shaped
        yield drawn + rest * rng.standard_normal((count, axes.shape[1]), np.float32)


def _code(axes: Values, few: int, name: str) -> Values:
    """(512, few): the first numbers of a row, a smaller sketch of it; or the main directions."""
    if name == "of the 512":
        return np.eye(axes.shape[1], few, dtype=np.float32)
    return np.ascontiguousarray(axes[:few].T, dtype=np.float32)


def _bytes(code: Values) -> Values:
    """As whole numbers from -127 to 127, one scale a block."""
    step = np.float32(np.abs(code).max() / 127)
    return np.asarray(np.rint(code / step) * step, dtype=np.float32)


def _unit(rows: Values) -> Values:
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)


def _recall(truth: Values, guess: Values, candidates: int) -> float:
    """Share of each query's true first rows among the candidates, the mean over queries."""
    shares = []
    for q in range(truth.shape[1]):
        best = np.argpartition(-truth[:, q], TOP)[:TOP]
        picked = np.argpartition(-guess[:, q], candidates)[:candidates]
        shares.append(len(np.intersect1d(best, picked)) / TOP)
    return float(np.mean(shares))
