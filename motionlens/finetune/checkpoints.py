"""Checkpoints: weights, optimiser and place in the run, whole on disk or not there at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from motionlens.domain.errors import TrainerError
from motionlens.files import read_json, write_json
from motionlens.finetune.run_folder import checkpoint_steps

_KEPT = 2


def save_checkpoint(
    folder: Path,
    step: int,
    parameters: Mapping[str, nn.Parameter],
    optimiser: torch.optim.Optimizer,
    loop: Mapping[str, Any],
) -> None:
    """Write ``step-N``, and drop all but the last two.

    Parameters
    ----------
    folder : Path
        The run's ``checkpoints``.
    step : int
        Steps done.
    loop : mapping
        What else the loop must know, as JSON.
    """
    target = folder / f"step-{step}"
    partial = folder / f".step-{step}.part"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    weights = {name: value.detach().cpu().contiguous() for name, value in parameters.items()}
    save_file(weights, partial / "model.safetensors")
    save_file(_optimiser_tensors(parameters, optimiser), partial / "optimiser.safetensors")
    write_json(partial / "loop.json", {**loop, "step": step})
    for name in ("model.safetensors", "optimiser.safetensors"):
        _sync(partial / name)
    _sync(partial)
    shutil.rmtree(target, ignore_errors=True)
    partial.rename(target)
    _sync(folder)
    for old in checkpoint_steps(folder)[:-_KEPT]:
        shutil.rmtree(folder / f"step-{old}", ignore_errors=True)


def load_checkpoint(
    folder: Path,
    parameters: Mapping[str, nn.Parameter],
    optimiser: torch.optim.Optimizer,
    loop: Mapping[str, Any],
) -> int:
    """Take up the newest checkpoint that can be read; the number of steps done, 0 without any.

    Raises
    ------
    TrainerError
        Every checkpoint is damaged, or belongs to other settings than `loop` says.
    """
    steps = checkpoint_steps(folder)
    why = ""
    for step in reversed(steps):
        try:
            weights, moments = _read(folder / f"step-{step}", parameters, loop)
        except (OSError, ValueError, KeyError, SafetensorError) as error:
            why = f"step {step}: {error}"
            continue
        _apply(weights, moments, parameters, optimiser)
        return step
    if steps:
        raise TrainerError("No checkpoint can be used", why, "Start a new run")
    return 0


def _read(
    path: Path, parameters: Mapping[str, nn.Parameter], loop: Mapping[str, Any]
) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    stored = read_json(path / "loop.json")
    for name, value in loop.items():
        if stored.get(name) != value:
            raise ValueError(f"{name} was {stored.get(name)} and is {value}")
    weights = load_file(path / "model.safetensors")
    if weights.keys() != parameters.keys():
        raise ValueError("it holds the weights of another model")
    for name, value in weights.items():
        if value.shape != parameters[name].shape:
            raise ValueError(f"{name} has the shape of another model")
    return weights, load_file(path / "optimiser.safetensors")


def _apply(
    weights: Mapping[str, Tensor],
    moments: Mapping[str, Tensor],
    parameters: Mapping[str, nn.Parameter],
    optimiser: torch.optim.Optimizer,
) -> None:
    with torch.no_grad():
        for name, parameter in parameters.items():
            parameter.copy_(weights[name])
    for key, value in moments.items():
        name, _, part = key.rpartition("/")
        # AdamW counts its steps on the CPU wherever the weights are.
        place = value if part == "step" else value.to(parameters[name].device)
        optimiser.state[parameters[name]][part] = place


def _optimiser_tensors(
    parameters: Mapping[str, nn.Parameter], optimiser: torch.optim.Optimizer
) -> dict[str, Tensor]:
    return {
        f"{name}/{part}": value.detach().cpu().contiguous()
        for name, parameter in parameters.items()
        for part, value in optimiser.state[parameter].items()
    }


def _sync(path: Path) -> None:
    if os.name == "nt" and path.is_dir():
        return  # Windows cannot sync a folder
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
