"""Motion masks on the grid of a video model's latents (arXiv 2601.08828, equation 14)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from motionlens.domain.errors import UsageError
from motionlens.domain.ports import Mask
from motionlens.motion.opencv import cv2


def to_latent_grid(
    mask: Mask, spatial_stride: int, temporal_stride: int, causal_first: bool = True
) -> NDArray[np.float32]:
    """The mask where the model has one latent for several frames and pixels.

    Parameters
    ----------
    mask : (F, H, W) float32
        In [0, 1].
    spatial_stride, temporal_stride : int
        Pixels and frames a latent, 1 or more.
    causal_first : bool
        Frame 0 has a latent of its own, as in causal video autoencoders: with stride 4, latent k is
        the mean of frames 4k-3 to 4k. Otherwise frames are grouped from the first one on. Frames
        that do not fill the last group are averaged as they are.

    Returns
    -------
    (F', H', W') float32
        Means (by area in space), so that a mask of ones stays one. H' = ceil(H / spatial_stride).
    """
    if mask.ndim != 3 or 0 in mask.shape or spatial_stride < 1 or temporal_stride < 1:
        raise UsageError(
            "The mask cannot be brought to latents",
            f"its shape is {mask.shape}, the strides are {spatial_stride} and {temporal_stride}",
            "Give a mask of frames, rows and columns, and strides of 1 or more",
        )
    frames, height, width = mask.shape
    first = 1 if causal_first else temporal_stride
    stops = [*range(first, frames, temporal_stride), frames]
    groups = zip([0, *stops[:-1]], stops, strict=True)
    size = (-(-width // spatial_stride), -(-height // spatial_stride))
    # Repeated borders fill the last cells, so that every cell covers as many pixels.
    spare = ((0, size[1] * spatial_stride - height), (0, size[0] * spatial_stride - width))
    rows = []
    for start, stop in groups:
        mean = np.pad(mask[start:stop].mean(axis=0, dtype=np.float32), spare, mode="edge")
        small = cv2.resize(mean, size, interpolation=cv2.INTER_AREA)
        rows.append(np.asarray(small, np.float32).reshape(size[1], size[0]))
    return np.stack(rows)
