"""The families of video models that are read from a diffusers folder, as plain facts.

Nothing here imports torch or diffusers: `models` lists what is known without loading either.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from motionlens.domain.errors import ModelError

if TYPE_CHECKING:
    from motionlens.models.diffusers_model import DiffusersModel

_T5 = ("T5EncoderModel",)


@dataclass(frozen=True)
class Family:
    """What a folder of this family must hold.

    Attributes
    ----------
    name, title : str
        The short name, and the one that its makers use.
    pipeline, network, vae : str
        Classes of diffusers, as the folder's own files name them.
    encoders : tuple of (str, str, tuple of str)
        Component of each text encoder, that of its tokenizer, and the classes of transformers
        that it may be.
    made_by : str
        ``module:class`` of the model.
    """

    name: str
    title: str
    pipeline: str
    network: str
    vae: str
    encoders: tuple[tuple[str, str, tuple[str, ...]], ...]
    made_by: str


FAMILIES = (
    Family(
        "wan",
        "Wan 2.1 or 2.2",
        "WanPipeline",
        "WanTransformer3DModel",
        "AutoencoderKLWan",
        (("text_encoder", "tokenizer", ("UMT5EncoderModel",)),),
        "motionlens.models.wan:WanModel",
    ),
    Family(
        "cogvideox",
        "CogVideoX",
        "CogVideoXPipeline",
        "CogVideoXTransformer3DModel",
        "AutoencoderKLCogVideoX",
        (("text_encoder", "tokenizer", _T5),),
        "motionlens.models.cogvideox:CogVideoXModel",
    ),
    Family(
        "ltx-video",
        "LTX-Video",
        "LTXPipeline",
        "LTXVideoTransformer3DModel",
        "AutoencoderKLLTXVideo",
        (("text_encoder", "tokenizer", _T5),),
        "motionlens.models.ltx:LTXModel",
    ),
    Family(
        "hunyuan-video",
        "HunyuanVideo",
        "HunyuanVideoPipeline",
        "HunyuanVideoTransformer3DModel",
        "AutoencoderKLHunyuanVideo",
        (
            ("text_encoder", "tokenizer", ("LlamaModel", "LlavaForConditionalGeneration")),
            ("text_encoder_2", "tokenizer_2", ("CLIPTextModel",)),
        ),
        "motionlens.models.hunyuan_video:HunyuanVideoModel",
    ),
    Family(
        "mochi",
        "Mochi 1",
        "MochiPipeline",
        "MochiTransformer3DModel",
        "AutoencoderKLMochi",
        (("text_encoder", "tokenizer", _T5),),
        "motionlens.models.mochi:MochiModel",
    ),
)


def family_of(pipeline: str) -> Family | None:
    """The family whose folders name this pipeline, if any."""
    return next((family for family in FAMILIES if family.pipeline == pipeline), None)


def model_class(family: Family) -> type[DiffusersModel]:
    """The class that makes a family's models; imports torch, but not yet diffusers."""
    module, _, name = family.made_by.partition(":")
    found: type[DiffusersModel] = getattr(importlib.import_module(module), name)
    return found


def missing_packages() -> tuple[str, ...]:
    """Which of diffusers and transformers are not installed; neither is imported."""
    from importlib.util import find_spec

    return tuple(name for name in ("diffusers", "transformers") if find_spec(name) is None)


def refuse_missing_packages() -> None:
    """Raise :class:`ModelError` in words where diffusers or transformers is absent."""
    missing = missing_packages()
    if missing:
        verb = "are" if len(missing) > 1 else "is"
        raise ModelError(
            "A model in a diffusers folder cannot be loaded here",
            f"{' and '.join(missing)} {verb} not installed",
            "pip install 'motionlens[diffusion]'",
        )
