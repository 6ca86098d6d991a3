"""A folder is looked at before anything in it is loaded; each thing wrong with it has its words.

The folders here are made of JSON and safetensors headers alone: diffusers is not needed.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from motionlens.domain.errors import ModelError
from motionlens.models import families
from motionlens.models.folder import is_model_folder, read_folder
from motionlens.models.registry import describe_model, load_model


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of Wan 2.1's shape, with next to no weights."""
    index = {
        "_class_name": "WanPipeline",
        "scheduler": ["diffusers", "UniPCMultistepScheduler"],
        "text_encoder": ["transformers", "UMT5EncoderModel"],
        "tokenizer": ["transformers", "T5TokenizerFast"],
        "transformer": ["diffusers", "WanTransformer3DModel"],
        "transformer_2": [None, None],
        "vae": ["diffusers", "AutoencoderKLWan"],
    }
    put(tmp_path / "model_index.json", index)
    put(
        tmp_path / "transformer" / "config.json",
        {
            "_class_name": "WanTransformer3DModel",
            "patch_size": [1, 2, 2],
            "num_attention_heads": 12,
            "attention_head_dim": 128,
            "num_layers": 30,
            "ffn_dim": 8960,
        },
    )
    put(tmp_path / "vae" / "config.json", {"_class_name": "AutoencoderKLWan"})
    put(tmp_path / "text_encoder" / "config.json", {"architectures": ["UMT5EncoderModel"]})
    put(tmp_path / "tokenizer" / "tokenizer.json", {})
    put(tmp_path / "scheduler" / "scheduler_config.json", {})
    for part in ("transformer", "vae"):
        save_file({"w": torch.zeros(3, 5)}, tmp_path / part / "diffusion_pytorch_model.safetensors")
    save_file({"w": torch.zeros(7)}, tmp_path / "text_encoder" / "model.safetensors")
    return tmp_path


def put(path: Path, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value))


def changed(path: Path, **values: Any) -> None:
    put(path, json.loads(path.read_text()) | values)


def refusal(folder: Path) -> str:
    """The same words whether it is described or loaded, before diffusers is imported."""
    with pytest.raises(ModelError) as caught:
        read_folder(folder)
    told = caught.value
    assert told.what
    assert told.why
    assert told.next_step
    info = describe_model(folder)
    assert not info.ready
    assert info.why_not == told.sentence()
    with pytest.raises(ModelError) as again:
        load_model(folder, "cpu")
    assert again.value.sentence() == told.sentence()
    return told.sentence()


def test_whole_folder_is_understood(folder: Path) -> None:
    assert is_model_folder(folder)
    found = read_folder(folder)
    assert found.family.name == "wan"
    assert (found.network.parameters, found.vae.parameters) == (15, 15)
    assert [encoder.parameters for encoder in found.encoders] == [7]
    info = describe_model(folder)
    assert info.family == "wan"
    assert "81 frames" in info.note
    assert "480x832" in info.note


def test_shards_count_together(folder: Path) -> None:
    part = folder / "transformer"
    (part / "diffusion_pytorch_model.safetensors").unlink()
    names = [f"diffusion_pytorch_model-0000{n}-of-00002.safetensors" for n in (1, 2)]
    for n, name in enumerate(names):
        save_file({f"w{n}": torch.zeros(4)}, part / name)
    index = part / "diffusion_pytorch_model.safetensors.index.json"
    put(index, {"weight_map": {"w0": names[0], "w1": names[1]}})
    assert read_folder(folder).network.parameters == 8
    (part / names[1]).unlink()
    assert "1 of its 2 weights files are missing" in refusal(folder)
    put(index, {"weight_map": {"w0": "../../elsewhere.safetensors"}})
    (folder.parent / "elsewhere.safetensors").write_bytes(b"")
    assert "no file beside it" in refusal(folder)
    put(index, {"weight_map": {"w0": "../vae/diffusion_pytorch_model.safetensors"}})
    assert "no file beside it" in refusal(folder)


