"""Wan 2.1, and Wan 2.2 with one network (TI2V 5B)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import torch
from torch import Tensor

from motionlens.models.diffusers_model import DiffusersModel
from motionlens.models.folder import ModelFolder


class WanModel(DiffusersModel):
    """See :class:`DiffusersModel`.

    Wan 2.2's 5B network takes a time for each token instead of each clip; told the same time for
    all, it makes a clip from its caption alone.
    """

    lora_targets = r"blocks\.\d+\.(attn[12]\.(to_[qkv]|to_out\.0)|ffn\.net\.(0\.proj|2))"
    guidance = 5.0
    text_length = 512
    tiled_vae = False  # its encoder goes through a clip piece by piece by itself

    def predict(self, z: Tensor, level: Tensor, parts: Sequence[Tensor]) -> Tensor:
        """See :meth:`DiffusersModel.predict`."""
        time = self.timestep(level)
        if self.folder.index.get("expand_timesteps"):
            p_t, p_h, p_w = self.config.patch_size
            tokens = (z.shape[2] // p_t) * (z.shape[3] // p_h) * (z.shape[4] // p_w)
            time = time[:, None].expand(-1, tokens)
        return cast(Tensor, self.network(z, time, parts[0], return_dict=False)[0])

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
            negative_prompt_embeds=negative[0],
            guidance_scale=self.guidance,
            num_inference_steps=steps,
        )

    @classmethod
    def usual(cls, folder: ModelFolder) -> tuple[int, int, int]:
        """See :meth:`DiffusersModel.usual`."""
        return (121, 704, 1280) if _cell(folder) == 16 else (81, 480, 832)

    @classmethod
    def rate(cls, folder: ModelFolder) -> float:
        """See :meth:`DiffusersModel.rate`."""
        return 24.0 if _cell(folder) == 16 else 16.0

    @classmethod
    def grain(cls, folder: ModelFolder) -> tuple[int, int, tuple[int, int]]:
        """See :meth:`DiffusersModel.grain`."""
        time, side, _ = folder.network.config["patch_size"]
        stride = int(folder.vae.config.get("scale_factor_temporal", 4))
        return stride, _cell(folder), (int(time), int(side))

    def _condition_shapes(self) -> list[tuple[int, ...]]:
        return [(self.text_length, int(self.config.text_dim))]

    def _encode_text(self, pipeline: Any, caption: str, device: torch.device) -> Sequence[Tensor]:
        made, _ = pipeline.encode_prompt(
            caption,
            do_classifier_free_guidance=False,
            max_sequence_length=self.text_length,
            device=device,
        )
        return [made[0]]

    def _vae_dtype(self) -> torch.dtype:
        return torch.float32  # as its makers run it: bfloat16 shows as bands


def _cell(folder: ModelFolder) -> int:
    return int(folder.vae.config.get("scale_factor_spatial", 8))
