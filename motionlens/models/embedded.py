"""The embedded model: small enough to train on a laptop's processor, real in every step.

Flow matching on the straight path ``x_t = (1 - t) x + t eps`` (Lipman et al. 2023, equation 22;
Liu et al. 2023, equation 1) with a network that predicts ``x``. The squared error of the velocity
is the squared error of ``x`` over ``t^2``; the weight is cut at ``t = 0.2``.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from motionlens.domain.seeds import derive_seed
from motionlens.models.network import FrameUNet, NetworkShape
from motionlens.models.pictures import enlarge, mask_to_grid, to_numbers
from motionlens.models.video_model import MOST_TOGETHER, VideoModel

CLASSES = ("bounce", "throw", "roll", "slide", "swing", "collide")
NO_CLASS = len(CLASSES)
WORLD_SIZE = (32, 32)
SHOWN_SIZE = (256, 256)
_LEAST_LEVEL = 0.2
_FORMS = {
    name: {name, name + "s", name + "ing", name[:-1] + "ing", name + "ed", name + "d"}
    for name in CLASSES
} | {
    "throw": {"throw", "throws", "throwing", "threw", "thrown"},
    "slide": {"slide", "slides", "sliding", "slid"},
    "swing": {"swing", "swings", "swinging", "swung"},
}


class EmbeddedModel(VideoModel):
    """A network of :class:`FrameUNet` with the world's six classes; see :class:`VideoModel`."""

    family = "embedded"
    # One clip of it spends as long between the kernels as in them.
    micro_batch = MOST_TOGETHER

    def __init__(
        self,
        network: FrameUNet,
        name: str = "embedded",
        device: torch.device | str = "cpu",
        provenance: dict[str, str] | None = None,
    ) -> None:
        self.name = name
        self.network: FrameUNet = network.to(device)
        self.device = torch.device(device)
        self.given_frames = network.shape.given
        self.frames = network.shape.frames
        self.size = WORLD_SIZE
        self.provenance = dict(provenance or {})

    @classmethod
    def untrained(cls, seed: int = 0, shape: NetworkShape | None = None) -> EmbeddedModel:
        """A model with fresh weights made from a seed (the global generator is left alone)."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(derive_seed("weights", seed))
            return cls(FrameUNet(shape or NetworkShape()))

    def to(self, device: torch.device | str) -> EmbeddedModel:
        """Itself, moved to another device."""
        self.device = torch.device(device)
        self.network.to(self.device)
        return self

    def encode(self, frames: np.ndarray) -> Tensor:
        """(F, H, W, 3) uint8 RGB to (1, 16, 32, 32) float32 in [-1, 1]: grey, squashed, 16 frames.

        Frames are taken at equal times and the whole picture is averaged down; colour, fast motion
        between the chosen frames and detail under 1/32 of the picture are lost.
        """
        height, width = self.size
        return torch.from_numpy(to_numbers(frames, self.frames, height, width))[None]

    def condition(self, caption: str | None) -> Tensor:
        """The class of the first known word, () int64; "no class" if there is none."""
        for word in re.findall(r"[a-z]+", (caption or "").lower()):
            for index, name in enumerate(CLASSES):
                if word in _FORMS[name]:
                    return torch.tensor(index)
        return torch.tensor(NO_CLASS)

    def mask_to_latent(self, mask: np.ndarray) -> Tensor:
        """(F, H, W) float32 to (12, 32, 32): the same frames and averages as :meth:`encode`."""
        height, width = self.size
        grid = mask_to_grid(mask, self.frames, height, width)
        return torch.from_numpy(grid[self.given_frames :].copy())

    def noise(self, seed: int) -> Tensor:
        """(1, 12, 32, 32) float32, standard normal."""
        return self._normal("noise", seed)

    def loss(
        self, latents: Tensor, conditions: Tensor, level: float | Tensor, noise: Tensor
    ) -> Tensor:
        """(B, 12, 32, 32): ``(x_predicted - x)^2 / max(t, 0.2)^2``."""
        clips = latents.to(self.device)[:, 0]
        levels = torch.as_tensor(level, dtype=torch.float32, device=self.device)
        levels = levels.expand(len(clips))
        eps = noise.to(self.device)
        eps = eps[None, 0] if eps.dim() == 4 else eps[:, 0]
        given, x = clips[:, : self.given_frames], clips[:, self.given_frames :]
        share = levels[:, None, None, None]
        noisy = (1 - share) * x + share * eps
        predicted = self.network(torch.cat([given, noisy], dim=1), levels, self._ids(conditions))
        error: Tensor = (predicted - x) ** 2
        return error / share.clamp(min=_LEAST_LEVEL) ** 2

    @torch.no_grad()
    def sample_latents(
        self,
        latents_given: Tensor,
        conditions: Tensor,
        seed: int | Sequence[int],
        steps: int = 10,
    ) -> Tensor:
        """As :meth:`sample`, but (B, 1, 16, 32, 32) float32 on the CPU, as the network made them.

        Euler steps from pure noise; the velocity at ``z`` is ``(z - x) / max(t, 0.05)``.
        """
        given = latents_given[:, 0, : self.given_frames].to(self.device)
        count = len(given)
        if isinstance(seed, int):
            noises = [self._normal("start", seed, index) for index in range(count)]
        else:
            noises = [self._normal("start", one, 0) for one in seed]
        z = torch.cat(noises).to(self.device)
        ids = self._ids(conditions)
        times = torch.linspace(1.0, 0.0, steps + 1).tolist()
        for now, after in itertools.pairwise(times):
            levels = torch.full((count,), now, device=self.device)
            x = self.network(torch.cat([given, z], dim=1), levels, ids)
            z = z + (after - now) * (z - x) / max(now, 0.05)
        return torch.cat([given, z], dim=1)[:, None].cpu()

    def sample(
        self,
        latents_given: Tensor,
        conditions: Tensor,
        seed: int | Sequence[int],
        steps: int = 10,
    ) -> np.ndarray:
        """(B, 16, 256, 256, 3) uint8 RGB, grey, enlarged smoothly from 32x32."""
        return self.decode(self.sample_latents(latents_given, conditions, seed, steps))

    def decode(self, latents: Tensor) -> np.ndarray:
        """(B, 1, F, 32, 32) in [-1, 1] to (B, F, 256, 256, 3) uint8 RGB, grey.

        The enlargement is smooth and undone by :meth:`encode`, up to rounding and clipping.
        """
        numbers = latents[:, 0].numpy()
        return np.stack([enlarge(clip, *SHOWN_SIZE) for clip in numbers])

    def save(self, folder: Path, **provenance: str) -> Path:
        """Writes ``model.safetensors`` (float32) and ``config.json``; see :mod:`.weights`."""
        from motionlens.models.weights import save_embedded

        return save_embedded(self, folder, provenance)

    def _ids(self, conditions: Tensor) -> Tensor:
        return torch.as_tensor(conditions, dtype=torch.int64, device=self.device)

    def _normal(self, *names: object) -> Tensor:
        random = torch.Generator().manual_seed(derive_seed("embedded", *names))
        frames = self.frames - self.given_frames
        return torch.randn(1, frames, *self.size, generator=random)
