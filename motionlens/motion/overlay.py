"""Overlays: flow and mask blended into a frame, for the player and for files alike.

Everything that varies slowly is made on a grid of a quarter of the display's size: colours by a
table, the mask's spotlight, and how much of the picture is left. That small picture is brought to
size once and blended once, which makes a frame with both overlays about as dear as ten copies of
it (written with NumPy at full size: several hundred).
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from motionlens.domain.ports import Flow
from motionlens.domain.requests import OVERLAYS
from motionlens.motion.colours import flow_table
from motionlens.motion.grids import lengths, require_one_of
from motionlens.motion.opencv import cv2

# Outside the mask the picture darkens by this times the opacity: to 28 % at the usual 0.8.
_SHADE = 0.9
# Under a flow overlay the picture is grey, and at full opacity this much darker.
_DARKER = 0.45
_COARSER = 4
SCALE_PERCENTILE = 98.0

Plane = NDArray[np.float32]


def require_overlays(overlays: Collection[str]) -> None:
    """Refuse unknown names of overlays."""
    for name in overlays:
        require_one_of("overlay", name, OVERLAYS)


def flow_scale(flows: Collection[Flow]) -> float:
    """The 98th percentile of the vectors' lengths over all fields, px: what full colour means."""
    if not flows:
        return 0.0
    speeds = np.concatenate([lengths(flow).ravel() for flow in flows])
    return float(np.percentile(speeds, SCALE_PERCENTILE))


def compose(
    rgb: NDArray[np.uint8],
    flow: Flow | None,
    mask: NDArray[np.float32] | None,
    overlays: Collection[str],
    opacity: float = 0.8,
    scale_px: float = 0.0,
    size: tuple[int, int] | None = None,
) -> NDArray[np.uint8]:
    """A frame with its filling overlays (flow, then mask), ready to paint.

    Parameters
    ----------
    rgb : (H, W, 3) uint8
        The frame.
    flow : (h, w, 2) float32 or None
        px of the clip (only its ratio to `scale_px` counts), on any grid that covers the frame.
    mask : (h, w) float32 or None
        In [0, 1], on any grid that covers the frame.
    overlays : collection of str
        Names of :data:`motionlens.domain.requests.OVERLAYS`; ``flow`` and ``mask`` are drawn here
        if their data is given, arrows and tracks are the painter's.
    opacity : float
        0 to 1.
    scale_px : float
        Speed at which the colour is full; 0 takes it from this field alone.
    size : (width, height), optional
        Of the result; that of the frame if None.

    Returns
    -------
    (height, width, 4) uint8
        BGRA, alpha 255.
    """
    require_overlays(overlays)
    opacity = min(1.0, max(0.0, opacity))
    width, height = size or (rgb.shape[1], rgb.shape[0])
    rgb = _fit(np.ascontiguousarray(rgb), width, height)
    small = (max(1, -(-height // _COARSER)), max(1, -(-width // _COARSER)))
    light = None
    if mask is not None and "mask" in overlays:
        light = _spotlight(mask, small, opacity)
    if flow is None or "flow" not in overlays:
        picture = cv2.cvtColor(rgb, cv2.COLOR_RGB2BGRA)
        return _bytes(picture) if light is None else _darken(picture, light)
    return _colour(rgb, flow, light, opacity, scale_px, small)


def _colour(
    rgb: NDArray[np.uint8],
    flow: Flow,
    light: Plane | None,
    opacity: float,
    scale_px: float,
    small: tuple[int, int],
) -> NDArray[np.uint8]:
    # picture = grey * left + colour: the product has one plane only, as what it dims is grey.
    colour, left = _flow_fill(flow, small, opacity, scale_px)
    if light is not None:
        left = left * light
        colour = colour * light[..., None]
    size = (rgb.shape[1], rgb.shape[0])
    dim = cv2.resize(_bytes(np.rint(255 * left)), size, interpolation=cv2.INTER_LINEAR)
    grey = cv2.multiply(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), dim, scale=1 / 255)
    picture = cv2.cvtColor(grey, cv2.COLOR_GRAY2BGRA)
    fill = cv2.resize(_bytes(np.rint(colour)), size, interpolation=cv2.INTER_LINEAR)
    return _bytes(cv2.add(picture, fill, dst=picture))


def _flow_fill(
    flow: Flow, small: tuple[int, int], opacity: float, scale_px: float
) -> tuple[Plane, Plane]:
    """Colour times amount (h, w, 4) 0 to 255, its alpha 0, and what is left of the picture."""
    shape = (small[1], small[0])
    flow = np.asarray(cv2.resize(flow, shape, interpolation=cv2.INTER_LINEAR), np.float32)
    length = lengths(flow)
    scale = scale_px if scale_px > 0 else float(np.percentile(length, SCALE_PERCENTILE))
    # A vector beyond the scale keeps its direction; nothing is divided by zero.
    factor = np.float32(64) / np.maximum(length, np.float32(max(scale, 1e-3)))
    table = flow_table()
    middle = np.float32(table.shape[0] // 2)
    columns, rows = flow[..., 0] * factor + middle, flow[..., 1] * factor + middle
    colour = np.asarray(cv2.remap(table, columns, rows, cv2.INTER_LINEAR), np.float32)
    colour *= np.float32(opacity)
    left = np.asarray((1 - _DARKER * opacity) * (1 - colour[..., 3] / 255), np.float32)
    colour[..., 3] = 0
    return colour, left


def _spotlight(mask: NDArray[np.float32], small: tuple[int, int], opacity: float) -> Plane:
    """(h, w) in [0, 1]: 1 where the mask is 1, and 0.28 where it is 0 at an opacity of 0.8."""
    fine = mask.shape[0] > small[0]
    way = cv2.INTER_AREA if fine else cv2.INTER_LINEAR
    light = cv2.resize(mask.astype(np.float32), (small[1], small[0]), interpolation=way)
    floor = 1 - _SHADE * opacity
    return np.asarray(floor + (1 - floor) * np.clip(light, 0, 1), np.float32).reshape(small)


def _darken(picture: NDArray[np.uint8], light: Plane) -> NDArray[np.uint8]:
    size = (picture.shape[1], picture.shape[0])
    planes = np.empty((*light.shape, 4), np.uint8)
    planes[..., :3] = np.rint(255 * light)[..., None]
    planes[..., 3] = 255
    factor = cv2.resize(planes, size, interpolation=cv2.INTER_LINEAR)
    return _bytes(cv2.multiply(picture, factor, dst=picture, scale=1 / 255))


def _fit(rgb: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    if rgb.shape[:2] == (height, width):
        return rgb
    # By area costs eight times as much, and shows only where more than half of the pixels go.
    way = cv2.INTER_AREA if 2 * width < rgb.shape[1] else cv2.INTER_LINEAR
    return _bytes(cv2.resize(rgb, (width, height), interpolation=way))


def _bytes(values: NDArray[np.generic]) -> NDArray[np.uint8]:
    return np.asarray(values, np.uint8)
