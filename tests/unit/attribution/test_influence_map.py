"""Maps add up to scores, on rendered clips and on real ones, by both ways of differentiating."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from motionlens.attribution import forward_mode, influence_map
from motionlens.attribution.attributor import TorchAttributor
from motionlens.attribution.forward_mode import derivative_along
from motionlens.attribution.geometry import geometry
from motionlens.attribution.scoring import influence_scores
from motionlens.domain.clip import Region, Span
from motionlens.domain.influence import InfluenceMap, spread_evenly
from motionlens.media import PyAVReader
from motionlens.models.embedded import EmbeddedModel
from motionlens.motion import OpenCVMotion
from tests.support.shared import shared_folder

from .conftest import Shown

REAL = ("real/box_handheld_pan.mp4", "real/apple_pan.mp4", "generated/apple_falls_bounces.mp4")


@pytest.fixture(scope="module")
def real() -> list[Shown]:
    """Real clips as an index sees them: 16 frames at equal times, and the flow's own mask."""
    found = []
    for name in REAL:
        path = shared_folder("clips", *name.split("/"))
        count = PyAVReader().probe(path).frames
        times = np.rint(np.linspace(0, count - 2, 16)).astype(int)
        frames = PyAVReader().frames(path, max_side=128, indices=times.tolist())
        after = PyAVReader().frames(path, max_side=128, indices=(times + 1).tolist())
        found.append(Shown(frames, OpenCVMotion("dis").sampled_mask(frames, after), ""))
    return found


def both_sides(
    attributor: TorchAttributor, clips: list[Shown], method: str, forward: bool = True
) -> list[tuple[float, float, float]]:
    """(score, sum of the map, sum of its magnitude) of pairs, for the clip's and query's side."""
    made = [attributor.row(clip.frames, clip.mask, clip.caption) for clip in clips[:3]]
    rows = np.stack([row.vector for row in made])
    space = geometry(rows, method)
    found = []
    for q, n in ((0, 1), (2, 0)):
        score = float(influence_scores(rows, rows[q], method)[n])
        for fixed, moving in ((q, n), (n, q)):
            clip = clips[moving]
            direction, offset = space.as_product(rows[fixed], rows[moving])
            shares = attributor.shares(
                clip.frames,
                clip.mask,
                clip.caption,
                direction,
                made[moving].norms,
                forward=forward,
            )
            assert shares.shares.shape == clip.frames.shape[:3]
            assert shares.weights.sum() == pytest.approx(1, abs=1e-4)
            whole = (shares.shares + offset * shares.weights).astype(np.float64)
            found.append((score, float(whole.sum()), float(np.abs(whole).sum())))
    return found


@pytest.mark.parametrize("method", ["cosine", "centred", "whitened"])
def test_a_map_adds_up_to_the_score(
    attributor: TorchAttributor, clips: list[Shown], method: str
) -> None:
    for score, total, _ in both_sides(attributor, clips, method):
        assert total == pytest.approx(score, rel=1e-4, abs=2e-6)


@pytest.mark.parametrize("method", ["cosine", "centred"])
def test_a_map_of_a_real_clip_adds_up_to_the_score(
    attributor: TorchAttributor, real: list[Shown], method: str
) -> None:
    for score, total, _ in both_sides(attributor, real, method):
        assert total == pytest.approx(score, rel=1e-4, abs=2e-6)


def test_two_evaluations_stand_in_for_forward_mode(
    attributor: TorchAttributor, clips: list[Shown]
) -> None:
    for score, total, magnitude in both_sides(attributor, clips, "centred", forward=False):
        assert abs(total - score) < 0.01 * abs(score) + 1e-3 * magnitude


def test_a_kernel_without_forward_mode_is_differentiated_all_the_same() -> None:
    class Backward(torch.autograd.Function):
        @staticmethod
        def forward(ctx: object, x: torch.Tensor) -> torch.Tensor:
            return x.sin()

    network = nn.Linear(3, 2).double()
    along = [torch.ones_like(p) for p in network.parameters()]
    x = torch.tensor([0.3, -0.2, 0.5], dtype=torch.float64)

    def plain() -> torch.Tensor:
        return network(x).sin()

    def foreign() -> torch.Tensor:
        return Backward.apply(network(x))

    weights = list(network.parameters())
    exact = derivative_along(network, weights, along, plain)
    assert torch.allclose(derivative_along(network, weights, along, foreign), exact, atol=1e-6)
    assert torch.allclose(exact, network(x).cos() * (x.sum() + 1))
    nothing = [torch.zeros_like(p) for p in weights]
    assert not derivative_along(network, weights, nothing, plain, forward=False).any()


