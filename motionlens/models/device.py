"""Where a model runs, said in words where it cannot."""

from __future__ import annotations

import re

import torch

from motionlens.domain.errors import ModelError

_CHOICES = "Give auto, cpu, cuda, cuda:N or mps"


def resolve_device(name: str = "auto") -> torch.device:
    """The device of that name.

    Parameters
    ----------
    name : str
        ``auto`` (the first NVIDIA card, else an Apple one, else the processor), ``cpu``, ``cuda``,
        ``cuda:N`` or ``mps``.

    Raises
    ------
    ModelError
        If the name is unknown or this machine has no such device.
    """
    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda:0")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    if name == "cpu":
        return torch.device("cpu")
    if name == "mps":
        if torch.backends.mps.is_available():
            return torch.device("mps")
        raise _absent(name, "this machine has no Apple graphics device that torch can use")
    if re.fullmatch(r"cuda(:\d+)?", name):
        return _cuda(name)
    raise ModelError(f"The device {name!r} is unknown", "no device bears this name", _CHOICES)


def describe_devices() -> list[str]:
    """What a model can run on here, the best first, such as ``cuda:0 (NVIDIA H100)``."""
    found = [
        f"cuda:{number} ({torch.cuda.get_device_name(number)})"
        for number in range(torch.cuda.device_count())
    ]
    if torch.backends.mps.is_available():
        found.append("mps (Apple graphics)")
    return [*found, f"cpu ({torch.get_num_threads()} threads)"]


def set_threads(count: int) -> None:
    """Threads that torch uses for one operation, at least one."""
    torch.set_num_threads(max(1, count))


def _cuda(name: str) -> torch.device:
    if torch.version.cuda is None and torch.version.hip is None:
        raise _absent(name, f"the installed torch ({torch.__version__}) is built without CUDA")
    found = torch.cuda.device_count()
    number = int(name.partition(":")[2] or 0)
    if number >= found:
        raise _absent(name, f"this machine has {found or 'no'} CUDA device{'s' * (found != 1)}")
    return torch.device(f"cuda:{number}")


def _absent(name: str, why: str) -> ModelError:
    return ModelError(f"The device {name} cannot be used", why, "Give auto or cpu instead")
