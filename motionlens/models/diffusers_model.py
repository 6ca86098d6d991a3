"""A text-to-video model from a local diffusers folder: what its families have in common.

Levels are shares of noise s in (0, 1) for each family, whatever its own steps are called. Unless a
family says otherwise the path is straight, ``z = (1 - s) h + s eps`` (Lipman et al. 2023, equation
22; Liu et al. 2023, equation 1), the network predicts the velocity ``eps - h``, and is told
``1000 s``.
"""

from __future__ import annotations

import hashlib
import json
import threading
from abc import abstractmethod
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, ClassVar, cast

import numpy as np
import torch
from torch import Tensor, nn

from motionlens.domain.seeds import derive_seed
from motionlens.models.folder import ModelFolder
from motionlens.models.framing import Framing, snapped
from motionlens.models.heavy import require_diffusers
from motionlens.models.tensor_cache import TensorCache
from motionlens.models.text import Captions, load_part, pipeline_settings, unpacked
from motionlens.models.video_model import VideoModel, hash_weights


class DiffusersModel(VideoModel):
    """A whole model; see :class:`VideoModel`. It is given no frames: all of them are its own.

    Parameters
    ----------
    folder : ModelFolder
    device : torch.device
        Weights are float32 on a processor and bfloat16 elsewhere, but for those few that
        diffusers keeps in float32 for their family.
    cache : Path, optional
        Folder for latents and text embeddings; nothing is kept on disk without one.

    Attributes
    ----------
    framing : Framing
        What it sees of a clip.
    note : str
        The same in words, with what is given up by it.
    """

    guidance: ClassVar[float]
    sampler_steps: ClassVar[int] = 50
    text_length: ClassVar[int]
    tiled_vae: ClassVar[bool] = True

    given_frames = 0

    def __init__(
        self,
        folder: ModelFolder,
        device: torch.device | str = "cpu",
        cache: Path | None = None,
        name: str | None = None,
    ) -> None:
        self.folder = folder
        self.family = folder.family.name
        self.name = name or folder.root.name
        self.device = torch.device(device)
        self.dtype = torch.float32 if self.device.type == "cpu" else torch.bfloat16
        self.framing, given_up = self.framing_of(folder)
        self.frames = self.framing.frames
        self.size = (self.framing.height, self.framing.width)
        self.note = self.framing.note(given_up)
        self.fps = self.rate(folder)
        self.network: nn.Module = load_part(folder.network, self.dtype).to(self.device)
        self._vae = load_part(folder.vae, self._vae_dtype()).to(self.device)
        self._vae.requires_grad_(False)
        if self.tiled_vae:
            self._vae.enable_tiling()
        self._latents = TensorCache(cache / "latents") if cache else None
        # On a processor the gradient has all cores already.
        self.encodes_ahead = self._latents is not None and self.device.type != "cpu"
        # Some picture encoders keep frames between calls: one thread at a time.
        self._encoding = threading.Lock()
        self._captions = Captions(
            folder,
            self._encode_text,
            f"{self.family} {self._text_length()}",
            TensorCache(cache / "captions") if cache else None,
            self.device,
        )
        self._vae_identity = folder.vae.identity

    @classmethod
    def framing_of(cls, folder: ModelFolder) -> tuple[Framing, str]:
        """What a model of this folder sees of a clip, and what of the shape asked for is given up.

        Raises
        ------
        ModelError
            If the folder asks for a shape that no model can take.
        """
        return snapped(folder.shape, cls.usual(folder), *cls.grain(folder))

    @property
    def config(self) -> Any:
        """The network's configuration, as diffusers keeps it."""
        return cast(Any, self.network).config

    @property
    def weights_hash(self) -> str:
        """sha256, in hex, over all that decides a row: the network's weights as they are now and
        their precision, the encoders of pictures and text, the noise schedule, and the framing."""
        facts = json.dumps(
            [
                hash_weights(self.network.state_dict()),
                self._vae_identity,
                self._captions.identity,
                dict(self.folder.scheduler),
                [self.framing.frames, *self.size],
            ],
            sort_keys=True,
        )
        return hashlib.sha256(facts.encode()).hexdigest()

    @property
    def checkpointing(self) -> bool:
        """Whether activations are computed again for the gradient instead of being kept."""
        return bool(cast(Any, self.network).is_gradient_checkpointing)

    @checkpointing.setter
    def checkpointing(self, wanted: bool) -> None:
        network = cast(Any, self.network)
        if wanted:
            network.enable_gradient_checkpointing()
        else:
            network.disable_gradient_checkpointing()

    def lost(self, frames: int, height: int, width: int) -> str:
        """What it does not see of a clip of that shape, in words; empty if it sees all."""
        return self.framing.lost(frames, height, width)

    @torch.no_grad()
    def encode(self, frames: np.ndarray) -> Tensor:
        """(F, H, W, 3) uint8 RGB to (C, F', h, w) float32 on the CPU, normalised for the network.

        The most likely latent, never a draw, and rounded to float16, so that a latent from the
        cache equals a fresh one.
        """
        key = self._latent_key(frames)
        kept = self._latents.get(*key) if self._latents else None
        if kept is None:
            pixels = self.framing.pixels(frames)[None]
            with self._encoding:
                z = self._vae.encode(pixels.to(self.device, self._vae.dtype)).latent_dist.mode()
                kept = self._normalised(z.float())[0].to("cpu", torch.float16)
                if self._latents:
                    self._latents.put(kept, *key)
        return kept.float()

    def prepare_captions(self, captions: Iterable[str | None]) -> None:
        """Embeds many captions with one loading of the text encoder."""
        self._captions.prepare(caption or "" for caption in captions)

    def condition(self, caption: str | None) -> Tensor:
        """(n,) bfloat16: the parts that the network is told, one after another."""
        return self._captions(caption or "")

    def mask_to_latent(self, mask: np.ndarray) -> Tensor:
        """(F, H, W) float32 to (F', h, w): the frames and the part of the picture it sees."""
        return self.framing.mask(mask)

    def noise(self, seed: int) -> Tensor:
        """(C, F', h, w) float32, standard normal."""
        return self._normal("noise", seed)

    def loss(
        self, latents: Tensor, conditions: Tensor, level: float | Tensor, noise: Tensor
    ) -> Tensor:
        """(B, F', h, w): the squared error of the network's own target, mean over channels."""
        h = latents.to(self.device, torch.float32)
        levels = torch.as_tensor(level, dtype=torch.float32, device=self.device).expand(len(h))
        eps = noise.to(self.device, torch.float32).expand_as(h)
        z = self.noisy(h, eps, levels).to(self.dtype)
        predicted = self.predict(z, levels, self.parts(conditions)).float()
        error: Tensor = (predicted - self.target(h, eps, levels)) ** 2
        return error.mean(dim=1)

    @torch.no_grad()
    def sample_latents(
        self, conditions: Tensor, seed: int | Sequence[int], steps: int = 0
    ) -> Tensor:
        """(B, C, F', h, w) float32 on the CPU, each clip alone: none depends on its neighbours."""
        seeds = [seed] * len(conditions) if isinstance(seed, int) else list(seed)
        indices = range(len(conditions)) if isinstance(seed, int) else [0] * len(conditions)
        pipeline = self._pipeline()
        negative = self.parts(self.condition("")[None])
        made = []
        for condition, one, index in zip(conditions, seeds, indices, strict=True):
            start = self._normal("start", one, index)[None].to(self.device)
            made.append(
                self.run_pipeline(
                    pipeline,
                    start,
                    self.parts(condition[None]),
                    negative,
                    steps or self.sampler_steps,
                )
            )
        return torch.cat(made).float().cpu()

    def sample(
        self,
        latents_given: Tensor,
        conditions: Tensor,
        seed: int | Sequence[int],
        steps: int = 0,
    ) -> np.ndarray:
        """(B, F, H, W, 3) uint8 RGB, by the family's own schedule and guidance.

        Nothing of ``latents_given`` is looked at; 0 steps stands for as many as its makers take.
        """
        return self.decode(self.sample_latents(conditions, seed, steps))

    @torch.no_grad()
    def decode(self, latents: Tensor) -> np.ndarray:
        """(B, C, F', h, w) as from :meth:`encode` to (B, F, H, W, 3) uint8 RGB."""
        clips = []
        for one in latents:
            z = self._raw(one[None].to(self.device, torch.float32)).to(self._vae.dtype)
            picture = self._decoded(z)[0].float().clamp(-1, 1)
            whole = ((picture + 1) * 127.5).round().to(torch.uint8)
            clips.append(whole.permute(1, 2, 3, 0).cpu().numpy())
        return np.stack(clips)

    def save(self, folder: Path, **provenance: str) -> Path:
        """Writes what was trained, and where the rest lies; see :mod:`.tuned`."""
        from motionlens.models.tuned import save_tuned

        return save_tuned(self, folder, provenance)

    def parts(self, conditions: Tensor) -> list[Tensor]:
        """(B, n) conditions as the network takes them, on its device."""
        return unpacked(conditions.to(self.device, self.dtype), self._condition_shapes())

    def noisy(self, h: Tensor, eps: Tensor, level: Tensor) -> Tensor:
        """What the network is shown: (B, C, F', h, w) at shares of noise (B,)."""
        s = _over_latent(level)
        return (1 - s) * h + s * eps

    def target(self, h: Tensor, eps: Tensor, level: Tensor) -> Tensor:
        """What it should answer."""
        return eps - h

    def timestep(self, level: Tensor) -> Tensor:
        """What the network is told for shares of noise (B,)."""
        return 1000 * level

    @abstractmethod
    def predict(self, z: Tensor, level: Tensor, parts: Sequence[Tensor]) -> Tensor:
        """The network's answer to (B, C, F', h, w), in that order of axes."""

    @abstractmethod
    def run_pipeline(
        self,
        pipeline: Any,
        start: Tensor,
        parts: Sequence[Tensor],
        negative: Sequence[Tensor],
        steps: int,
    ) -> Tensor:
        """One clip from pure noise (1, C, F', h, w) by diffusers' own loop; a latent again."""

    @classmethod
    @abstractmethod
    def usual(cls, folder: ModelFolder) -> tuple[int, int, int]:
        """Frames, height and width where the folder asks for none."""

    @classmethod
    @abstractmethod
    def rate(cls, folder: ModelFolder) -> float:
        """Frames a second that its makers show its clips at."""

    @classmethod
    @abstractmethod
    def grain(cls, folder: ModelFolder) -> tuple[int, int, tuple[int, int]]:
        """Frames a latent, pixels a latent, and latents a patch in time and along a side."""

    @abstractmethod
    def _condition_shapes(self) -> list[tuple[int, ...]]:
        """Shapes of the parts of one condition."""

    @abstractmethod
    def _encode_text(self, pipeline: Any, caption: str, device: torch.device) -> Sequence[Tensor]:
        """The parts of one caption, by diffusers' own code for the family."""

    def _normalised(self, z: Tensor) -> Tensor:
        mean, std = self._statistics(z)
        return (z - mean) / std

    def _raw(self, h: Tensor) -> Tensor:
        mean, std = self._statistics(h)
        return h * std + mean

    def _statistics(self, like: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and spread of each channel of the raw latent, (1, C, 1, 1, 1)."""
        config = self.folder.vae.config
        scale = float(config.get("scaling_factor", 1.0))
        zeros, ones = [0.0] * like.shape[1], [1.0] * like.shape[1]
        mean = torch.tensor(config.get("latents_mean") or zeros, device=like.device)
        std = torch.tensor(config.get("latents_std") or ones, device=like.device)
        return mean.view(1, -1, 1, 1, 1), std.view(1, -1, 1, 1, 1) / scale

    def _decoded(self, z: Tensor) -> Tensor:
        return cast(Tensor, self._vae.decode(z, return_dict=False)[0])

    def _vae_dtype(self) -> torch.dtype:
        return self.dtype

    def _text_length(self) -> int:
        return self.text_length

    def _pipeline(self) -> Any:
        diffusers = require_diffusers()
        scheduler = str(self.folder.index["scheduler"][1])
        made = getattr(diffusers, scheduler).from_config(dict(self.folder.scheduler))
        parts: dict[str, Any] = {"transformer": self.network, "vae": self._vae, "scheduler": made}
        for encoder, tokenizer, _ in self.folder.family.encoders:
            parts |= {encoder: None, tokenizer: None}
        pipeline = getattr(diffusers, self.folder.family.pipeline)(
            **parts, **pipeline_settings(self.folder)
        )
        pipeline.set_progress_bar_config(disable=True)
        return pipeline

    def _run(self, pipeline: Any, **arguments: Any) -> Tensor:
        height, width = self.size
        return cast(
            Tensor,
            pipeline(
                height=height,
                width=width,
                num_frames=self.frames,
                output_type="latent",
                return_dict=False,
                **arguments,
            )[0],
        )

    def _latent_key(self, frames: np.ndarray) -> tuple[str, ...]:
        digest = hashlib.blake2b(np.ascontiguousarray(frames).data, digest_size=32)
        shape = f"{frames.shape} {self.framing}"
        return digest.hexdigest(), shape, self._vae_identity, str(self._vae.dtype)

    def _normal(self, *names: object) -> Tensor:
        random = torch.Generator().manual_seed(derive_seed(self.family, *names))
        channels = int(self.config.in_channels)
        return torch.randn(channels, *self.framing.grid, generator=random)


def _over_latent(level: Tensor) -> Tensor:
    return level[:, None, None, None, None]
