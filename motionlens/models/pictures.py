"""From pictures to the embedded model's numbers and back."""

from __future__ import annotations

import functools

import numpy as np

from motionlens.models.resample import area_weights, between, equal_times, resize_area

_LUMINANCE = (0.299, 0.587, 0.114)  # ITU-R BT.601, as in analogue television and JPEG


def grey(frames: np.ndarray) -> np.ndarray:
    """(F, H, W, 3) uint8 RGB to (F, H, W) float32 luminance in [0, 255]."""
    red, green, blue = _LUMINANCE
    picture = frames[..., 0] * np.float32(red)
    picture += frames[..., 1] * np.float32(green)
    picture += frames[..., 2] * np.float32(blue)
    return picture


def to_numbers(frames: np.ndarray, count: int, height: int, width: int) -> np.ndarray:
    """What the model sees of a clip.

    Frames are taken at equal times, colour is dropped, and the whole picture is squashed to the
    model's size by exact area averages: nothing is cut away, shapes other than the model's are
    distorted, and detail finer than one cell is lost.

    Parameters
    ----------
    frames : ndarray
        (F, H, W, 3) uint8 RGB, any F >= 1 and size.
    count, height, width : int
        Frames and size of the model.

    Returns
    -------
    ndarray
        (count, height, width) float32 in [-1, 1].
    """
    chosen = frames[equal_times(len(frames), count)]
    return resize_area(grey(chosen), height, width) / np.float32(127.5) - np.float32(1)


def mask_to_grid(mask: np.ndarray, count: int, height: int, width: int) -> np.ndarray:
    """(F, H, W) weights to (count, height, width) float32: the frames and areas of the clip."""
    chosen = np.asarray(mask, dtype=np.float32)[equal_times(len(mask), count)]
    return resize_area(chosen, height, width)


def enlarge(numbers: np.ndarray, height: int, width: int) -> np.ndarray:
    """(F, h, w) float32 in [-1, 1] to (F, height, width, 3) uint8 RGB, grey and smooth.

    Averaging the result down again gives the numbers back, but for rounding and clipping: what a
    gradient is taken of is then what the model made, not a blurred copy of it.
    """
    rows = _smooth_weights(numbers.shape[-2], height)
    columns = _smooth_weights(numbers.shape[-1], width)
    picture = between(rows, (numbers + 1) * np.float32(127.5), columns)
    shown = np.clip(np.rint(picture), 0, 255).astype(np.uint8)
    return np.repeat(shown[..., None], 3, axis=-1)


@functools.lru_cache(maxsize=16)
def _smooth_weights(source: int, target: int) -> np.ndarray:
    """(target, source) float32: cubic interpolation, corrected so that area averages undo it."""
    centres = (np.arange(target) + 0.5) * source / target - 0.5
    cubic = np.zeros((target, source))
    for offset in range(-1, 3):
        cells = np.floor(centres).astype(int) + offset
        weight = _cubic(centres - cells)
        np.add.at(cubic, (np.arange(target), np.clip(cells, 0, source - 1)), weight)
    weights = cubic @ np.linalg.inv(area_weights(target, source).astype(np.float64) @ cubic)
    return weights.astype(np.float32)


def _cubic(distance: np.ndarray) -> np.ndarray:
    """Keys' cubic convolution kernel with a = -1/2 (Keys 1981, equation 4)."""
    d = np.abs(distance)
    near = 1.5 * d**3 - 2.5 * d**2 + 1
    far = -0.5 * d**3 + 2.5 * d**2 - 4 * d + 2
    return np.where(d <= 1, near, np.where(d < 2, far, 0.0))
