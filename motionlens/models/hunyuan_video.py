"""HunyuanVideo."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import torch
from torch import Tensor

from motionlens.models.diffusers_model import DiffusersModel
from motionlens.models.folder import ModelFolder


class HunyuanVideoModel(DiffusersModel):
    """See :class:`DiffusersModel`.

    Its makers distilled the guidance into the network: it is told a strength and runs once a step.
    """

    lora_targets = (
        r"transformer_blocks\.\d+\.(attn\.(to_[qkv]|to_out\.0|add_[qkv]_proj|to_add_out)"
        r"|ff(_context)?\.net\.(0\.proj|2))"
        r"|single_transformer_blocks\.\d+\.(attn\.to_[qkv]|proj_mlp|proj_out)"
    )
    guidance = 6.0
    text_length = 256

    def predict(self, z: Tensor, level: Tensor, parts: Sequence[Tensor]) -> Tensor:
        """See :meth:`DiffusersModel.predict`."""
        strength = None
        if self.config.guidance_embeds:
            strength = torch.full((len(z),), 1000 * self.guidance, device=z.device, dtype=z.dtype)
        answer = self.network(
            hidden_states=z,
            timestep=self.timestep(level),
            encoder_hidden_states=parts[0],
            encoder_attention_mask=parts[1],
            pooled_projections=parts[2],
            guidance=strength,
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
        return self._run(
            pipeline,
            latents=start,
            prompt_embeds=parts[0],
            prompt_attention_mask=parts[1],
            pooled_prompt_embeds=parts[2],
            guidance_scale=self.guidance,
            num_inference_steps=steps,
        )

    @classmethod
    def usual(cls, folder: ModelFolder) -> tuple[int, int, int]:
        """See :meth:`DiffusersModel.usual`."""
        return 61, 544, 960

    @classmethod
    def rate(cls, folder: ModelFolder) -> float:
        """See :meth:`DiffusersModel.rate`."""
        return 24.0

    @classmethod
    def grain(cls, folder: ModelFolder) -> tuple[int, int, tuple[int, int]]:
        """See :meth:`DiffusersModel.grain`."""
        vae, network = folder.vae.config, folder.network.config
        together = (int(network["patch_size_t"]), int(network["patch_size"]))
        stride = int(vae.get("temporal_compression_ratio", 4))
        return stride, int(vae.get("spatial_compression_ratio", 8)), together

    def _condition_shapes(self) -> list[tuple[int, ...]]:
        return [
            (self.text_length, int(self.config.text_embed_dim)),
            (self.text_length,),
            (int(self.config.pooled_projection_dim),),
        ]

    def _encode_text(self, pipeline: Any, caption: str, device: torch.device) -> Sequence[Tensor]:
        made, pooled, mask = pipeline.encode_prompt(
            caption, device=device, max_sequence_length=self.text_length
        )
        return [made[0], mask[0], pooled[0]]
