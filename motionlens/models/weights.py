"""Reading and writing the embedded model's weights: safetensors and JSON, never a pickle."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
import torch

from motionlens.domain.errors import ModelError
from motionlens.files import atomic_file, write_json
from motionlens.models.embedded import CLASSES, SHOWN_SIZE, WORLD_SIZE, EmbeddedModel
from motionlens.models.network import FrameUNet, NetworkShape

WEIGHTS_NAME = "model.safetensors"
CONFIG_NAME = "config.json"
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
    write_json(Path(folder) / CONFIG_NAME, config)
    return target
