"""Linear layers by probes: the products that they stand for, and nothing left behind."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from motionlens.attribution.attributor import TorchAttributor
from motionlens.attribution.factored import NAME, RANK, FactoredLinears
from motionlens.attribution.forward_mode import derivative_along
from motionlens.attribution.gradients import gradients_under_masks
from motionlens.attribution.influence_map import shares_on_grid
from motionlens.bench.gradients import SmallTransformer, patched, spec_of
from motionlens.domain.errors import UsageError
from motionlens.models.embedded import EmbeddedModel

from .conftest import Shown


@pytest.fixture
def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(48, 80), nn.GELU(), nn.Linear(80, 40), nn.Linear(40, 4))


def test_a_probe_has_the_projected_gradient_of_its_layer(network: nn.Module) -> None:
    x = torch.randn(7, 48)
    weights = list(network.parameters())
    whole = torch.autograd.grad(network(x).square().sum(), weights)
    linears = FactoredLinears(network, weights, seed=3)
    before = network(x)
    with linears.attached():
        assert torch.equal(network(x), before)
        assert not network[0].weight.requires_grad
        small = torch.autograd.grad(network(x).square().sum(), linears.parameters)
        ends = {layer: (out, into) for layer, _, out, into in linears._layers}
    for n, layer in ((0, network[0]), (2, network[2])):
        out, into = ends[layer]
        assert small[n].shape == (RANK, RANK)
        assert torch.allclose(small[n], out @ whole[n] @ into.T, rtol=1e-4, atol=1e-4)
    # A layer smaller than a probe, and biases, keep their own gradients.
    for n in (1, 3, 5):
        assert torch.allclose(small[n], whole[n], atol=1e-4)


def test_a_network_is_left_as_it_was(network: nn.Module) -> None:
    names = list(network.state_dict())
    linears = FactoredLinears(network, list(network.parameters()))
    with linears.attached():
        assert any(NAME in name for name in network.state_dict())
    assert list(network.state_dict()) == names
    assert all(weight.requires_grad for weight in network.parameters())
    assert not network[0]._forward_hooks


def test_forward_mode_and_difference_run_along_probes(network: nn.Module) -> None:
    x = torch.randn(7, 48)
    linears = FactoredLinears(network, list(network.parameters()))
    along = [torch.randn_like(p) for p in linears.parameters]

    def evaluate() -> torch.Tensor:
        return network(x).square().sum()

    with linears.attached():
        gradients = torch.autograd.grad(evaluate(), linears.parameters)
        wanted = float(sum((g * a).sum() for g, a in zip(gradients, along, strict=True)))
        for forward, within in ((True, 1e-4), (False, 1e-2)):
            found = derivative_along(network, linears.parameters, along, evaluate, forward=forward)
            assert float(found) == pytest.approx(wanted, rel=within)


def test_a_transformers_rows_and_maps_add_up() -> None:
    torch.manual_seed(0)
    network = SmallTransformer()
    noise = torch.randn(4, 8, 16, 16)

    def loss(latents: Any, _: Any, level: float, noise: Any) -> torch.Tensor:
        wanted = patched(noise - latents)
        error = (network((1 - level) * latents + level * noise) - wanted).square()
        return error.mean(-1).reshape(len(latents), 8, 8, 8)

    model: Any = SimpleNamespace(network=network, loss=loss, noise=lambda _: noise)
    linears = FactoredLinears(network, list(network.parameters()))
    spec = spec_of("layers", projection="factored")
    clip = (torch.randn(4, 8, 16, 16), torch.zeros(1))
    direction = np.random.default_rng(0).standard_normal(512).astype(np.float32)
    with linears.attached():
        row = gradients_under_masks(model, linears.parameters, spec, clip, 0.9, [None])[0]
        norms = np.array([row.norm], np.float32)
        shares = shares_on_grid(model, linears.parameters, spec, clip, None, direction, norms)
    assert shares.sum() == pytest.approx(float(row.vector @ direction), rel=1e-3)


def test_an_index_takes_it(model: EmbeddedModel, clips: list[Shown]) -> None:
    names = list(model.network.state_dict())
    factored = TorchAttributor(model, projection="factored")
    plain = TorchAttributor(model)
    one, other = (clips[n] for n in (0, 1))
    row = factored.row(one.frames, one.mask, one.caption)
    again = factored.row(one.frames, one.mask, one.caption)
    assert np.array_equal(row.vector, again.vector)
    assert list(model.network.state_dict()) == names
    assert factored.spec.fingerprint != plain.spec.fingerprint
    assert not np.allclose(row.vector, plain.row(one.frames, one.mask, one.caption).vector)
    # What it predicts is about the weights themselves, which real steps move.
    shown = [(c.frames, c.caption) for c in (one, other)]
    arms = [np.array([[0, 1]])]
    token: Any = SimpleNamespace(check=lambda: None)
    queries = [(one.frames, one.mask, one.caption)]
    steps = factored.losses_after_steps(shown, arms, queries, 0.1, 0, token)
    assert np.allclose(steps, plain.losses_after_steps(shown, arms, queries, 0.1, 0, token))


def test_an_unknown_projection_is_still_refused(model: EmbeddedModel) -> None:
    with pytest.raises(UsageError, match="factored"):
        TorchAttributor(model, projection="factorised")
