"""Mochi 1: its network counts time toward the clean clip, and predicts the way there."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator, Sequence
from typing import Any, cast

import torch
from torch import Tensor

from motionlens.models.diffusers_model import DiffusersModel
from motionlens.models.folder import ModelFolder


class MochiModel(DiffusersModel):
    """See :class:`DiffusersModel`. The target is ``h - eps`` and the time ``1000 (1 - s)``."""

    lora_targets = (
        r"transformer_blocks\.\d+\.(attn1\.(to_[qkv]|to_out\.0|add_[qkv]_proj|to_add_out)"
        r"|ff(_context)?\.net\.(0\.proj|2))"
    )
    guidance = 4.5
    sampler_steps = 64

    def target(self, h: Tensor, eps: Tensor, level: Tensor) -> Tensor:
        """See :meth:`DiffusersModel.target`."""
        return h - eps

    def timestep(self, level: Tensor) -> Tensor:
        """See :meth:`DiffusersModel.timestep`."""
        return 1000 * (1 - level)

    def predict(self, z: Tensor, level: Tensor, parts: Sequence[Tensor]) -> Tensor:
        """See :meth:`DiffusersModel.predict`."""
        with _without_notice():
            answer = self.network(
                hidden_states=z,
                encoder_hidden_states=parts[0],
                timestep=self.timestep(level),
                encoder_attention_mask=parts[1].bool(),
                return_dict=False,
            )[0]
        return cast(Tensor, answer)

    def run_pipeline(
        self,
        pipeline: Any,
        start: Tensor,
        parts: Sequence[Tensor],
        negative: Sequence[Tensor],
        steps: int,
    ) -> Tensor:
        """See :meth:`DiffusersModel.run_pipeline`."""
        with _without_notice():
            return self._run(
                pipeline,
                latents=start,
                prompt_embeds=parts[0],
                prompt_attention_mask=parts[1].bool(),
                negative_prompt_embeds=negative[0],
                negative_prompt_attention_mask=negative[1].bool(),
                guidance_scale=self.guidance,
                num_inference_steps=steps,
            )

    @classmethod
    def usual(cls, folder: ModelFolder) -> tuple[int, int, int]:
        """See :meth:`DiffusersModel.usual`."""
        return 85, 480, 848

    @classmethod
    def rate(cls, folder: ModelFolder) -> float:
        """See :meth:`DiffusersModel.rate`."""
        return 30.0

    @classmethod
    def grain(cls, folder: ModelFolder) -> tuple[int, int, tuple[int, int]]:
        """See :meth:`DiffusersModel.grain`."""
        vae = folder.vae.config
        stride = 1
        for times in vae["temporal_expansions"]:
            stride *= int(times)
        # Its encoder halves a side three times.
        return (
            stride,
            2 ** len(vae["spatial_expansions"]),
            (1, int(folder.network.config["patch_size"])),
        )

    def _text_length(self) -> int:
        return int(self.folder.network.config.get("max_sequence_length", 256))

    def _condition_shapes(self) -> list[tuple[int, ...]]:
        return [(self._text_length(), int(self.config.text_embed_dim)), (self._text_length(),)]

    def _encode_text(self, pipeline: Any, caption: str, device: torch.device) -> Sequence[Tensor]:
        made, mask, _, _ = pipeline.encode_prompt(
            caption,
            do_classifier_free_guidance=False,
            max_sequence_length=self._text_length(),
            device=device,
        )
        return [made[0], mask[0]]


@contextlib.contextmanager
def _without_notice() -> Iterator[None]:
    """Its places are made in float32, which a processor's autocast says it does anyway."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="In CPU autocast", category=UserWarning)
        yield
