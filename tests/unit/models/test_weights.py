"""Weights on disk: written and read back the same, and never a pickle."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import safetensors
import safetensors.torch
import torch

from motionlens.domain.errors import ModelError
from motionlens.models.device import describe_devices, resolve_device
from motionlens.models.embedded import EmbeddedModel
from motionlens.models.lora import add_lora
from motionlens.models.registry import list_models, load_model
from motionlens.models.weights import is_embedded, save_embedded
from motionlens.worlds.physics import simulate


def test_saved_weights_come_back(small: EmbeddedModel, tmp_path: Path) -> None:
    small.name = "run-3"
    file = small.save(tmp_path / "out", base_hash="abc")
    for source in (tmp_path / "out", file):
        back = load_model(source, "cpu")
        assert back.weights_hash == small.weights_hash
        assert back.name == "run-3"
        assert back.provenance["base_hash"] == "abc"  # type: ignore[attr-defined]
    config = json.loads((tmp_path / "out" / "config.json").read_text())
    assert config["parameters"] == small.parameters


def test_a_weights_file_alone_is_enough(small: EmbeddedModel, tmp_path: Path) -> None:
    lone = tmp_path / "elsewhere.safetensors"
    shutil.copy(small.save(tmp_path / "out"), lone)
    assert is_embedded(lone)
    assert load_model(lone, "cpu").weights_hash == small.weights_hash


def test_half_precision_is_read_as_single(small: EmbeddedModel, tmp_path: Path) -> None:
    save_embedded(small, tmp_path, dtype=torch.float16)
    back = load_model(tmp_path, "cpu")
    for name, value in back.network.state_dict().items():
        assert value.dtype == torch.float32
        torch.testing.assert_close(value, small.network.state_dict()[name], rtol=1e-3, atol=1e-5)


def test_the_hash_sees_every_change(small: EmbeddedModel) -> None:
    before = small.weights_hash
    with torch.no_grad():
        small.network.leave.bias[3] += 1e-3
    assert small.weights_hash != before


def test_lora_starts_as_the_base_and_comes_back(small: EmbeddedModel, tmp_path: Path) -> None:
    clip = small.encode(simulate(4).frames)[None]
    ids, noise = torch.tensor([2]), small.noise(0)
    before, base_hash = small.loss(clip, ids, 0.5, noise), small.weights_hash
    torch.manual_seed(0)
    add_lora(small, rank=2)
    torch.testing.assert_close(small.loss(clip, ids, 0.5, noise), before)
    adapters = small.tracked_parameters("lora")
    trainable = {n for n, p in small.network.named_parameters() if p.requires_grad}
    assert trainable == set(adapters)
    small.loss(clip, ids, 0.5, noise).mean().backward()  # type: ignore[no-untyped-call]
    assert all(
        p.grad is not None and p.grad.abs().max() > 0 for n, p in adapters.items() if "lora_up" in n
    )
    with torch.no_grad():
        for parameter in adapters.values():
            parameter.add_(0.1)
    file = small.save(tmp_path)
    back = load_model(file, "cpu")
    assert back.weights_hash == small.weights_hash
    torch.testing.assert_close(back.loss(clip, ids, 0.5, noise), small.loss(clip, ids, 0.5, noise))
    with safetensors.safe_open(str(tmp_path / "adapter.safetensors"), framework="pt") as opened:
        assert opened.metadata()["base_hash"] == base_hash
        assert set(opened.keys()) == set(adapters)
    with pytest.raises(ModelError, match="already"):
        add_lora(small)


def test_rank_zero_is_refused(small: EmbeddedModel) -> None:
    with pytest.raises(ModelError, match="rank of 0"):
        add_lora(small, rank=0)


@pytest.mark.parametrize("suffix", [".bin", ".pt", ".ckpt", ".pth", ".pkl"])
def test_pickles_are_refused(suffix: str, tmp_path: Path) -> None:
    file = tmp_path / f"pytorch_model{suffix}"
    file.write_bytes(b"\x80\x04.")
    for source in (file, tmp_path):
        with pytest.raises(ModelError, match="pickle"):
            load_model(source, "cpu")


def test_a_pickle_under_a_false_name_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "model.safetensors"
    torch.save({"weight": torch.zeros(2)}, file)
    with pytest.raises(ModelError, match="not a whole safetensors file"):
        load_model(file, "cpu")


def test_damaged_foreign_and_absent_weights_are_told(small: EmbeddedModel, tmp_path: Path) -> None:
    good = small.save(tmp_path / "good")
    cut = tmp_path / "cut.safetensors"
    cut.write_bytes(good.read_bytes()[:-100])
    foreign = tmp_path / "foreign.safetensors"
    safetensors.torch.save_file({"a": torch.zeros(1)}, foreign)
    bare = tmp_path / "bare.safetensors"
    state = dict(list(small.network.state_dict().items())[:3])
    with safetensors.safe_open(str(good), framework="pt") as opened:
        safetensors.torch.save_file(state, bare, metadata=opened.metadata())
    (tmp_path / "empty").mkdir()
    for source in (cut, foreign, bare, tmp_path / "empty", tmp_path / "absent", "no-such-model"):
        with pytest.raises(ModelError) as caught:
            load_model(source, "cpu")
        assert caught.value.what
        assert caught.value.why
        assert caught.value.next_step


def test_the_shipped_model_is_listed_and_loads() -> None:
    info = list_models()[0]
    assert (info.name, info.ready, info.why_not) == ("embedded", True, "")
    model = load_model("embedded", "cpu")
    assert model.parameters == info.parameters
    assert len(model.weights_hash) == 64


@pytest.mark.parametrize("name", ["tpu", "cuda:x", "", "cuda:99"])
def test_devices_that_are_not_there_are_told(name: str) -> None:
    with pytest.raises(ModelError) as caught:
        resolve_device(name)
    assert caught.value.next_step


def test_auto_always_finds_a_device() -> None:
    assert resolve_device("auto").type in ("cpu", "cuda", "mps")
    assert resolve_device("cpu") == torch.device("cpu")
    assert describe_devices()[-1].startswith("cpu")
