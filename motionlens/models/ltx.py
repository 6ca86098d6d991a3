"""LTX-Video."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import torch
from torch import Tensor

from motionlens.models.diffusers_model import DiffusersModel
from motionlens.models.folder import ModelFolder

_FPS = 25  # diffusers' own default: the rate at which its places in time are counted


class LTXModel(DiffusersModel):
    """See :class:`DiffusersModel`. The network takes a latent as a row of tokens."""

    lora_targets = r"transformer_blocks\.\d+\.(attn[12]\.(to_[qkv]|to_out\.0)|ff\.net\.(0\.proj|2))"
    guidance = 3.0
    text_length = 128

    def predict(self, z: Tensor, level: Tensor, parts: Sequence[Tensor]) -> Tensor:
        """See :meth:`DiffusersModel.predict`."""
        _, _, frames, height, width = z.shape
        stride, cell = self.framing.stride, self.framing.cell
        answer = self.network(
            hidden_states=self._tokens(z),
            encoder_hidden_states=parts[0],
            timestep=self.timestep(level),
            encoder_attention_mask=parts[1],
            num_frames=frames,
            height=height,
            width=width,
            rope_interpolation_scale=(stride / _FPS, cell, cell),
            return_dict=False,
        )[0]
        return self._latent(cast(Tensor, answer))

    def run_pipeline(
        self,
        pipeline: Any,
        start: Tensor,
        parts: Sequence[Tensor],
        negative: Sequence[Tensor],
        steps: int,
    ) -> Tensor:
        """See :meth:`DiffusersModel.run_pipeline`."""
        made = self._run(
            pipeline,
            latents=self._tokens(start),
            prompt_embeds=parts[0],
            prompt_attention_mask=parts[1],
            negative_prompt_embeds=negative[0],
            negative_prompt_attention_mask=negative[1],
            guidance_scale=self.guidance,
            num_inference_steps=steps,
            frame_rate=_FPS,
        )
        return self._latent(made)

    def _tokens(self, z: Tensor) -> Tensor:
        return z.flatten(2).transpose(1, 2)

    def _latent(self, tokens: Tensor) -> Tensor:
        batch, _, channels = tokens.shape
        return tokens.transpose(1, 2).reshape(batch, channels, *self.framing.grid)

    @classmethod
    def usual(cls, folder: ModelFolder) -> tuple[int, int, int]:
        """See :meth:`DiffusersModel.usual`."""
        return 161, 512, 704

    @classmethod
    def rate(cls, folder: ModelFolder) -> float:
        """See :meth:`DiffusersModel.rate`."""
        return float(_FPS)

    @classmethod
    def grain(cls, folder: ModelFolder) -> tuple[int, int, tuple[int, int]]:
        """See :meth:`DiffusersModel.grain`."""
        config = folder.vae.config
        halvings = sum(config["spatio_temporal_scaling"])
        patch, patch_t = int(config.get("patch_size", 4)), int(config.get("patch_size_t", 1))
        cell = int(config.get("spatial_compression_ratio") or patch * 2**halvings)
        stride = int(config.get("temporal_compression_ratio") or patch_t * 2**halvings)
        return stride, cell, (1, 1)

    def _statistics(self, like: Tensor) -> tuple[Tensor, Tensor]:
        # Kept with the encoder's weights here, not in its configuration.
        scale = float(self.folder.vae.config.get("scaling_factor", 1.0))
        mean, std = self._vae.latents_mean.float(), self._vae.latents_std.float()
        return mean.view(1, -1, 1, 1, 1), std.view(1, -1, 1, 1, 1) / scale

    def _decoded(self, z: Tensor) -> Tensor:
        told = None
        if self.folder.vae.config.get("timestep_conditioning"):
            told = torch.zeros(1, device=z.device, dtype=z.dtype)  # as clean as it is
        return cast(Tensor, self._vae.decode(z, told, return_dict=False)[0])

    def _condition_shapes(self) -> list[tuple[int, ...]]:
        return [(self.text_length, int(self.config.caption_channels)), (self.text_length,)]

    def _encode_text(self, pipeline: Any, caption: str, device: torch.device) -> Sequence[Tensor]:
        made, mask, _, _ = pipeline.encode_prompt(
            caption,
            do_classifier_free_guidance=False,
            max_sequence_length=self.text_length,
            device=device,
        )
        return [made[0], mask[0]]