def test_pickle_is_refused_unopened(folder: Path) -> None:
    part = folder / "transformer"
    (part / "diffusion_pytorch_model.safetensors").rename(part / "diffusion_pytorch_model.bin")
    assert "a pickle" in refusal(folder)


def test_code_of_its_own_is_refused(folder: Path) -> None:
    (folder / "transformer" / "my_model.py").write_text("raise SystemExit('ran')")
    assert "my_model.py" in refusal(folder)


def test_code_from_elsewhere_is_refused(folder: Path) -> None:
    changed(folder / "text_encoder" / "config.json", auto_map={"AutoModel": "someone/repo--x.Y"})
    assert "a program of its own" in refusal(folder)


def test_part_of_another_library_is_refused(folder: Path) -> None:
    changed(folder / "model_index.json", safety_checker=["stable_diffusion", "Checker"])
    assert "of stable_diffusion" in refusal(folder)


def test_other_families_are_refused(folder: Path) -> None:
    changed(folder / "model_index.json", _class_name="StableDiffusionPipeline")
    told = refusal(folder)
    assert "StableDiffusionPipeline" in told
    assert "Mochi" in told


def test_network_of_another_family_is_refused(folder: Path) -> None:
    changed(folder / "transformer" / "config.json", _class_name="MochiTransformer3DModel")
    assert "MochiTransformer3DModel" in refusal(folder)


def test_two_networks_are_refused(folder: Path) -> None:
    index = folder / "model_index.json"
    changed(index, transformer_2=["diffusers", "WanTransformer3DModel"])
    assert "two networks" in refusal(folder)


@pytest.mark.parametrize("left", ["entry", "folder"])
def test_absent_text_encoder_is_named(folder: Path, left: str) -> None:
    if left == "entry":
        changed(folder / "model_index.json", text_encoder=[None, None])
    else:
        (folder / "text_encoder").rename(folder / "away")
    assert "no text encoder" in refusal(folder)


def test_cut_weights_are_named(folder: Path) -> None:
    file = folder / "vae" / "diffusion_pytorch_model.safetensors"
    file.write_bytes(file.read_bytes()[:-4])
    assert "bytes where" in refusal(folder)
    file.write_bytes(b"PK\x03\x04 something else entirely")
    assert "not a safetensors file" in refusal(folder)


@pytest.mark.parametrize("text", ["{", "[]", "null", '{"a": ' * 100_000])
def test_damaged_index_is_named(folder: Path, text: str) -> None:
    (folder / "model_index.json").write_text(text)
    assert "model_index.json" in refusal(folder)


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        ({"frames": "many"}, "cannot be understood"),
        ({"size": [480]}, "cannot be understood"),
        ({"frames": True}, "cannot be understood"),
        ({"size": [8, 832]}, "The least it takes is 1 frames of 16x16"),
    ],
)
def test_shape_that_cannot_be_is_refused(folder: Path, shape: dict[str, Any], words: str) -> None:
    put(folder / "motionlens.json", shape)
    info = describe_model(folder)
    assert not info.ready
    assert words in info.why_not


def test_absent_package_is_said_in_words(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(families, "missing_packages", lambda: ("diffusers", "transformers"))
    with pytest.raises(ModelError, match="transformers are not installed") as caught:
        load_model(folder, "cpu")
    assert "motionlens[diffusion]" in caught.value.next_step


def test_model_that_does_not_fit_is_refused_before_loading(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from motionlens.models import checkpoints, fitting

    for module in (checkpoints, fitting):
        monkeypatch.setattr(module, "memory_here", lambda: (2.0, "this machine", 4))
    with pytest.raises(ModelError, match=r"needs 15 GB at 81 frames .* this machine has 2 GB"):
        load_model(folder, "cpu")
    info = describe_model(folder)
    assert not info.ready
    assert "this machine has 2 GB" in info.why_not
    assert info.needs_gb > 10
