"""Learned flow and tracks: networks of installed packages with a user's own weights.

The architecture comes from a package, the weights from a safetensors file; a pickle is never
opened. What is here turns pictures into what such networks take, and their answer back.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
import safetensors.torch
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from motionlens.domain.errors import MotionLensError, PluginError, UsageError
from motionlens.domain.ports import Flow, Frames
from motionlens.models.device import resolve_device

_SHOWN_KEYS = 3


def signed(pictures: Tensor) -> Tensor:
    """0 to 255 -> -1 to 1, as RAFT takes them."""
    return pictures / 127.5 - 1


def unit(pictures: Tensor) -> Tensor:
    """0 to 255 -> 0 to 1."""
    return pictures / 255


@dataclass
class NetFlow:
    """A network behind the port `FlowBackend`.

    Attributes
    ----------
    name : str
        How the backend is named: the plugin, a colon and the weights.
    network : nn.Module
        Two (1, 3, H, W) float32 batches -> (1, 2, H, W) px, or a list of such, the last the best.
    device : torch.device
    multiple : int
        Sides are extended to a multiple of this by repeating the border, half on each side.
    least : int
        Sides are extended to so many px at least.
    prepare : callable
        What is done to pictures of 0 to 255.
    """

    name: str
    network: nn.Module
    device: torch.device
    multiple: int = 8
    least: int = 64
    prepare: Callable[[Tensor], Tensor] = signed

    def flow(self, a: NDArray[np.uint8], b: NDArray[np.uint8]) -> Flow:
        """(H, W, 2) float32 px; (H, W) grey or (H, W, 3) RGB uint8.

        Raises
        ------
        UsageError
            If the pictures differ in size or hold no pixel.
        PluginError
            If the network fails or answers in another shape.
        """
        if a.shape[:2] != b.shape[:2] or 0 in a.shape[:2]:
            raise UsageError(
                "There is no flow between these pictures",
                f"their shapes are {a.shape} and {b.shape}",
                "Give two pictures of the same size",
            )
        height, width = a.shape[:2]
        padding = self._padding(height, width)
        with torch.inference_mode():
            first, second = (
                functional.pad(self.prepare(_pictures(x, self.device)), padding, mode="replicate")
                for x in (a, b)
            )
            answer = _asked(self.name, lambda: self.network(first, second))
            found = answer[-1] if isinstance(answer, list | tuple) else answer
            if not isinstance(found, Tensor) or found.shape != (1, 2, *first.shape[2:]):
                raise PluginError(
                    f"The network of {self.name} gives no flow",
                    f"its answer has the shape {getattr(found, 'shape', None)}",
                    "Check that plugin and weights belong together",
                )
            left, _, above, _ = padding
            found = found[0, :, above : above + height, left : left + width]
            return np.ascontiguousarray(found.permute(1, 2, 0).float().cpu().numpy())

    def _padding(self, height: int, width: int) -> tuple[int, int, int, int]:
        spare = [
            max(-(-side // self.multiple) * self.multiple, self.least) - side
            for side in (width, height)
        ]
        return spare[0] // 2, spare[0] - spare[0] // 2, spare[1] // 2, spare[1] - spare[1] // 2


@dataclass
class NetTracks:
    """A network that follows points, chunk by chunk with one frame in common.

    Attributes
    ----------
    network : callable
        Video (1, T, 3, H, W) of 0 to 255 and queries (1, P, 3) of frame, x, y -> places
        (1, T, P, 2) px and visibility (1, T, P), over 0.5 or True where seen.
    chunk : int
        Frames at once, which bounds the memory; 2 or more.
    """

    name: str
    network: Callable[[Tensor, Tensor], Any]
    device: torch.device
    chunk: int = 48

    def tracks(self, frames: Frames, grid: int) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """(F, P, 2) float32 px and (F, P) bool from a grid x grid of points in frame 0.

        A point that was lost goes on from where it was, unseen, and may come back within a chunk.
        """
        count, height, width = frames.shape[:3]
        middles = (np.arange(grid, dtype=np.float32) + 0.5) / grid
        x, y = np.meshgrid(middles * width - 0.5, middles * height - 0.5)
        points = np.empty((count, grid * grid, 2), np.float32)
        seen = np.ones((count, grid * grid), np.bool_)
        points[0] = np.stack([x.ravel(), y.ravel()], axis=1)
        for start in range(0, count - 1, self.chunk - 1):
            part = frames[start : start + self.chunk]
            places, visible = self._chunk(part, points[start])
            points[start + 1 : start + len(part)] = places[1:]
            seen[start + 1 : start + len(part)] = visible[1:]
        return points, seen

    def _chunk(
        self, frames: Frames, begin: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        with torch.inference_mode():
            video = torch.from_numpy(np.ascontiguousarray(frames)).to(self.device)
            video = video.permute(0, 3, 1, 2).float()[None]
            queries = functional.pad(torch.from_numpy(begin), (1, 0))[None].to(self.device)
            answer = _asked(self.name, lambda: self.network(video, queries))
            places, visible = answer[0][0].float().cpu(), answer[1][0].float().cpu()
        if places.shape != (len(frames), len(begin), 2) or visible.shape != places.shape[:2]:
            raise PluginError(
                f"The network of {self.name} gives no tracks",
                f"its answer has the shapes {tuple(places.shape)} and {tuple(visible.shape)}",
                "Check that plugin and weights belong together",
            )
        return places.numpy(), (visible > 0.5).numpy()


def load_weights(network: nn.Module, path: Path) -> None:
    """Fill a network from a safetensors file, every tensor and none but those.

    Raises
    ------
    PluginError
        If the file is missing, no safetensors (a pickle is never opened), cut, or of another
        network.
    """
    try:
        state = safetensors.torch.load_file(str(path))
    except OSError as error:
        reason = error.strerror or str(error)
        raise PluginError(f"{path} cannot be read", reason, "Check the path") from error
    except safetensors.SafetensorError as error:
        raise PluginError(
            f"{path} holds no weights that can be read",
            "it is not a safetensors file, or it is damaged or cut short; pickles are not opened",
            "Convert the weights to safetensors, or take a fresh copy",
        ) from error
    wanted = {name: tuple(value.shape) for name, value in network.state_dict().items()}
    given = {name: tuple(value.shape) for name, value in state.items()}
    differences = [
        *(f"{name} is missing" for name in sorted(wanted.keys() - given.keys())),
        *(f"{name} is not known" for name in sorted(given.keys() - wanted.keys())),
        *(
            f"{name} is {given[name]} and not {wanted[name]}"
            for name in sorted(wanted.keys() & given.keys())
            if wanted[name] != given[name]
        ),
    ]
    if differences:
        more = len(differences) - _SHOWN_KEYS
        raise PluginError(
            f"{path} holds the weights of another network",
            "; ".join(differences[:_SHOWN_KEYS]) + (f"; and {more} more" if more > 0 else ""),
            "Give the file that belongs to this network",
        )
    network.load_state_dict(state)


def raft(weights: Path | None, device: str) -> NetFlow:
    """RAFT (Teed and Deng, ECCV 2020), the large network of torchvision."""
    return _raft("raft", "raft_large", weights, device)


def raft_small(weights: Path | None, device: str) -> NetFlow:
    """The small RAFT of torchvision."""
    return _raft("raft-small", "raft_small", weights, device)


def cotracker(weights: Path | None, device: str) -> NetTracks:
    """CoTracker3 (Karaev et al., 2024), the offline network of the package `cotracker`."""
    module = _package("cotracker", "cotracker.predictor")
    predictor = module.CoTrackerPredictor(checkpoint=None, offline=True, v2=False, window_len=60)
    load_weights(predictor.model, required("cotracker", weights))
    place = resolve_device(device)
    network = predictor.to(place).eval()
    return NetTracks(
        f"cotracker:{weights}", lambda video, queries: network(video, queries=queries), place
    )


def required(name: str, weights: Path | None) -> Path:
    """The weights, or words that say how to give them."""
    if weights is None:
        raise PluginError(
            f"{name} has no weights of its own",
            "MotionLens ships none",
            f"Name a file of yours: {name}:WEIGHTS.safetensors",
        )
    return weights


def _raft(name: str, builder: str, weights: Path | None, device: str) -> NetFlow:
    module = _package("torchvision", "torchvision.models.optical_flow")
    network: nn.Module = getattr(module, builder)(weights=None, progress=False)
    load_weights(network, required(name, weights))
    place = resolve_device(device)
    # Its pyramid of correlations needs 128 px.
    return NetFlow(f"{name}:{weights}", network.to(place).eval(), place, least=128)


def _package(distribution: str, module: str) -> Any:
    import importlib

    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise PluginError(
            f"The package {distribution} is missing",
            f"the network's architecture is part of it ({error})",
            f"Install a build that matches torch {torch.__version__}: pip install {distribution}",
        ) from error


def _pictures(image: NDArray[np.uint8], device: torch.device) -> Tensor:
    rgb = np.repeat(image[..., None], 3, axis=2) if image.ndim == 2 else image
    return torch.from_numpy(np.ascontiguousarray(rgb)).to(device).permute(2, 0, 1).float()[None]


def _asked(name: str, ask: Callable[[], Any]) -> Any:
    try:
        return ask()
    except MotionLensError:
        raise
    except torch.OutOfMemoryError as error:
        raise PluginError(
            f"{name} needs more memory than the device has",
            "the pictures are too large for it",
            "Use a smaller picture, or the processor",
        ) from error
    except (RuntimeError, ValueError, TypeError) as error:
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise PluginError(
            f"The network of {name} failed", first, "Check that plugin and weights belong together"
        ) from error
