"""Which models there are, and how a name, folder or weights file becomes a loaded one."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

from motionlens.domain.errors import ModelError, MotionLensError
from motionlens.domain.ports import ModelInfo
from motionlens.files import read_json, resource

if TYPE_CHECKING:
    from motionlens.models.video_model import VideoModel

EMBEDDED_WEIGHTS = "weights/embedded"


_EMBEDDED_NOTE = (
    "sees 16 frames at equal times, grey, the whole picture squashed to 32x32: colour, fast motion "
    "between those frames and detail under 1/32 of the picture are lost; continues 4 given frames; "
    "generations are shown enlarged to 256x256"
)


def list_models() -> list[ModelInfo]:
    """The models of this installation, found without loading one (torch is not imported)."""
    parameters, why_not = 0, ""
    try:
        parameters = int(read_json(resource(EMBEDDED_WEIGHTS) / "config.json")["parameters"])
    except (MotionLensError, OSError, ValueError, KeyError, TypeError):
        why_not = "its weights are missing from this installation"
    if importlib.util.find_spec("torch") is None:
        why_not = "torch is not installed"
    return [ModelInfo("embedded", "embedded", parameters, not why_not, why_not, _EMBEDDED_NOTE)]


def load_model(name_or_path: str | Path, device: str = "auto") -> VideoModel:
    """A loaded model.

    Parameters
    ----------
    name_or_path : str or Path
        A name of :func:`list_models`, a folder with weights, or a weights file (safetensors).
    device : str
        See :func:`motionlens.models.device.resolve_device`.

    Raises
    ------
    ModelError
        If there is no such model, its weights cannot be read or are a pickle, or the device is
        absent.
    """
    from motionlens.models.device import resolve_device
    from motionlens.models.weights import load_embedded

    where = resolve_device(device)
    if str(name_or_path) == "embedded":
        return load_embedded(resource(EMBEDDED_WEIGHTS), where)
    path = Path(name_or_path).expanduser()
    if not path.exists():
        names = ", ".join(model.name for model in list_models())
        raise ModelError(
            f"There is no model {str(name_or_path)!r}",
            f"it is neither a known name ({names}) nor a folder or file",
            "See `motionlens models`, or give the path of a weights file",
        )
    return load_embedded(path, where)
