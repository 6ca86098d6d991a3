"""Which models there are, and how a name, folder or weights file becomes a loaded one."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

from motionlens.domain.errors import ModelError, MotionLensError
from motionlens.domain.ports import ModelInfo
from motionlens.domain.requests import ModelSight
from motionlens.files import read_json, resource
from motionlens.models.folder import is_model_folder, read_folder

if TYPE_CHECKING:
    import torch

    from motionlens.models.video_model import VideoModel

EMBEDDED_WEIGHTS = "weights/embedded"


EMBEDDED_SIGHT = ModelSight(16, 32, 32, grey=True, cropped=False)
_EMBEDDED_NOTE = (
    "sees 16 frames at equal times, grey, the whole picture squashed to 32x32: colour, fast motion "
    "between those frames and detail under 1/32 of the picture are lost; continues 4 given frames; "
    "generations are shown enlarged to 256x256"
)


def list_models() -> list[ModelInfo]:
    """The embedded model, then well-known ones and what each would need here.

    Found without loading one: neither torch nor diffusers is imported.
    """
    from motionlens.models.checkpoints import list_checkpoints

    parameters, why_not = 0, ""
    try:
        parameters = int(read_json(resource(EMBEDDED_WEIGHTS) / "config.json")["parameters"])
    except (MotionLensError, OSError, ValueError, KeyError, TypeError):
        why_not = "its weights are missing from this installation"
    if importlib.util.find_spec("torch") is None:
        why_not = "torch is not installed"
    embedded = ModelInfo(
        "embedded", "embedded", parameters, not why_not, why_not, _EMBEDDED_NOTE,
        sight=EMBEDDED_SIGHT,
    )  # fmt: skip
    return [embedded, *list_checkpoints()]


def describe_model(path: str | Path) -> ModelInfo:
    """The row of a diffusers folder, before anything of it is loaded: `why_not` says what is
    wrong with it, or with this machine."""
    from motionlens.models.checkpoints import describe_folder

    return describe_folder(Path(path).expanduser())


def sight_of(name_or_path: str) -> ModelSight:
    """What a model sees of any clip, without loading it.

    Raises
    ------
    ModelError
        If its folder cannot be understood.
    """
    from motionlens.models.checkpoints import framing_of
    from motionlens.models.tuned import description

    path = Path(name_or_path).expanduser()
    if name_or_path == "embedded":
        return EMBEDDED_SIGHT
    if path.is_dir() and is_model_folder(path):
        return framing_of(path).sight
    found = description(path)
    # Any other weights are a fine-tune of the embedded model.
    return EMBEDDED_SIGHT if found is None else framing_of(Path(found[1]["base"]), found[1]).sight


def load_model(
    name_or_path: str | Path, device: str = "auto", cache: Path | None = None
) -> VideoModel:
    """A loaded model.

    Parameters
    ----------
    name_or_path : str or Path
        ``embedded``, a folder with weights of a fine-tune, a weights file (safetensors), or a
        diffusers folder of a known family, told by its ``model_index.json``.
    device : str
        See :func:`motionlens.models.device.resolve_device`.
    cache : Path, optional
        Folder where a diffusers model keeps latents and embeddings of captions.

    Raises
    ------
    ModelError
        If there is no such model, its weights cannot be read or are a pickle, the device is
        absent, or the model does not fit it.
    """
    from motionlens.models.device import resolve_device
    from motionlens.models.weights import load_embedded

    where = resolve_device(device)
    if str(name_or_path) == "embedded":
        return load_embedded(resource(EMBEDDED_WEIGHTS), where)
    path = Path(name_or_path).expanduser()
    if not path.exists():
        raise _unknown(str(name_or_path))
    if path.is_dir() and is_model_folder(path):
        return _load_folder(path, where, cache)
    return _load_tuned(path, where, cache) or load_embedded(path, where)


def _load_folder(path: Path, device: torch.device, cache: Path | None) -> VideoModel:
    from motionlens.models.families import model_class, refuse_missing_packages
    from motionlens.models.fitting import fit
    from motionlens.models.video_model import MOST_TOGETHER

    refuse_missing_packages()
    folder = read_folder(path)
    made = model_class(folder.family)
    keeps = fit(folder, made.framing_of(folder)[0], device)
    model = made(folder, device, cache)
    model.checkpointing = not keeps
    if keeps and device.type == "cuda":
        model.micro_batch = MOST_TOGETHER  # halved where so many do not fit
    return model


def _load_tuned(path: Path, device: torch.device, cache: Path | None) -> VideoModel | None:
    """None where the weights are not those of a tuned diffusers model."""
    from motionlens.models.tuned import description, load_tuned

    found = description(path)
    return None if found is None else load_tuned(*found, device, cache)


def _unknown(name: str) -> ModelError:
    wanted = next((model for model in list_models() if model.name == name), None)
    if wanted is not None:
        return ModelError(
            f"The model {name} cannot be used by its name",
            wanted.why_not,
            "Give the path of its diffusers folder: --model PATH",
        )
    return ModelError(
        f"There is no model {name!r}",
        "it is neither a known name (embedded) nor a folder or file",
        "See `motionlens models`, or give the path of a weights file or of a diffusers folder",
    )
