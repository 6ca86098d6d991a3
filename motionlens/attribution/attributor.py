"""Rows of a gradient index, and rows of queries made the same way."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from motionlens.attribution.factored import FactoredLinears
from motionlens.attribution.gradients import gradients_under_masks, row_of_levels
from motionlens.attribution.influence_map import (
    Readings,
    onto_frames,
    readings,
    shares_on_grid,
    weights_on_grid,
)
from motionlens.attribution.micro_batch import MicroBatches, free
from motionlens.attribution.per_clip import tellable_apart
from motionlens.attribution.places import (
    first_generated,
    require_generated_frames,
    weights_of_place,
)
from motionlens.attribution.projection import make_sketch
from motionlens.attribution.training_step import losses_after_steps
from motionlens.domain.clip import Region, Span
from motionlens.domain.errors import GpuOutOfMemory, MotionLensError, UsageError
from motionlens.domain.fingerprint import BALANCES, IndexSpec
from motionlens.domain.ports import Frames, GradientRow, Mask, PlaceShares, SeenClip, Token
from motionlens.models.video_model import VideoModel


class TorchAttributor:
    """Implements the port `Attributor` with a model.

    A clip's vector is the mean over levels of its projected gradients, each at unit length
    (arXiv 2601.08828, Eqs. 6 to 9): no level outweighs another because its loss is steeper.

    Parameters
    ----------
    model : VideoModel
    tracked : str
        `all`, `lora` or a regular expression over parameter names.
    levels : tuple of float
        Shares of noise. High ones carry motion: on a simulated set, 0.8 and 0.95 ranked better
        than 0.6 and 0.9, and no worse than three levels or several noises.
    noise_seed, projection_seed : int
    mask, flow : str
        Names of the mask's recipe and of the flow under it, kept in `spec`; masks are given.
    projection : str
        A kind of :func:`project_gradient`, or `factored`: linear layers by :mod:`.factored`, what
        that gives by the default.
    dim : int
        Numbers a clip.
    rows : str
        How an index keeps rows, `float32` or `float16`; here for its spec alone.
    balance : str
        `layers`: each parameter's part of a gradient at unit length; `none`: as published.
    """

    def __init__(
        self,
        model: VideoModel,
        *,
        tracked: str = "all",
        levels: tuple[float, ...] = (0.8, 0.95),
        noise_seed: int = 0,
        mask: str = "adjacent",
        flow: str = "dis",
        projection: str = "default",
        dim: int = 512,
        projection_seed: int = 0,
        rows: str = "float32",
        balance: str = "layers",
    ) -> None:
        if balance not in BALANCES:
            raise UsageError(
                f"There is no balance {balance!r}", "", f"Use one of {', '.join(BALANCES)}"
            )
        make_sketch(dim, projection_seed, projection)  # refuses bad settings before any work
        self.model = model
        self.given_frames = model.given_frames
        self.frames = model.frames
        self.side = max(model.size)
        self._trained = list(model.tracked_parameters(tracked).values())
        for parameter in self._trained:
            parameter.requires_grad_(True)
        self._factored: FactoredLinears | None = None
        self._parameters = self._trained
        if projection == "factored":
            self._factored = FactoredLinears(model.network, self._trained, projection_seed)
            self._parameters = self._factored.parameters
        # How the model reads masks, by their shape: clips of a library share a few shapes.
        self._read: dict[tuple[int, int, int], Readings] = {}
        self.spec = IndexSpec(
            weights=model.weights_hash,
            tracked=tracked,
            levels=tuple(float(level) for level in levels),
            noise_seed=noise_seed,
            mask=mask,
            flow=flow,
            projection=projection,
            dim=dim,
            projection_seed=projection_seed,
            rows=rows,
            balance=balance,
        )
        self._together = MicroBatches(model, self._parameters, self.spec, self.row)
        if self._factored or not tellable_apart(model.network, self._parameters):
            self._together.size = 1

    @property
    def micro_batch(self) -> int:
        """Clips that :meth:`rows` takes through the network together: at first the model's."""
        return self._together.size

    @micro_batch.setter
    def micro_batch(self, size: int) -> None:
        self._together.size = size

    def row(self, frames: Frames, mask: Mask | None, caption: str) -> GradientRow:
        """One clip's row.

        Parameters
        ----------
        frames : (F, H, W, 3) uint8 RGB
        mask : (F, H', W') float32 in [0, 1], or None
            Motion mask; None trains on the whole frame. Any height and width.
        caption : str

        Raises
        ------
        ModelError
            The loss is not finite.
        GpuOutOfMemory
            The device cannot hold one clip.
        """
        weights = None if mask is None else self.model.mask_to_latent(mask)
        return self._rows(frames, [weights], caption)[0]

    def rows(self, clips: Sequence[SeenClip]) -> list[GradientRow | MotionLensError]:
        """A row for each clip, or the error that this clip alone has; see :mod:`.micro_batch`."""
        with self._at_rest():
            return self._together.rows(clips)

    def query_row(
        self,
        frames: Frames,
        mask: Mask | None,
        caption: str,
        region: Region | None = None,
        span: Span | None = None,
    ) -> GradientRow:
        """The row of a query whose motion is meant in `region` and `span` only.

        The mask is multiplied by a box (edge pixels by the part that it covers) and by the span.

        Raises
        ------
        UsageError
            The region or span lies outside the clip, is empty, holds no motion, or the span holds
            only frames that the model is given and does not make.
        """
        return self._rows(frames, [self._weights(frames, mask, region, span)], caption)[0]

    def prepare(self, captions: Sequence[str]) -> None:
        """Told of captions before their rows are asked for: a large text encoder is loaded once."""
        self.model.prepare_captions(captions)

    def encode_ahead(self, frames: Frames) -> None:
        """Make and keep a clip's latent, from another thread than the one that takes gradients.

        Nothing where the model does not keep latents. A device that is full just then is no error:
        the latent is made when its turn comes.
        """
        if self.model.encodes_ahead:
            with contextlib.suppress(torch.OutOfMemoryError):
                self.model.encode(frames)

    def first_generated(self, frames: int) -> int:
        """The first frame, of a clip of so many, that the model makes and is not given."""
        return first_generated(self.model, frames)

    def null_rows(self, frames: Frames, masks: Sequence[Mask], caption: str) -> NDArray[np.float32]:
        """(len(masks), D): the same clip under masks that are not its own, for p-values."""
        if not masks:
            return np.empty((0, self.spec.dim), np.float32)
        weights = [self.model.mask_to_latent(mask) for mask in masks]
        return np.stack([row.vector for row in self._rows(frames, weights, caption)])

    def shares(
        self,
        frames: Frames,
        mask: Mask | None,
        caption: str,
        direction: NDArray[np.float32],
        norms: NDArray[np.float32],
        region: Region | None = None,
        span: Span | None = None,
        *,
        forward: bool = True,
    ) -> PlaceShares:
        """What each place and frame of a clip adds to `direction` . row: its influence map.

        Parameters
        ----------
        frames, mask, caption, region, span
            As for :meth:`query_row` (a clip of the index: neither region nor span).
        direction : (D,) float32
        norms : (L,) float32
            Lengths of the clip's projected gradients, as its row has them.
        forward : bool
            False uses two evaluations a level in place of forward mode.
        """
        weights = self._weights(frames, mask, region, span)
        clip = (self.model.encode(frames), self.model.condition(caption))
        with self._at_rest(), self._probed():
            found = shares_on_grid(
                self.model,
                self._parameters,
                self.spec,
                clip,
                weights,
                direction,
                norms,
                forward=forward,
            )
        shape = (frames.shape[0], frames.shape[1], frames.shape[2])
        if shape not in self._read:
            self._read[shape] = readings(self.model, shape)
        return onto_frames(self._read[shape], found, weights_on_grid(weights, found.shape))

    def losses_after_steps(
        self,
        clips: Sequence[tuple[Frames, str]],
        arms: Sequence[NDArray[np.int64]],
        queries: Sequence[tuple[Frames, Mask | None, str]],
        rate: float,
        seed: int,
        token: Token,
    ) -> NDArray[np.float64]:
        """Masked losses of queries before and after some real training steps, which are taken
        back; see :func:`.training_step.losses_after_steps`."""
        model = self.model
        with self._at_rest():
            return losses_after_steps(
                model,
                self._trained,
                [(model.encode(frames), model.condition(caption)) for frames, caption in clips],
                arms,
                [
                    (
                        model.encode(frames),
                        model.condition(caption),
                        self._weights(frames, mask, None, None),
                    )
                    for frames, mask, caption in queries
                ],
                self.spec.levels,
                rate,
                seed,
                token,
            )

    def _weights(
        self, frames: Frames, mask: Mask | None, region: Region | None, span: Span | None
    ) -> Tensor | None:
        """The mask on the loss's grid, times box and span; refused where nothing is left of it."""
        if region is None and span is None:
            return None if mask is None else self.model.mask_to_latent(mask)
        if span is not None:
            require_generated_frames(self.model, len(frames), span)
        base = np.ones(frames.shape[:3], np.float32) if mask is None else mask
        weights = self.model.mask_to_latent(base * weights_of_place(base.shape, region, span))
        if not bool((weights > 0).any()):
            raise UsageError(
                "This part of the query cannot be asked about",
                "nothing moves in it that the model would see",
                "Choose a larger region or more frames",
            )
        return weights

    def _rows(
        self, frames: Frames, masks: Sequence[Tensor | None], caption: str
    ) -> list[GradientRow]:
        with self._at_rest(), self._probed():
            try:
                found = self._levels(frames, masks, caption)
            except torch.OutOfMemoryError:
                if self.model.checkpointing:
                    raise
            else:
                return found
            # There is no batch to halve: what is left is to compute activations again instead of
            # keeping them, for this clip and all after it.
            self.model.checkpointing = True
            free()
            return self._levels(frames, masks, caption)

    def _levels(
        self, frames: Frames, masks: Sequence[Tensor | None], caption: str
    ) -> list[GradientRow]:
        clip = (self.model.encode(frames), self.model.condition(caption))
        found = [
            gradients_under_masks(self.model, self._parameters, self.spec, clip, level, masks)
            for level in self.spec.levels
        ]
        return [row_of_levels(levels) for levels in zip(*found, strict=True)]

    def _probed(self) -> contextlib.AbstractContextManager[None]:
        return contextlib.nullcontext() if self._factored is None else self._factored.attached()

    @contextlib.contextmanager
    def _at_rest(self) -> Iterator[None]:
        """The network without dropout, which would make two rows of one clip differ."""
        network = self.model.network
        training = network.training
        network.eval()
        try:
            yield
        except torch.OutOfMemoryError as error:
            raise GpuOutOfMemory(
                "The gradient of one clip does not fit",
                f"{self.model.device} is out of memory",
                "Track fewer parameters (--tracked), or use --device cpu",
            ) from error
        finally:
            network.train(training)
