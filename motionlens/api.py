"""The Python API on plain files and arrays; projects are in `app`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


def read_frames(path: str | Path, start: int = 0, stop: int | None = None) -> NDArray[np.uint8]:
    """Frames `start` to `stop` (not included) of a video, exactly those.

    Returns
    -------
    (F, H, W, 3) uint8 RGB, upright, square pixels.

    Raises
    ------
    MediaError
        The file holds no readable video, or no such frames.
    """
    from motionlens.app import tools

    return tools().reader.frames(path, start, stop)


def flow(a: NDArray[np.uint8], b: NDArray[np.uint8], backend: str = "dis") -> NDArray[np.float32]:
    """Displacement of each pixel of image `a` to image `b`.

    Parameters
    ----------
    a, b : (H, W, 3) RGB or (H, W) grey, uint8

    Returns
    -------
    (H, W, 2) float32, px, x then y.
    """
    from motionlens.app import tools

    return tools().motion(backend).flow(a, b)


def motion_mask(
    frames: NDArray[np.uint8],
    recipe: str = "adjacent",
    backend: str = "dis",
    stabilise: bool = False,
) -> NDArray[np.float32]:
    """Motion mask of a clip: where it moves, and how much, relative to its own maximum.

    Eqs. 12 and 13 of Motive (2026): flow length, min-max over the clip.

    Parameters
    ----------
    frames : (F, H, W, 3) uint8 RGB
    recipe : str
        ``adjacent`` (flow of each frame to the next) or ``anchor`` (of frame 0 to each frame); may
        be followed by ``+stabilise``, ``+robust`` (percentiles 1 and 99 instead of minimum and
        maximum) and ``+confidence`` (weighed by forward-backward agreement).
    stabilise : bool
        Take a global camera motion out first.

    Returns
    -------
    (F, H, W) float32 in [0, 1].
    """
    from motionlens.app import tools

    return tools().motion(backend).mask(frames, recipe, stabilise)


def project_gradient(
    parts: Iterable[Any], dim: int = 512, seed: int = 0, kind: str = "default"
) -> NDArray[np.float32]:
    """Seeded random projection of a gradient (Johnson and Lindenstrauss), streamed.

    Parameters
    ----------
    parts : iterable of arrays or tensors
        One per parameter; how one is cut into parts changes nothing.

    Returns
    -------
    (dim,) float32, linear in its input.
    """
    from motionlens.attribution import project_gradient as project

    return project(parts, dim=dim, seed=seed, kind=kind)


def influence_scores(
    index: NDArray[np.float32], query: NDArray[np.float32], method: str = "cosine"
) -> NDArray[np.float32]:
    """Signed influence of each indexed clip on a query.

    Parameters
    ----------
    index : (N, D) float32
        Projected gradients of training clips.
    query : (D,) or (Q, D) float32
        One query, or several whose scores are averaged.

    Returns
    -------
    (N,) float32; positive: training on the clip pushes the model toward the query's motion.
    """
    from motionlens.attribution import influence_scores as scores

    return scores(index, query, method=method)
