"""Adapters as others write them, put on a small network of linear maps."""

from __future__ import annotations

from typing import Any, ClassVar, cast

import pytest
import torch
from torch import Tensor, nn

from motionlens.domain.errors import ModelError
from motionlens.models.lora import AdaptedLinear, add_lora, diffusers_state, read_diffusers_state
from motionlens.models.video_model import VideoModel


class Linears(VideoModel):
    """Two maps, of which the first is a target; only what adapters need of a model is there."""

    name = "linears"
    lora_targets: ClassVar[str] = r"blocks\.\d+\.to_q"

    def __init__(self) -> None:
        torch.manual_seed(0)
        self.device = torch.device("cpu")
        block = nn.ModuleDict({"to_q": nn.Linear(6, 4), "proj": nn.Linear(6, 4)})
        self.network = nn.ModuleDict({"blocks": nn.ModuleList([block])})

    def answer(self, x: Tensor, name: str = "to_q") -> Tensor:
        return cast(Tensor, cast(Any, self.network)["blocks"][0][name](x))

    encode = condition = mask_to_latent = noise = loss = sample = save = NotImplemented


Linears.__abstractmethods__ = frozenset()
X = torch.randn(3, 6, generator=torch.Generator().manual_seed(1))
DOWN = torch.randn(2, 6, generator=torch.Generator().manual_seed(2))
UP = torch.randn(4, 2, generator=torch.Generator().manual_seed(3))


@pytest.mark.parametrize("prefix", ["transformer.", "base_model.model.", ""])
@pytest.mark.parametrize(
    ("down", "up"),
    [
        ("lora_A.weight", "lora_B.weight"),
        ("lora_A.default.weight", "lora_B.default.weight"),
        ("lora_down.weight", "lora_up.weight"),
    ],
)
def test_names_of_others_are_read(prefix: str, down: str, up: str) -> None:
    model = Linears()
    before = model.answer(X)
    name = f"{prefix}blocks.0.to_q"
    read_diffusers_state(model, {f"{name}.{down}": DOWN, f"{name}.{up}": UP})
    torch.testing.assert_close(model.answer(X), before + X @ DOWN.T @ UP.T)
    assert model.lora_rank == 2
    assert set(model.tracked_parameters("lora")) == {
        "blocks.0.to_q.lora_A.weight",
        "blocks.0.to_q.lora_B.weight",
    }


def test_alpha_scales_and_is_not_lost_when_written_again() -> None:
    model = Linears()
    before = model.answer(X)
    name = "transformer.blocks.0.proj"  # no target of ours, but a linear map of the network
    state = {
        f"{name}.lora_A.weight": DOWN,
        f"{name}.lora_B.weight": UP,
        f"{name}.alpha": torch.tensor(1.0),
    }
    other = model.answer(X, "proj")
    read_diffusers_state(model, state)
    assert torch.equal(model.answer(X), before)
    torch.testing.assert_close(model.answer(X, "proj"), other + 0.5 * (X @ DOWN.T @ UP.T))
    fresh = Linears()
    read_diffusers_state(fresh, diffusers_state(model))
    torch.testing.assert_close(fresh.answer(X, "proj"), model.answer(X, "proj"))


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ({}, "Nothing is in it"),
        ({"blocks.0.to_q.lora_A.weight": DOWN}, "lacks one of its two"),
        ({"blocks.0.to_q.weight": DOWN}, "no name of a low-rank weight"),
        ({"blocks.7.to_q.lora_A.weight": DOWN, "blocks.7.to_q.lora_B.weight": UP}, "no part"),
        ({"blocks.0.to_q.lora_A.weight": UP, "blocks.0.to_q.lora_B.weight": UP}, "another shape"),
    ],
)
def test_adapters_of_other_models_are_refused(state: dict[str, Tensor], words: str) -> None:
    model = Linears()
    with pytest.raises(ModelError, match=words):
        read_diffusers_state(model, state)
    assert model.lora_rank == 0


def test_adapter_of_a_16_bit_base_is_trained_in_32() -> None:
    model = Linears()
    model.network.to(torch.bfloat16)
    add_lora(model, 2)
    adapted = model.network.get_submodule("blocks.0.to_q")
    assert isinstance(adapted, AdaptedLinear)
    assert adapted.lora_A.weight.dtype == torch.float32
    out = model.answer(X.bfloat16())
    assert out.dtype == torch.bfloat16
    out.float().sum().backward()
    assert adapted.lora_B.weight.grad is not None
    assert adapted.base.weight.grad is None


def test_adapters_are_not_stacked() -> None:
    model = Linears()
    add_lora(model, 1)
    with pytest.raises(ModelError, match="already"):
        add_lora(model, 1)
