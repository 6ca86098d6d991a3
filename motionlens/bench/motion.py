"""Flow and masks against ground truth, each backend beside OpenCV's own presets in one run."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from motionlens.bench.case import Row, compared
from motionlens.bench.motion_pairs import Pair, flow_pairs
from motionlens.domain.ports import Flow
from motionlens.motion import flow_backend
from motionlens.motion.grids import Grey, computing_size, grey, lengths, resize_flow, shrink
from motionlens.motion.latent_grid import to_latent_grid
from motionlens.motion.occlusion import occluded
from motionlens.motion.opencv import cv2
from motionlens.motion.stabilise import camera_part, fit_camera

SUITE = "motion"
OURS = ("dis", "dis-fast", "dis-fine", "farneback")
_PEER = "OpenCV DIS MEDIUM"
_POOL = 8
# Flow for masks and overlays is computed at this size, so that it is judged there too.
_SIDES = (None, 512, 256)

Compute = Callable[[Grey, Grey], Flow]


def motion(quick: bool) -> list[Row]:
    """End-point error, the mask against the true one, and what each backend costs."""
    rows: list[Row] = []
    for pair in flow_pairs():
        for side in _SIDES[1:2] if quick else _SIDES:
            rows += _accuracy(pair, side)
    return rows + _costs(quick) + _hidden()


def contenders() -> dict[str, Compute]:
    """Ours by name, and OpenCV's presets as they come."""
    found: dict[str, Compute] = {f"ours {name}": flow_backend(name).flow for name in OURS}
    presets = {
        "ULTRAFAST": cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST,
        "FAST": cv2.DISOPTICAL_FLOW_PRESET_FAST,
    }
    for name, preset in presets.items():
        found[f"OpenCV DIS {name}"] = _opencv(preset)
    return found


def _opencv(preset: int) -> Compute:
    def compute(a: Grey, b: Grey) -> Flow:
        return np.asarray(cv2.DISOpticalFlow.create(preset).calc(a, b, None), np.float32)

    return compute


def _medium(a: Grey, b: Grey) -> Flow:
    return _opencv(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)(a, b)


def _accuracy(pair: Pair, side: int | None) -> list[Row]:
    height, width = pair.truth.shape[:2]
    if side is not None and side >= max(height, width):
        return []
    size = (height, width) if side is None else computing_size(height, width, side)
    a, b = (shrink(grey(image), size) for image in (pair.first, pair.second))
    at = f"{pair.name} at {size[1]}x{size[0]}"
    base = resize_flow(_medium(a, b), (height, width))
    base_error, base_mask = end_point_error(base, pair), mask_agreement(base, pair)
    rows = []
    for name, compute in contenders().items():
        found = resize_flow(compute(a, b), (height, width))
        error, (linear, rank) = end_point_error(found, pair), mask_agreement(found, pair)
        for case, mine, theirs in (
            ("end-point error (px)", error, base_error),
            ("8x8 mask, correlation", linear, base_mask[0]),
            ("8x8 mask, rank correlation", rank, base_mask[1]),
        ):
            rows.append(_row(f"{at}: {name}, {case}", mine, theirs, _PEER))
    return rows


def end_point_error(flow: Flow, pair: Pair) -> float:
    """Mean distance from the true vectors where they are known, px."""
    return float(lengths(flow - pair.truth)[pair.valid].mean())


def mask_agreement(flow: Flow, pair: Pair) -> tuple[float, float]:
    """Pearson's and Spearman's correlation of the mean lengths in cells of 8x8 px."""
    height, width = (side // _POOL * _POOL for side in pair.valid.shape)
    known = pair.valid.astype(np.float32)
    cells = []
    for values in (lengths(flow) * known, lengths(pair.truth) * known, known):
        cells.append(to_latent_grid(values[None, :height, :width], _POOL, 1)[0].ravel())
    covered = cells[2] > 0.15
    mine, true = (cells[n][covered] / cells[2][covered] for n in (0, 1))
    return _correlation(mine, true), _correlation(_ranks(mine), _ranks(true))


def _costs(quick: bool) -> list[Row]:
    """CPU time of each beside DIS MEDIUM, and of what is made of the flow beside the flow."""
    pair = flow_pairs()[0]
    height, width = pair.truth.shape[:2]
    size = computing_size(height, width, 256 if quick else 512)
    a, b = (shrink(grey(image), size) for image in (pair.first, pair.second))
    runs, at = 3 if quick else 9, f"{size[1]}x{size[0]}"
    rows = []
    for name, compute in contenders().items():
        limit = 1.35 if name == "ours dis" and not quick else None

        def ours(compute: Compute = compute) -> object:
            return compute(a, b)

        rows.append(
            compared(
                SUITE,
                f"{name}, {at}",
                _PEER,
                ours,
                lambda: _medium(a, b),
                limit=limit,
                runs=runs,
            )
        )
    forward, backward = _medium(a, b), _medium(b, a)
    mask = np.repeat(lengths(forward)[None], 4, axis=0)
    for case, work, limit in (
        ("camera fit", lambda: fit_camera(forward), 0.01),
        ("camera fit, and what is left", lambda: camera_part(a, forward), None),
        ("forward-backward check", lambda: occluded(forward, backward), None),
        ("mask of 4 frames to latents", lambda: to_latent_grid(mask, _POOL, 4), None),
    ):
        rows.append(
            compared(
                SUITE, f"{case}, {at}", _PEER, work, lambda: _medium(a, b), limit=limit, runs=runs
            )
        )
    return rows


def _hidden() -> list[Row]:
    """Pixels hidden in the other frame, found by forward-backward flow."""
    rows = []
    for pair in flow_pairs():
        if pair.hidden is None:
            continue
        a, b = grey(pair.first), grey(pair.second)
        share = float(pair.hidden.mean())
        for name in OURS:
            flow = flow_backend(name).flow
            found = occluded(flow(a, b), flow(b, a))
            hits = float((found & pair.hidden).sum())
            score = 2 * hits / max(1.0, float(found.sum() + pair.hidden.sum()))
            case = f"{pair.name}: {name}, hidden pixels (F-score)"
            rows.append(_row(case, score, 2 * share / (1 + share), "naming all of them"))
    return rows


def _row(case: str, ours: float, peer: float, peer_name: str) -> Row:
    return Row(SUITE, case, ours, peer, peer_name, ours / max(abs(peer), 1e-9))


def _ranks(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Equal values share the mean of their ranks."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return np.asarray((last - (counts - 1) / 2)[place], np.float32)


def _correlation(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    if a.std() < 1e-9 or b.std() < 1e-9:
        return 0.0
    return float(np.corrcoef(a, b)[0, 1])
