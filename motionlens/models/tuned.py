"""What a fine-tune of a diffusers model leaves: the trained weights, and where the rest lies.

``model.safetensors`` holds the whole network, or the adapters alone, and carries its own
description; picture and text encoders stay in the base's folder. Beside it lie the same weights
as diffusers itself reads them: ``pytorch_lora_weights.safetensors``, or ``transformer/``.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import safetensors
import safetensors.torch
import torch
from torch import Tensor

from motionlens.domain.errors import ModelError
from motionlens.files import write_json
from motionlens.models.lora import base_state, diffusers_state, read_diffusers_state
from motionlens.models.video_model import hash_weights

if TYPE_CHECKING:
    from motionlens.models.diffusers_model import DiffusersModel

FORMAT = "motionlens-diffusers"
WEIGHTS_NAME = "model.safetensors"
CONFIG_NAME = "config.json"
LORA_NAME = "pytorch_lora_weights.safetensors"


def save_tuned(model: DiffusersModel, folder: Path, provenance: Mapping[str, str]) -> Path:
    """Writes a folder that :func:`load_tuned` reads; returns the weights file."""
    whole = not model.lora_rank
    config: dict[str, Any] = {
        "format": FORMAT,
        "version": 1,
        "name": model.name,
        "family": model.family,
        "base": str(model.folder.root.absolute()),
        "base_hash": "" if whole else hash_weights(base_state(model)),
        "precision": str(model.dtype),
        "lora_rank": model.lora_rank,
        "frames": model.frames,
        "size": list(model.size),
        "parameters": model.parameters,
        "provenance": dict(provenance),
    }
    state = model.network.state_dict() if whole else diffusers_state(model)
    kept = {name: value.detach().cpu().contiguous() for name, value in state.items()}
    target = Path(folder) / WEIGHTS_NAME
    _write(target, kept, config)
    if whole:
        network = Path(folder) / "transformer"
        network.mkdir(exist_ok=True)
        write_json(network / CONFIG_NAME, dict(model.folder.network.config))
        _same_file(target, network / "diffusion_pytorch_model.safetensors")
    else:
        _same_file(target, Path(folder) / LORA_NAME)
    write_json(Path(folder) / CONFIG_NAME, config)
    return target


def description(path: Path) -> tuple[Path, dict[str, Any]] | None:
    """Weights file and its own description, if a path is a folder or file of this kind."""
    file = path / WEIGHTS_NAME if path.is_dir() else path
    if file.suffix != ".safetensors" or not file.is_file():
        return None
    try:
        with safetensors.safe_open(str(file), framework="pt", device="cpu") as opened:
            config = json.loads((opened.metadata() or {}).get("config", "null"))
    except (OSError, ValueError, safetensors.SafetensorError):
        return None
    known = isinstance(config, dict) and config.get("format") == FORMAT
    return (file, config) if known else None


def load_tuned(
    file: Path,
    config: Mapping[str, Any],
    device: torch.device | str,
    cache: Path | None = None,
    name: str | None = None,
) -> DiffusersModel:
    """The base, with what a fine-tune made of it.

    Raises
    ------
    ModelError
        If the base is gone or another one, or the weights do not fit it.
    """
    from motionlens.models.families import model_class
    from motionlens.models.folder import is_model_folder, read_folder

    base = Path(str(config.get("base")))
    if not is_model_folder(base):
        raise ModelError(
            f"The weights {file} need the model that they were trained on",
            f"there is no model in {base} any more",
            "Bring that folder back to its place",
        )
    folder = read_folder(base)
    shape = {"frames": config.get("frames"), "size": config.get("size")}
    folder = replace(folder, shape=shape)
    model = model_class(folder.family)(folder, device, cache, name or str(config.get("name")))
    state = _read(file)
    if config.get("lora_rank"):
        # Read at another precision, a base's numbers are others: then names and shapes must do.
        same = config.get("precision") == str(model.dtype)
        if same and hash_weights(base_state(model)) != config.get("base_hash"):
            raise ModelError(
                f"The adapter {file} belongs to another base",
                f"the weights in {base} are not those that it was trained on",
                "Bring the old weights back, or train again",
            )
        read_diffusers_state(model, state)
        return model
    try:
        model.network.load_state_dict(state)
    except RuntimeError as error:
        raise ModelError(
            f"The weights in {file} do not fit {folder.family.title}",
            str(error).strip().splitlines()[0],
            "Take a fresh copy of the file",
        ) from error
    return model


def _write(target: Path, state: Mapping[str, Tensor], config: Mapping[str, Any]) -> None:
    told = {"config": json.dumps(config, sort_keys=True), "format": "pt"}
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{target.name}.part")
    partial.touch()
    mode = partial.stat().st_mode  # the library's own files are private: the user's umask rules
    try:
        # By the library itself: a second copy of a large network in memory is not affordable.
        safetensors.torch.save_file(dict(state), str(partial), metadata=told)
        partial.chmod(mode)
        with open(partial, "rb") as file:
            os.fsync(file.fileno())
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)


def _same_file(source: Path, target: Path) -> None:
    target.unlink(missing_ok=True)
    try:
        os.link(source, target)
    except OSError:  # a file system without hard links
        shutil.copyfile(source, target)


def _read(file: Path) -> dict[str, Tensor]:
    try:
        return safetensors.torch.load_file(str(file))
    except (OSError, ValueError, safetensors.SafetensorError) as error:
        raise ModelError(
            f"The weights file {file} cannot be read",
            "it is not a whole safetensors file",
            "Take a fresh copy of the file",
        ) from error
