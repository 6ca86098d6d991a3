"""Overlays: flow and mask blended into a frame, for the player and for files alike.

Everything that varies slowly is made on a grid of a quarter of the display's size: colours by a
table, the mask's spotlight, and how much of the picture is left. That small picture is brought to
size once and blended once, which makes a frame with both overlays about as dear as ten copies of
it (written with NumPy at full size: several hundred).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from motionlens.domain.clip import Region
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
_WHOLE = Region(0, 0, 1, 1)

Plane = NDArray[np.float32]


def require_overlays(overlays: Collection[str]) -> None:
    """Refuse unknown names of overlays."""
    for name in overlays:
        require_one_of("overlay", name, OVERLAYS)


def flow_scale(flows: Sequence[NDArray[np.floating]]) -> float:
    """The 98th percentile of the vectors' lengths over all fields, px: what full colour means."""
    if not flows:
        return 0.0
    speeds = np.concatenate([lengths(flow.astype(np.float32)).ravel() for flow in flows])
    return float(np.percentile(speeds, SCALE_PERCENTILE))


def compose(
    rgb: NDArray[np.uint8],
    flow: Flow | None,
    mask: NDArray[np.float32] | None,
    overlays: Collection[str],
    opacity: float = 0.8,
    scale_px: float = 0.0,
    size: tuple[int, int] | None = None,
    part: Region | None = None,
    wheel: str = "hue",
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
    part : Region, optional
        The box of the clip's frame that `rgb` is; `flow` and `mask` cover the whole frame.
    wheel : str
        Colours of directions, a name of :data:`motionlens.motion.colours.WHEELS`.

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
        light = _spotlight(mask, small, opacity, part)
    if flow is None or "flow" not in overlays:
        picture = cv2.cvtColor(rgb, cv2.COLOR_RGB2BGRA)
        return _bytes(picture) if light is None else _darken(picture, light)
    return _colour(rgb, covering(flow, small, part), light, opacity, scale_px, wheel)


def _colour(
    rgb: NDArray[np.uint8],
    flow: Flow,
    light: Plane | None,
    opacity: float,
    scale_px: float,
    wheel: str,
) -> NDArray[np.uint8]:
    # picture = grey * left + colour: the product has one plane only, as what it dims is grey.
    colour, left = _flow_fill(flow, opacity, scale_px, wheel)
    if light is not None:
        left = left * light
        colour = colour * light[..., None]
    size = (rgb.shape[1], rgb.shape[0])
    dim = cv2.resize(_bytes(np.rint(255 * left)), size, interpolation=cv2.INTER_LINEAR)
    grey = cv2.multiply(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), dim, scale=1 / 255)
    picture = cv2.cvtColor(grey, cv2.COLOR_GRAY2BGRA)
    fill = cv2.resize(_bytes(np.rint(colour)), size, interpolation=cv2.INTER_LINEAR)
    return _bytes(cv2.add(picture, fill, dst=picture))


def _flow_fill(flow: Flow, opacity: float, scale_px: float, wheel: str) -> tuple[Plane, Plane]:
    """Colour times amount (h, w, 4) 0 to 255, its alpha 0, and what is left of the picture."""
    length = lengths(flow)
    scale = scale_px if scale_px > 0 else float(np.percentile(length, SCALE_PERCENTILE))
    # A vector beyond the scale keeps its direction; nothing is divided by zero.
    factor = np.float32(64) / np.maximum(length, np.float32(max(scale, 1e-3)))
    table = flow_table(wheel)
    middle = np.float32(table.shape[0] // 2)
    columns, rows = flow[..., 0] * factor + middle, flow[..., 1] * factor + middle
    colour = np.asarray(cv2.remap(table, columns, rows, cv2.INTER_LINEAR), np.float32)
    colour *= np.float32(opacity)
    left = np.asarray((1 - _DARKER * opacity) * (1 - colour[..., 3] / 255), np.float32)
    colour[..., 3] = 0
    return colour, left


def _spotlight(
    mask: NDArray[np.float32], small: tuple[int, int], opacity: float, part: Region | None
) -> Plane:
    """(h, w) in [0, 1]: 1 where the mask is 1, and 0.28 where it is 0 at an opacity of 0.8."""
    light = covering(mask.astype(np.float32), small, part)
    floor = 1 - _SHADE * opacity
    return np.asarray(floor + (1 - floor) * np.clip(light, 0, 1), np.float32).reshape(small)


def covering(values: Plane, shape: tuple[int, int], part: Region | None) -> Plane:
    """Values that cover the whole frame, on a grid of (rows, columns) that covers a part of it."""
    rows, columns = values.shape[:2]
    if part is None or part == _WHOLE:
        way = cv2.INTER_AREA if rows > shape[0] else cv2.INTER_LINEAR
        return np.asarray(cv2.resize(values, shape[::-1], interpolation=way), np.float32)
    # Centres of the new grid's cells, in px of the old one.
    step_x, step_y = part.width * columns / shape[1], part.height * rows / shape[0]
    first_x, first_y = part.x * columns + step_x / 2 - 0.5, part.y * rows + step_y / 2 - 0.5
    place = np.array([[step_x, 0, first_x], [0, step_y, first_y]], np.float64)
    how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    taken = cv2.warpAffine(values, place, shape[::-1], flags=how, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(taken, np.float32)


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
