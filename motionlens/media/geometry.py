"""From stored to shown: square pixels first, then upright."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from av.sidedata.sidedata import Type
from av.video.frame import VideoFrame
from numpy.typing import NDArray


@dataclass(frozen=True)
class Orientation:
    """How a stored picture is turned to be shown.

    Attributes
    ----------
    rotation : int
        Degrees clockwise: 0, 90, 180 or 270.
    mirrored : bool
        Flipped left to right after turning (front cameras).
    """

    rotation: int = 0
    mirrored: bool = False

    @classmethod
    def of(cls, frame: VideoFrame) -> Orientation:
        """By the display matrix that came with a frame, to the nearest quarter turn."""
        # The container of side data is a mapping by type, which its type hints do not say.
        side_data: Any = frame.side_data
        data = side_data.get(Type.DISPLAYMATRIX)
        if data is None:
            return cls()
        a, b, _, c, d = struct.unpack("=9i", bytes(data))[:5]
        # FFmpeg's matrix maps (x, y) to (a x + c y, b x + d y), y down.
        mirrored = a * d - b * c < 0
        if mirrored:
            a, c = -a, -c
        degrees = float(np.degrees(np.arctan2(b, a)))
        return cls(round(degrees / 90) * 90 % 360, mirrored)

    @property
    def sideways(self) -> bool:
        """Whether width and height change places."""
        return self.rotation in (90, 270)

    def apply(self, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Turn (H, W) or (H, W, 3); a view of it."""
        turned = np.rot90(picture, -self.rotation // 90) if self.rotation else picture
        return turned[:, ::-1] if self.mirrored else turned

    def stored(self, width: int, height: int) -> tuple[int, int]:
        """Width and height before turning of a picture that is `width` x `height` after it."""
        return (height, width) if self.sideways else (width, height)


@dataclass(frozen=True)
class Layout:
    """How the frames of a clip are shown: upright width and height in px, and the turn to it."""

    width: int
    height: int
    orientation: Orientation

    @classmethod
    def of(cls, frame: VideoFrame, pixel_aspect: Fraction | None) -> Layout:
        """The layout of a clip by its first frame."""
        orientation = Orientation.of(frame)
        return cls(*shown_size(frame.width, frame.height, pixel_aspect, orientation), orientation)


def shown_size(
    width: int, height: int, pixel_aspect: Fraction | None, orientation: Orientation
) -> tuple[int, int]:
    """Shown width and height, px.

    Parameters
    ----------
    width, height : int
        As stored.
    pixel_aspect : Fraction or None
        Width of a pixel by its height; None or 0 for unknown, which means square.
    """
    if pixel_aspect:
        width = max(1, round(width * pixel_aspect))
    return orientation.stored(width, height)


def fit_within(width: int, height: int, max_side: int | None) -> tuple[int, int]:
    """The size with the same shape whose longer side is at most `max_side` px; never larger."""
    longer = max(width, height)
    if max_side is None or longer <= max_side:
        return width, height
    scale = Fraction(max_side, longer)
    return max(1, round(width * scale)), max(1, round(height * scale))


def cover(width: int, height: int, box_width: int, box_height: int) -> tuple[int, int]:
    """The smallest size of the same shape that covers a box, px."""
    scale = max(Fraction(box_width, width), Fraction(box_height, height))
    return max(box_width, round(width * scale)), max(box_height, round(height * scale))
