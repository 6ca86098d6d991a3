"""Well-known models of each family: what one would need here, before its weights are fetched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from motionlens.domain.errors import ModelError
from motionlens.domain.ports import ModelInfo
from motionlens.models.families import missing_packages, model_class
from motionlens.models.folder import ModelFolder, read_folder
from motionlens.models.memory import Size, memory_here, needed

if TYPE_CHECKING:
    from motionlens.models.framing import Framing

_UMT5, _T5, _LLAMA_AND_CLIP = 5_680_910_336, 4_762_310_656, 7_628_247_040


@dataclass(frozen=True)
class Checkpoint:
    """Name, family, and its size at the shape in `at`: frames, height, width."""

    name: str
    family: str
    at: tuple[int, int, int]
    size: Size


# Parameters as counted in networks built from the published configurations.
CHECKPOINTS = (
    Checkpoint(
        "wan-2.1-1.3b",
        "wan",
        (81, 480, 832),
        Size(1_418_996_800, 126_892_531, _UMT5, 1536, 30, 8960, 32_760),
    ),
    Checkpoint(
        "wan-2.1-14b",
        "wan",
        (81, 480, 832),
        Size(14_288_491_584, 126_892_531, _UMT5, 5120, 40, 13824, 32_760),
    ),
    Checkpoint(
        "wan-2.2-5b",
        "wan",
        (121, 704, 1280),
        Size(4_999_787_712, 704_688_668, _UMT5, 3072, 30, 14336, 27_280),
    ),
    Checkpoint(
        "cogvideox-2b",
        "cogvideox",
        (49, 480, 720),
        Size(1_693_783_872, 215_583_907, _T5, 1920, 30, 7680, 17_776),
    ),
    Checkpoint(
        "cogvideox-5b",
        "cogvideox",
        (49, 480, 720),
        Size(5_570_283_072, 215_583_907, _T5, 3072, 42, 12288, 17_776),
    ),
    Checkpoint(
        "cogvideox-1.5-5b",
        "cogvideox",
        (85, 768, 1360),
        Size(5_570_676_352, 215_583_907, _T5, 3072, 42, 12288, 45_106),
    ),
    Checkpoint(
        "ltx-video-2b",
        "ltx-video",
        (161, 512, 704),
        Size(1_923_385_472, 419_193_649, _T5, 2048, 28, 8192, 7_392),
    ),
    Checkpoint(
        "hunyuan-video-13b",
        "hunyuan-video",
        (61, 544, 960),
        Size(12_821_012_544, 246_478_803, _LLAMA_AND_CLIP, 3072, 60, 12288, 32_896),
    ),
    Checkpoint(
        "mochi-1-10b",
        "mochi",
        (85, 480, 848),
        Size(10_027_677_744, 459_748_611, _T5, 3072, 48, 12288, 24_106),
    ),
)


def list_checkpoints() -> list[ModelInfo]:
    """One row each; none is ready, as none is shipped: a folder with its weights must be given."""
    here, where, number = memory_here()
    missing = missing_packages()
    rows = []
    for one in CHECKPOINTS:
        need = needed(one.size, number)
        frames, height, width = one.at
        if missing:
            why = f"{' and '.join(missing)} not installed: pip install 'motionlens[diffusion]'"
        elif here and need.device > here:
            why = f"needs {need.device:.0f} GB at {frames} frames of {height}x{width}; {where} has"
            why += f" {here:.0f} GB"
        else:
            why = "its weights are not here: give its diffusers folder with --model"
        rows.append(
            ModelInfo(
                one.name,
                one.family,
                one.size.parameters,
                False,
                why,
                needs_gb=round(need.device, 1),
                here_gb=round(here, 1),
                encoder_gb=round(need.encoder, 1),
            )
        )
    return rows


def framing_of(root: Path, shape: Mapping[str, Any] | None = None) -> Framing:
    """What the model in a folder sees of a clip; `shape` stands in for the folder's own wish.

    Raises
    ------
    ModelError
        If the folder is not whole, or its shape is none.
    """
    folder = read_folder(root)
    if shape is not None:
        folder = replace(folder, shape={key: shape.get(key) for key in ("frames", "size")})
    return model_class(folder.family).framing_of(folder)[0]


def describe_folder(root: Path) -> ModelInfo:
    """The row of a diffusers folder: whether it is whole, and whether it fits in here.

    Torch is imported, diffusers is not.
    """
    try:
        folder = read_folder(root)
        model = model_class(folder.family)
        framing, given_up = model.framing_of(folder)
    except ModelError as error:
        return ModelInfo(str(root), "", 0, False, error.sentence())
    here, where, number = memory_here()
    need = needed(folder_size(folder, framing), number)
    why = ""
    if missing := missing_packages():
        why = f"{' and '.join(missing)} not installed: pip install 'motionlens[diffusion]'"
    elif here and need.device > here:
        why = f"needs {need.device:.0f} GB for all parameters, {need.least:.0f} GB for adapters"
        why += f" alone; {where} has {here:.0f} GB"
    return ModelInfo(
        str(root),
        folder.family.name,
        folder.network.parameters,
        not why,
        why,
        framing.note(given_up),
        round(need.device, 1),
        round(here, 1),
        round(need.encoder, 1),
        framing.sight,
    )


def folder_size(folder: ModelFolder, framing: Framing) -> Size:
    """What a model in a folder needs memory for, at the shape that it sees."""
    config = folder.network.config
    across = int(config["num_attention_heads"]) * int(config["attention_head_dim"])
    patch = config.get("patch_size", 1)
    time, side = (patch[0], patch[1]) if isinstance(patch, list) else (1, int(patch))
    time = int(config.get("patch_size_t") or time)
    frames, height, width = framing.grid
    tokens = (frames // time) * (height // side) * (width // side)
    # A caption that is only attended to costs little; one that goes along with the clip counts.
    together = folder.family.name in {"cogvideox", "hunyuan-video", "mochi"}
    text = int(config.get("max_text_seq_length") or config.get("max_sequence_length") or 256)
    return Size(
        folder.network.parameters,
        folder.vae.parameters,
        sum(encoder.parameters for encoder in folder.encoders),
        across,
        int(config["num_layers"]) + int(config.get("num_single_layers", 0)),
        int(config.get("ffn_dim", 4 * across)),
        tokens + text * together,
    )
