"""The seam to video models: all that attribution and fine-tuning may ask of one.

Mask, length, projection and score are applied outside; a model only loads, encodes, names the
parameters that count, returns its unreduced loss at a given noise level and noise, and samples.
"""

from __future__ import annotations

import hashlib
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from motionlens.domain.errors import ModelError
from motionlens.domain.seeds import derive_seed

# Clips whose gradients are made together where several fit: eight fill what small models leave
# idle, and more of them would only make an index slower to stop.
MOST_TOGETHER = 8


def hash_weights(state: Mapping[str, Tensor]) -> str:
    """sha256 over names, shapes and bytes, in hex; the order of the weights does not count."""
    digest = hashlib.sha256()
    for name, value in sorted(state.items()):
        plain, kind = value.detach().cpu(), ""
        if plain.dtype == torch.bfloat16:  # numpy knows no such number
            plain, kind = plain.contiguous().view(torch.int16), "bfloat16 "
        array = np.ascontiguousarray(plain.numpy())
        digest.update(f"{name} {kind}{array.dtype.str} {array.shape}\n".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


class VideoModel(ABC):
    """A loaded model.

    Attributes
    ----------
    name, family : str
        What it is called, and which kind of model it is.
    network : nn.Module
        What is trained.
    device : torch.device
        Where it lies; inputs are moved there by the methods.
    given_frames, frames : int
        Clean frames a clip starts with, and all frames.
    size : tuple of int
        Height and width of the pictures that it sees.
    lora_rank : int
        Rank of its LoRA adapters, 0 without; the largest where they differ.
    lora_targets : str
        Regular expression over the names of the linear maps that get an adapter; empty where
        it is all convolutions.
    fps : float
        Frames a second of what it makes.
    note : str
        What it sees of a clip and what is given up by that, in words; may be empty.
    micro_batch : int
        Clips whose gradients are made together, to begin with: several where one alone leaves the
        device idle.
    encodes_ahead : bool
        Latents of the next clips may be made by other threads while a gradient is: they are kept,
        so that :meth:`encode` only looks them up.
    checkpointing : bool
        Activations are computed again instead of kept, where the network can: less memory, a third
        more time.
    """

    name: str
    family: str
    network: nn.Module
    device: torch.device
    given_frames: int
    frames: int
    size: tuple[int, int]
    lora_rank: int = 0
    lora_targets: ClassVar[str] = ""
    fps: float = 8.0
    note: str = ""
    micro_batch: int = 1
    encodes_ahead: bool = False
    checkpointing: bool = False

    @property
    def parameters(self) -> int:
        """Number of weights."""
        return sum(parameter.numel() for parameter in self.network.parameters())

    @property
    def weights_hash(self) -> str:
        """sha256 over the names, shapes and bytes of all weights, in hex, computed on each call."""
        return hash_weights(self.network.state_dict())

    def tracked_parameters(self, tracked: str = "all") -> dict[str, nn.Parameter]:
        """The parameters whose gradient counts, by name.

        Parameters
        ----------
        tracked : str
            ``all``, ``lora`` (adapter weights only), or a regular expression searched in names.

        Raises
        ------
        ModelError
            If nothing bears such a name, or the expression is not one.
        """
        named = dict(self.network.named_parameters())
        if tracked == "all":
            return named
        pattern = r"\.lora_" if tracked == "lora" else tracked
        try:
            found = {name: value for name, value in named.items() if re.search(pattern, name)}
        except re.error as error:
            raise ModelError(
                f"The tracked parameters {tracked!r} cannot be read",
                f"it is not a regular expression ({error})",
                "Give all, lora, or a regular expression over parameter names",
            ) from error
        if not found:
            examples = ", ".join(list(named)[:3])
            raise ModelError(
                f"No parameter of {self.name} matches {tracked!r}",
                f"its parameters have names such as {examples}",
                "Give all, or an expression that matches some of them",
            )
        return found

    @abstractmethod
    def encode(self, frames: np.ndarray) -> Tensor:
        """One clip, (F, H, W, 3) uint8 RGB, to its latent (C, F', h, w) float32 on the CPU.

        The given frames are part of it; any F >= 1 and any size will do.
        """

    def prepare_captions(self, captions: Iterable[str | None]) -> None:  # noqa: B027 (may be left)
        """Told of captions before :meth:`condition` is asked for them one by one.

        A model with a large text encoder loads it once for all of them.
        """

    @abstractmethod
    def condition(self, caption: str | None) -> Tensor:
        """What the model is told about a clip; conditions of clips can be stacked."""

    @abstractmethod
    def mask_to_latent(self, mask: np.ndarray) -> Tensor:
        """(F, H, W) float32 weights of a clip to the grid of the loss, (F_gen, h, w) float32."""

    @abstractmethod
    def noise(self, seed: int) -> Tensor:
        """The noise shared by all clips: (C, F_gen, h, w) float32, from a CPU generator."""

    @abstractmethod
    def loss(
        self, latents: Tensor, conditions: Tensor, level: float | Tensor, noise: Tensor
    ) -> Tensor:
        """The training loss before any reduction but over channels.

        Parameters
        ----------
        latents : Tensor
            (B, C, F', h, w) as from :meth:`encode`.
        conditions : Tensor
            (B, ...) as from :meth:`condition`.
        level : float or Tensor
            Share of noise in (0, 1), one for all clips or (B,).
        noise : Tensor
            (C, F_gen, h, w), or (B, C, F_gen, h, w).

        Returns
        -------
        Tensor
            (B, F_gen, h, w), with the weight that training gives to this level.
        """

    @abstractmethod
    def sample(
        self,
        latents_given: Tensor,
        conditions: Tensor,
        seed: int | Sequence[int],
        steps: int = 10,
    ) -> np.ndarray:
        """Generations that go on from the given frames.

        Parameters
        ----------
        latents_given : Tensor
            (B, C, given or more frames, h, w); frames past the given ones are ignored.
        conditions : Tensor
            (B, ...).
        seed : int or sequence of int
            One seed (clip *i* of the batch uses noise *i* of it), or one a clip.
        steps : int
            Steps of the sampler.

        Returns
        -------
        ndarray
            (B, F, H, W, 3) uint8 RGB, the given frames first, at the size people look at.
        """

    def generate(
        self,
        given: Sequence[np.ndarray],
        captions: Sequence[str | None],
        seeds: Sequence[int],
    ) -> np.ndarray:
        """Generations from the starts of clips, or from captions alone where none is given.

        Parameters
        ----------
        given : sequence of ndarray
            (F, H, W, 3) uint8 RGB each; not looked at by a model with no given frames.
        captions, seeds : sequence
            One a generation.

        Returns
        -------
        ndarray
            (B, F, H, W, 3) uint8 RGB, as :meth:`sample` gives them.
        """
        self.prepare_captions(captions)
        latents = torch.empty(len(captions), 0)
        if self.given_frames:
            latents = torch.stack([self.encode(frames) for frames in given])
        conditions = torch.stack([self.condition(caption) for caption in captions])
        return self.sample(latents, conditions, list(seeds))

    def continue_clips(
        self, clips: Sequence[np.ndarray], captions: Sequence[str | None], seed: int
    ) -> Iterator[np.ndarray]:
        """Goes on from the start of each clip.

        Parameters
        ----------
        clips : sequence of ndarray
            (F, H, W, 3) uint8 RGB each; whole clips, of which only the given frames are looked at.
        captions : sequence of str or None
            One a clip.
        seed : int
            Of the first noise; clips of one call each have noise of their own.

        Yields
        ------
        ndarray
            (F, H, W, 3) uint8 RGB, as :meth:`sample` gives them.
        """
        for index, (frames, caption) in enumerate(zip(clips, captions, strict=True)):
            own = seed if index == 0 else derive_seed("clip", seed, index)
            yield self.generate([frames], [caption], [own])[0]

    @abstractmethod
    def save(self, folder: Path, **provenance: str) -> Path:
        """Writes weights (safetensors) and ``config.json``; returns the path of the weights."""
