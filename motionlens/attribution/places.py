"""Regions and spans of a query as weights on its frames."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from motionlens.domain.clip import Region, Span
from motionlens.domain.errors import UsageError
from motionlens.models.video_model import VideoModel


def weights_of_place(
    shape: tuple[int, ...], region: Region | None, span: Span | None
) -> NDArray[np.float32]:
    """(F, H, W) in [0, 1]: 1 inside box and span, edge pixels the share that the box covers.

    Parameters
    ----------
    shape : tuple of int
        (F, H, W).

    Raises
    ------
    UsageError
        A region or span that is empty or outside.
    """
    frames, height, width = shape
    time = np.ones(frames, np.float32)
    if span is not None:
        check_span(span, frames)
        time[:] = 0
        time[span.start : span.stop] = 1
    rows, columns = np.ones(height, np.float32), np.ones(width, np.float32)
    if region is not None:
        check_region(region)
        rows = _covered(height, region.y, region.y + region.height)
        columns = _covered(width, region.x, region.x + region.width)
    weights: NDArray[np.float32] = time[:, None, None] * rows[None, :, None] * columns
    return weights


def check_region(region: Region) -> None:
    """Refuse a region that is empty or leaves the frame."""
    box = (region.x, region.y, region.width, region.height)
    text = ",".join(f"{value:g}" for value in box)
    if not (region.width > 0 and region.height > 0):
        raise UsageError(
            f"The region {text} is empty", "its width and height must be above 0", "Mend the region"
        )
    slack = 1e-6  # 0.7 + 0.3 is a little over 1 in floating point
    right, bottom = region.x + region.width, region.y + region.height
    if region.x < 0 or region.y < 0 or right > 1 + slack or bottom > 1 + slack:
        raise UsageError(
            f"The region {text} lies outside the frame",
            "X, Y, W, H are fractions from 0 to 1",
            "Mend the region",
        )


def check_span(span: Span, frames: int) -> None:
    """Refuse a span that is empty or outside a clip of `frames` frames."""
    text = f"{span.start}:{span.stop}"
    if span.stop <= span.start:
        raise UsageError(
            f"The span {text} is empty", "its last frame is not included", "Mend the span"
        )
    if span.start < 0 or span.stop > frames:
        raise UsageError(
            f"The span {text} lies outside the clip", f"it has {frames} frames", "Mend the span"
        )


def require_generated_frames(model: VideoModel, frames: int, span: Span) -> None:
    """Refuse a span in which the model makes nothing: its loss does not see the given frames.

    Which frames those are is asked of the model itself, by a mask that is 1 in the span.
    """
    check_span(span, frames)
    if _seen(model, frames, span):
        return
    first = first_generated(model, frames)
    if span.stop <= first:
        why = (
            f"the model {model.name} is given a clip's first {model.given_frames} frames "
            f"(here all before frame {first}) and does not make them"
        )
    else:
        why = f"the model {model.name} looks at {model.frames} frames of a clip, none of them here"
    raise UsageError(
        f"The span {span.start}:{span.stop} cannot be asked about",
        why,
        f"Choose more frames, from {first} on",
    )


def first_generated(model: VideoModel, frames: int) -> int:
    """The first of `frames` frames that the model makes itself; `frames` where it makes none."""
    return next((f for f in range(frames) if _seen(model, frames, Span(f, f + 1))), frames)


def _seen(model: VideoModel, frames: int, span: Span) -> bool:
    mask = np.zeros((frames, 1, 1), np.float32)
    mask[span.start : span.stop] = 1
    return bool(torch.any(model.mask_to_latent(mask) > 0))


def _covered(size: int, low: float, high: float) -> NDArray[np.float32]:
    """(size,) share of each pixel of a row that lies between two fractions."""
    pixels = np.arange(size)
    covered = np.minimum(high * size, pixels + 1) - np.maximum(low * size, pixels)
    return np.asarray(np.clip(covered, 0, 1), dtype=np.float32)