def test_attention_is_differentiated_in_forward_mode(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the plain kernel: the fused one has no forward mode."""
    monkeypatch.setattr(forward_mode, "_by_difference", refuse)
    network = nn.MultiheadAttention(8, 2, batch_first=True)
    random = torch.Generator().manual_seed(0)
    x = torch.randn(1, 5, 8, generator=random)
    weights = list(network.parameters())
    along = [torch.randn(w.shape, generator=random) for w in weights]

    def evaluate() -> torch.Tensor:
        q, k, v = (x @ network.in_proj_weight.T).chunk(3, -1)
        return nn.functional.scaled_dot_product_attention(q, k, v)

    found = derivative_along(network, weights, along, evaluate)
    gradients = torch.autograd.grad(evaluate().sum(), weights, allow_unused=True)
    wanted = sum((g * a).sum() for g, a in zip(gradients, along, strict=True) if g is not None)
    assert float(found.sum()) == pytest.approx(float(wanted), rel=1e-4)


def refuse(*_: object) -> torch.Tensor:
    raise AssertionError("two evaluations where forward mode was possible")


def test_weights_and_training_are_left_as_they_were(
    model: EmbeddedModel, attributor: TorchAttributor, clips: list[Shown]
) -> None:
    before = model.weights_hash
    model.network.train()
    both_sides(attributor, clips, "cosine", forward=False)
    assert model.network.training
    model.network.eval()
    assert model.weights_hash == before


def test_shares_lie_where_the_mask_is(attributor: TorchAttributor, clips: list[Shown]) -> None:
    """Outside the mask the loss does not count, and the given frames are not made."""
    clip = clips[0]
    mask = clip.mask.copy()
    mask[:, :, 32:] = 0
    row = attributor.row(clip.frames, mask, clip.caption)
    shares = attributor.shares(clip.frames, mask, clip.caption, row.vector, row.norms).shares
    assert np.abs(shares[4:, :, : shares.shape[2] // 2]).sum() > 0
    assert not shares[:, :, shares.shape[2] // 2 :].any()
    assert not shares[:4].any()
    # The row with itself: its squared length.
    assert shares.sum(dtype=np.float64) == pytest.approx(float(row.vector @ row.vector), rel=1e-4)


def test_a_still_clip_has_a_map_of_zeros(attributor: TorchAttributor, clips: list[Shown]) -> None:
    clip = clips[0]
    still = np.zeros_like(clip.mask)
    row = attributor.row(clip.frames, still, clip.caption)
    other = attributor.row(clips[1].frames, clips[1].mask, clips[1].caption).vector
    found = attributor.shares(clip.frames, still, clip.caption, other, row.norms)
    assert not found.shares.any()
    assert not found.weights.any()
    direction, offset = geometry(np.stack([other, 2 * other]), "centred").as_product(
        other, row.vector
    )
    assert not direction.any()
    assert offset == 0


def test_a_query_s_map_stays_in_its_region_and_span(
    attributor: TorchAttributor, clips: list[Shown]
) -> None:
    clip, where, when = clips[0], Region(0, 0, 0.5, 1), Span(6, 11)
    row = attributor.query_row(clip.frames, None, clip.caption, where, when)
    direction = attributor.row(clips[1].frames, clips[1].mask, "").vector
    found = attributor.shares(
        clip.frames, None, clip.caption, direction, row.norms, where, when
    ).shares
    assert found.sum(dtype=np.float64) == pytest.approx(float(row.vector @ direction), rel=1e-3)
    assert not found[:, :, found.shape[2] // 2 :].any()
    assert not found[:6].any()
    assert not found[11:].any()


@pytest.mark.parametrize("frames", [16, 10, 40])
@pytest.mark.parametrize("size", [(32, 32), (72, 128), (20, 50)])
def test_nothing_is_lost_on_the_way_to_the_frames(
    model: EmbeddedModel, frames: int, size: tuple[int, int]
) -> None:
    grid = np.random.default_rng(0).standard_normal((12, 32, 32))
    read = influence_map.readings(model, (frames, *size))
    found = influence_map.onto_frames(read, grid, np.abs(grid))
    assert found.shares.shape == (frames, *size)
    assert found.shares.sum(dtype=np.float64) == pytest.approx(grid.sum(), abs=1e-3)
    # One cell comes back to the places it was read from.
    one = np.zeros_like(grid)
    one[5, 16, 8] = 1
    there = influence_map.onto_frames(read, one, one).shares
    mask = (there > 0).astype(np.float32)
    assert model.mask_to_latent(mask)[5, 16, 8] == pytest.approx(1, abs=1e-5)
    if frames == 16 and size == (32, 32):
        assert np.allclose(found.shares[4:], grid, atol=1e-6)


def test_a_map_stands_for_every_frame_of_the_clip() -> None:
    places = np.arange(3, dtype=np.float32)[:, None, None] + np.ones((3, 2, 4), np.float32)
    found = InfluenceMap(places, np.array([0, 5, 9]), 10)
    assert found.stands_for().tolist() == [0, 0, 0, 1, 1, 1, 1, 1, 2, 2]
    assert found.per_frame().sum() == pytest.approx(found.total)
    assert found.of_frame(3).sum() == pytest.approx(found.per_frame()[3])
    assert found.share_top_frame == pytest.approx(12 / 48)
    flat = InfluenceMap(np.zeros((1, 2, 2), np.float32), np.array([0]), 4)
    assert flat.share_top_frame == 0
    assert flat.per_frame().tolist() == [0] * 4


@pytest.mark.parametrize("size", [(72, 128), (71, 13), (4, 4), (3, 2)])
def test_enlarging_keeps_the_sum(size: tuple[int, int]) -> None:
    values = np.random.default_rng(1).standard_normal((4, 4)).astype(np.float32)
    found = spread_evenly(values, *size)
    assert found.shape == size
    assert found.sum(dtype=np.float64) == pytest.approx(values.sum(), abs=1e-5)
