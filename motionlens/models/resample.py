"""Exact area resampling as matrices: every source cell counts by the share it covers."""

from __future__ import annotations

import functools

import numpy as np
import torch


@functools.lru_cache(maxsize=256)
def area_weights(source: int, target: int) -> np.ndarray:
    """Weights of the area average.

    Cell *i* of the target covers ``[i, i + 1) * source / target`` of the source; each weight is the
    covered part of a source cell, and each row sums to one. Larger targets repeat cells, mixed
    where a border falls inside one.

    Returns
    -------
    ndarray
        (target, source) float32, read-only.
    """
    return covered_weights(source, target, 0.0, float(source))


@functools.lru_cache(maxsize=256)
def covered_weights(source: int, target: int, start: float, stop: float) -> np.ndarray:
    """As :func:`area_weights`, of the part from ``start`` to ``stop`` of the source alone."""
    edges = start + np.arange(target + 1, dtype=np.float64) * (stop - start) / target
    cells = np.arange(source, dtype=np.float64)
    low = np.maximum(edges[:-1, None], cells[None, :])
    high = np.minimum(edges[1:, None], cells[None, :] + 1)
    cover = np.maximum(high - low, 0.0)
    weights: np.ndarray = (cover / cover.sum(axis=1, keepdims=True)).astype(np.float32)
    weights.setflags(write=False)
    return weights


def resize_area(pictures: np.ndarray, height: int, width: int) -> np.ndarray:
    """(..., H, W) float32 averaged down (or repeated up) to (..., height, width) float32."""
    rows = area_weights(pictures.shape[-2], height)
    columns = area_weights(pictures.shape[-1], width)
    return between(rows, pictures, columns)


def between(rows: np.ndarray, pictures: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """``rows @ picture @ columns.T`` for each picture, float32.

    By torch, which keeps to the threads that it was given: numpy's own products start a thread a
    core for matrices this small, and wait for one another where other lanes are busy.
    """
    left, right = torch.tensor(rows), torch.tensor(columns)
    moved = torch.from_numpy(np.ascontiguousarray(pictures, dtype=np.float32)) @ right.T
    return np.asarray((left @ moved).numpy(), dtype=np.float32)


def equal_times(frames: int, wanted: int) -> np.ndarray:
    """Frame numbers of ``wanted`` equal times from the first to the last frame, (wanted,) int."""
    return np.rint(np.linspace(0, frames - 1, wanted)).astype(np.int64)
