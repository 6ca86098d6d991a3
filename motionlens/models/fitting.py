"""Whether a model fits a device, asked before it is loaded."""

from __future__ import annotations

import torch

from motionlens.domain.errors import ModelError
from motionlens.models.checkpoints import folder_size
from motionlens.models.folder import ModelFolder
from motionlens.models.framing import Framing
from motionlens.models.memory import GB, THIS_MACHINE, memory_here, needed

# Activations are kept, not computed again, where they take less than this share of the device.
_ROOMY = 0.5


def fit(folder: ModelFolder, framing: Framing, device: torch.device) -> bool:
    """True if the device holds a whole gradient with all activations kept.

    Raises
    ------
    ModelError
        If not even adapters could be followed there, with activations computed again.
    """
    number = 4 if device.type == "cpu" else 2
    here = _memory_of(device)
    size = folder_size(folder, framing)
    least = needed(size, number).least
    name = THIS_MACHINE if device.type == "cpu" else str(device)
    if here and least > here:
        raise ModelError(
            f"The model in {folder.root} does not fit here",
            f"it needs {least:.0f} GB at {framing.frames} frames of "
            f"{framing.height}x{framing.width}, and {name} has {here:.0f} GB",
            "Ask for fewer frames or a smaller size in the folder's motionlens.json, or take a "
            "larger device",
        )
    whole = needed(size, number, checkpointing=False).device
    return not here or whole < _ROOMY * here


def _memory_of(device: torch.device) -> float:
    if device.type == "cuda":
        return torch.cuda.get_device_properties(device).total_memory / GB
    here, where, _ = memory_here()
    return here if where == THIS_MACHINE else 0.0
