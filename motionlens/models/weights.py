"""Reading and writing the embedded model's weights: safetensors and JSON, never a pickle."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
import torch
from torch import Tensor

from motionlens.domain.errors import ModelError
from motionlens.files import atomic_file, write_json
from motionlens.models.embedded import CLASSES, SHOWN_SIZE, WORLD_SIZE, EmbeddedModel
from motionlens.models.lora import adapter_state, add_lora, base_state
from motionlens.models.network import FrameUNet, NetworkShape
from motionlens.models.video_model import hash_weights

WEIGHTS_NAME = "model.safetensors"
CONFIG_NAME = "config.json"
ADAPTER_NAME = "adapter.safetensors"
FORMAT = "motionlens-embedded"
_PICKLES = {".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle"}


def save_embedded(
    model: EmbeddedModel,
    folder: Path,
    provenance: Mapping[str, str] | None = None,
    dtype: torch.dtype = torch.float32,
) -> Path:
    """Writes a folder that :func:`load_embedded` reads; the weights file alone is enough for it.

    Returns
    -------
    Path
        The weights file.
    """
    config = {
        "format": FORMAT,
        "version": 1,
        "name": model.name,
        "parameters": model.parameters,
        "network": model.network.shape.as_json(),
        "classes": list(CLASSES),
        "size": list(WORLD_SIZE),
        "shown_size": list(SHOWN_SIZE),
        "lora_rank": model.lora_rank,
        "provenance": {**model.provenance, **(provenance or {})},
    }
    state = {
        name: value.detach().to("cpu", dtype).contiguous()
        for name, value in model.network.state_dict().items()
    }
    # The configuration travels inside the weights file too, so that a copied file names itself.
    data = safetensors.torch.save(state, metadata={"config": json.dumps(config, sort_keys=True)})
    target = Path(folder) / WEIGHTS_NAME
    with atomic_file(target) as file:
        file.write(data)
    if model.lora_rank:
        _save_adapter(model, Path(folder) / ADAPTER_NAME)
    write_json(Path(folder) / CONFIG_NAME, config)
    return target


def _save_adapter(model: EmbeddedModel, target: Path) -> None:
    """The small part alone, for whoever has the base; the weights file holds both."""
    state = {name: value.detach().cpu() for name, value in adapter_state(model).items()}
    told = {"lora_rank": str(model.lora_rank), "base_hash": hash_weights(base_state(model))}
    with atomic_file(target) as file:
        file.write(safetensors.torch.save(state, metadata=told))


def load_embedded(
    path: Path, device: torch.device | str = "cpu", name: str | None = None
) -> EmbeddedModel:
    """Reads a folder or a weights file that :func:`save_embedded` wrote.

    Raises
    ------
    ModelError
        If it is missing, a pickle, damaged, or of another kind.
    """
    file = _weights_file(Path(path))
    config, state = _read(file)
    try:
        network = FrameUNet(_shape(config["network"]))
        rank = int(config.get("lora_rank", 0))
        model = EmbeddedModel(network, name or str(config["name"]), "cpu", config["provenance"])
        if rank:
            with torch.random.fork_rng(devices=[]):
                add_lora(model, rank)
        weights = {key: value.to(torch.float32) for key, value in state.items()}
        network.load_state_dict(weights)
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise ModelError(
            f"The weights in {file} do not fit the embedded model",
            f"they were changed or cut ({_first_line(error)})",
            "Take a fresh copy of the file",
        ) from error
    return model.to(device)


def is_embedded(path: Path) -> bool:
    """True if the path is a folder or file of the embedded model's format."""
    try:
        config, _ = _read(_weights_file(path), with_weights=False)
    except ModelError:
        return False
    return config.get("format") == FORMAT


def read_config(path: Path) -> dict[str, Any]:
    """The configuration that travels with the weights."""
    return _read(_weights_file(path), with_weights=False)[0]


def _weights_file(path: Path) -> Path:
    if path.is_dir():
        file = path / WEIGHTS_NAME
        if not file.is_file():
            pickles = sorted(p for p in path.iterdir() if p.suffix.lower() in _PICKLES)
            if pickles:
                raise _pickle(pickles[0])
            raise ModelError(
                f"The folder {path} holds no model",
                f"there is no {WEIGHTS_NAME} in it",
                "Give the name of a model, its folder, or its weights file",
            )
        return file
    if path.suffix.lower() in _PICKLES:
        raise _pickle(path)
    if not path.is_file():
        raise ModelError(
            f"There is no model at {path}",
            "neither a file nor a folder is there",
            "See `motionlens models` for names",
        )
    return path


def _read(file: Path, with_weights: bool = True) -> tuple[dict[str, Any], dict[str, Tensor]]:
    try:
        with safetensors.safe_open(str(file), framework="pt", device="cpu") as opened:
            config = json.loads((opened.metadata() or {}).get("config", "null"))
            names = list(opened.keys()) if with_weights else []
            state = {name: opened.get_tensor(name) for name in names}
    except (OSError, ValueError, safetensors.SafetensorError) as error:
        raise ModelError(
            f"The weights file {file} cannot be read",
            f"it is not a whole safetensors file ({_first_line(error)})",
            "Take a fresh copy of the file, or convert it to safetensors",
        ) from error
    if not isinstance(config, dict) or config.get("format") != FORMAT:
        raise ModelError(
            f"The weights file {file} belongs to no model known here",
            "it does not carry the embedded model's configuration",
            "See `motionlens models` for what can be used",
        )
    return config, state


def _pickle(path: Path) -> ModelError:
    return ModelError(
        f"The checkpoint {path} is refused",
        "it is a pickle, which can run any program when it is opened",
        "Convert it to safetensors where you trust it, and give that file",
    )


def _shape(config: Mapping[str, Any]) -> NetworkShape:
    values: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in config.items()
    }
    return NetworkShape(**values)


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".:")
