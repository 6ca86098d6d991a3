"""What a GPU computes is what the CPU computes, so that an index may be made on either."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from motionlens.api import project_gradient
from motionlens.attribution import TorchAttributor
from motionlens.models.registry import load_model
from motionlens.worlds.physics import simulate

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU that torch can use"),
]


def cosine(a: np.ndarray, b: np.ndarray) -> float:
    a, b = a.astype(np.float64), b.astype(np.float64)
    return float(a @ b / (np.linalg.norm(a) * np.linalg.norm(b)))


@pytest.mark.parametrize("masked", [False, True])
def test_a_row_on_the_gpu_is_the_row_on_the_cpu(masked: bool) -> None:
    rows = {}
    for device in ("cpu", "cuda"):
        maker = TorchAttributor(load_model("embedded", device))
        clip = simulate(11)
        mask = np.zeros(clip.frames.shape[:3], np.float32) if masked else None
        if mask is not None:
            mask[:, 64:192, 64:192] = 1
        rows[device] = maker.row(clip.frames, mask, clip.caption)
    assert cosine(rows["cpu"].vector, rows["cuda"].vector) > 1 - 1e-3
    np.testing.assert_allclose(rows["cuda"].losses, rows["cpu"].losses, rtol=1e-3)
    np.testing.assert_allclose(rows["cuda"].plain_losses, rows["cpu"].plain_losses, rtol=1e-3)


def test_two_rows_differ_more_than_two_devices() -> None:
    maker = TorchAttributor(load_model("embedded", "cuda"))
    one, other = (maker.row(c.frames, None, c.caption) for c in (simulate(11), simulate(12)))
    assert cosine(one.vector, other.vector) < 0.99


@pytest.mark.parametrize("dim", [64, 512])
def test_a_projection_on_the_gpu_is_the_one_on_the_cpu(dim: int) -> None:
    generator = torch.Generator().manual_seed(3)
    parts = [torch.randn(shape, generator=generator) for shape in ((7,), (300, 41), (5, 3, 3, 64))]
    on_cpu = project_gradient(parts, dim=dim)
    on_gpu = project_gradient([part.cuda() for part in parts], dim=dim)
    assert np.linalg.norm(on_gpu - on_cpu) <= 1e-4 * np.linalg.norm(on_cpu)
    assert on_gpu.dtype == np.float32
