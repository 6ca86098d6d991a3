"""CogVideoX 2B, 5B and 1.5: a variance-preserving path with whole-numbered steps."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any, cast

import torch
from torch import Tensor

from motionlens.models.diffusers_model import DiffusersModel
from motionlens.models.folder import ModelFolder
from motionlens.models.heavy import require_diffusers


class CogVideoXModel(DiffusersModel):
    """See :class:`DiffusersModel`.

    ``z = sqrt(a) h + sqrt(1 - a) eps`` with the cumulative ``a`` of the folder's own schedule, and
    the target ``v = sqrt(a) eps - sqrt(1 - a) h`` (Salimans and Ho 2022, section 4 and appendix D).
    A share of noise s stands for the step whose signal-to-noise ratio is that of the straight path
    at s: ``sqrt(1 - a) / (sqrt(a) + sqrt(1 - a))`` nearest to s. The number 751, three quarters
    noise elsewhere, is nearly pure noise here.
    """

    lora_targets = r"transformer_blocks\.\d+\.(attn1\.(to_[qkv]|to_out\.0)|ff\.net\.(0\.proj|2))"
    guidance = 6.0

    @functools.cached_property
    def _signal(self) -> Tensor:
        """Cumulative a of each step, (steps,) float64."""
        diffusers = require_diffusers()
        name = str(self.folder.index["scheduler"][1])
        made = getattr(diffusers, name).from_config(dict(self.folder.scheduler))
        return cast(Tensor, made.alphas_cumprod).double()

    def timestep(self, level: Tensor) -> Tensor:
        """The step of the same signal-to-noise ratio, (B,) int64."""
        a = self._signal
        share = (1 - a).sqrt() / (a.sqrt() + (1 - a).sqrt())
        away = (share[None] - level.detach().cpu().double()[:, None]).abs()
        return away.argmin(dim=1).to(level.device)

    def noisy(self, h: Tensor, eps: Tensor, level: Tensor) -> Tensor:
        """See :meth:`DiffusersModel.noisy`."""
        signal, rest = self._parts_of(level)
        return signal * h + rest * eps

    def target(self, h: Tensor, eps: Tensor, level: Tensor) -> Tensor:
        """See :meth:`DiffusersModel.target`."""
        signal, rest = self._parts_of(level)
        return signal * eps - rest * h

    def predict(self, z: Tensor, level: Tensor, parts: Sequence[Tensor]) -> Tensor:
        """See :meth:`DiffusersModel.predict`."""
        answer = self.network(
            hidden_states=z.transpose(1, 2),
            encoder_hidden_states=parts[0],
            timestep=self.timestep(level),
            image_rotary_emb=self._places(),
            return_dict=False,
        )[0]
        return cast(Tensor, answer.transpose(1, 2))

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
            latents=start.transpose(1, 2).to(self.dtype),
            prompt_embeds=parts[0],
            negative_prompt_embeds=negative[0],
            guidance_scale=self.guidance,
            num_inference_steps=steps,
            # One scheduler of this family draws noise at each step; it is seeded by the start.
            generator=torch.Generator().manual_seed(int(start.double().sum().abs() * 1e6) % 2**31),
        ).transpose(1, 2)

    def _parts_of(self, level: Tensor) -> tuple[Tensor, Tensor]:
        a = self._signal.to(level.device)[self.timestep(level)].float()[:, None, None, None, None]
        return a.sqrt(), (1 - a).sqrt()

    @functools.cached_property
    def _place_table(self) -> tuple[Tensor, Tensor]:
        # diffusers' own pipeline knows how the places of each version are made.
        made = self._pipeline()._prepare_rotary_positional_embeddings(  # noqa: SLF001
            *self.size, self.framing.latent_frames, self.device
        )
        return cast(tuple[Tensor, Tensor], made)

    def _decoded(self, z: Tensor) -> Tensor:
        # 1.5 makes an even number of latents and its decoder takes an odd one: its own pipeline
        # throws the first away, and four frames with it.
        even = z.shape[2] % 2 == 0
        return super()._decoded(z[:, :, 1:] if even else z)

    def _places(self) -> tuple[Tensor, Tensor] | None:
        return self._place_table if self.config.use_rotary_positional_embeddings else None

    @classmethod
    def usual(cls, folder: ModelFolder) -> tuple[int, int, int]:
        """See :meth:`DiffusersModel.usual`."""
        config = folder.network.config
        height, width = int(config["sample_height"]) * 8, int(config["sample_width"]) * 8
        # 1.5 makes 85 frames where it shows 81.
        frames = int(config["sample_frames"]) + (4 if config.get("patch_size_t") else 0)
        return frames, height, width

    @classmethod
    def rate(cls, folder: ModelFolder) -> float:
        """See :meth:`DiffusersModel.rate`."""
        return 16.0 if folder.network.config.get("patch_size_t") else 8.0

    @classmethod
    def grain(cls, folder: ModelFolder) -> tuple[int, int, tuple[int, int]]:
        """See :meth:`DiffusersModel.grain`."""
        config = folder.network.config
        together = (int(config.get("patch_size_t") or 1), int(config["patch_size"]))
        blocks = len(folder.vae.config["block_out_channels"])
        return int(config["temporal_compression_ratio"]), 2 ** (blocks - 1), together

    def _text_length(self) -> int:
        return int(self.folder.network.config.get("max_text_seq_length", 226))

    def _condition_shapes(self) -> list[tuple[int, ...]]:
        return [(self._text_length(), int(self.config.text_embed_dim))]

    def _encode_text(self, pipeline: Any, caption: str, device: torch.device) -> Sequence[Tensor]:
        made, _ = pipeline.encode_prompt(
            caption,
            do_classifier_free_guidance=False,
            max_sequence_length=self._text_length(),
            device=device,
        )
        return [made[0]]
