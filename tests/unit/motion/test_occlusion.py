"""Forward-backward consistency: on a mover whose cover is known, and against ground truth."""

from __future__ import annotations

import numpy as np
import pytest

from motionlens.domain.errors import UsageError
from motionlens.motion.flow import flow_backend
from motionlens.motion.images import load_image
from motionlens.motion.occlusion import both_ways, confidence, occluded
from tests.support.shared import shared_folder

from .scenes import disc


def _shifted(x: float, y: float) -> np.ndarray:
    return np.broadcast_to(np.float32([x, y]), (40, 60, 2)).copy()


def test_a_shift_hides_only_what_leaves_the_frame() -> None:
    hidden = occluded(_shifted(5, 0), _shifted(-5, 0))
    assert hidden[:, 55:].all()
    assert not hidden[:, :55].any()
    trust = confidence(_shifted(5, 0), _shifted(-5, 0))
    assert trust[:, :55].min() == pytest.approx(1)
    assert not trust[:, 55:].any()


def test_the_published_threshold() -> None:
    # |w + w'|^2 against 0.01 (|w|^2 + |w'|^2) + 0.5: 0.7^2 is under 0.5 at rest, 0.75^2 is over.
    assert not occluded(_shifted(0.7, 0), _shifted(0, 0))[:, :50].any()
    assert occluded(_shifted(0.75, 0), _shifted(0, 0))[:, :50].all()


def test_what_a_disc_covers_is_found() -> None:
    a, b = disc([(60, 60), (72, 60)])
    backend = flow_backend("dis-fine")
    hidden = occluded(backend.flow(a, b), backend.flow(b, a))
    y, x = np.mgrid[0:120, 0:160]
    covered = ((x - 72) ** 2 + (y - 60) ** 2 <= 12**2) & ((x - 60) ** 2 + (y - 60) ** 2 > 16**2)
    far = ((x - 66) ** 2 + (y - 60) ** 2 > 40**2) & (x > 10) & (x < 150)
    assert hidden[covered].mean() > 0.5
    assert hidden[far].mean() < 0.01


def test_fields_of_two_sizes_are_refused() -> None:
    with pytest.raises(UsageError, match="one pair of frames"):
        occluded(_shifted(0, 0), np.zeros((40, 61, 2), np.float32))


@pytest.mark.parametrize(("backend", "times"), [("dis", 2.0), ("dis-fine", 3.0)])
def test_ground_truth_is_beaten_far_beyond_chance(backend: str, times: float) -> None:
    first, second, truth = (
        load_image(shared_folder("flow", f"sintel_alley1_clean_{part}.png"))
        for part in ("1", "2", "occ")
    )
    wanted = truth[..., 0] > 127
    _, trust = both_ways(flow_backend(backend), first, second)
    found = trust < np.exp(-0.5)
    hits = float((found & wanted).sum())
    precision, recall = hits / found.sum(), hits / wanted.sum()
    score = 2 * precision * recall / (precision + recall)
    # Naming every pixel gives 2p / (1 + p), the best that chance does.
    share = float(wanted.mean())
    assert score > times * 2 * share / (1 + share)
