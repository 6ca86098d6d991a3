"""Drawing: 256x256 RGB, antialiased, eight picture pixels to one pixel of the world."""

from __future__ import annotations

import math

import numpy as np

from motionlens.worlds.opencv import opencv
from motionlens.worlds.planted import Motion
from motionlens.worlds.scene import FLOOR_Y, WORLD_SIZE, Backdrop, Scene

SCALE = 8
PICTURE_SIZE = WORLD_SIZE * SCALE
WALL_WIDTH = 2.5
_SHIFT = 8  # OpenCV draws on a grid of 1/256 pixel


def render(scene: Scene, motion: Motion) -> np.ndarray:
    """All frames of a clip: (F, 256, 256, 3) uint8 RGB."""
    reach = math.ceil(float(np.abs(motion.pan).max()) * SCALE)
    # The given frames show the plain plate: edges of the wide one are antialiased a little
    # differently, and a clip's start must not tell that it will turn false.
    plain = draw_plate(scene)
    wide = draw_plate(scene, margin=reach) if reach else plain
    frames = np.empty((len(motion.body), PICTURE_SIZE, PICTURE_SIZE, 3), dtype=np.uint8)
    for index, (x, y, angle) in enumerate(motion.body):
        pan = float(motion.pan[index])
        picture = frames[index]
        picture[:] = _shifted(wide, reach, pan) if pan else plain
        _draw_object(picture, scene, (x + pan, y), angle, float(motion.stretch[index]), pan)
        if scene.mirrored:
            frames[index] = picture[:, ::-1]
    return frames


def draw_plate(scene: Scene, margin: int = 0) -> np.ndarray:
    """The background with floor, slope, wall and pivot but without the object, not mirrored.

    Returns
    -------
    ndarray
        (256, 256 + 2 * margin, 3) uint8 RGB; ``margin`` picture pixels more on either side.
    """
    cv2 = opencv()
    x = (np.arange(-margin, PICTURE_SIZE + margin) + 0.5) / SCALE - 0.5
    y = (np.arange(PICTURE_SIZE) + 0.5) / SCALE - 0.5
    share = _pattern(scene.backdrop, x[None, :], y[:, None])[..., None].astype(np.float32)
    low, high = (np.asarray(c, np.float32) * 255 for c in (scene.backdrop.low, scene.backdrop.high))
    plate = np.rint(low + (high - low) * share).astype(np.uint8)
    floor = _rgb(scene.backdrop.floor)
    left, right = -margin / SCALE - 1, WORLD_SIZE + margin / SCALE + 1
    _polygon(plate, [(left, FLOOR_Y), (right, FLOOR_Y), (right, 33), (left, 33)], floor, margin)
    if scene.motion_class == "roll":
        rise = math.tan(scene.slope)
        foot = float(WORLD_SIZE - 1)
        top = FLOOR_Y - (foot - left) * rise
        _polygon(plate, [(left, top), (foot, FLOOR_Y), (foot, 33), (left, 33)], floor, margin)
    if scene.motion_class == "collide":
        near, far = scene.wall_x, scene.wall_x + WALL_WIDTH
        _polygon(plate, [(near, 10), (far, 10), (far, 33), (near, 33)], floor, margin)
    if scene.motion_class == "swing":
        cx, cy = _fixed(scene.pivot[0], margin), _fixed(scene.pivot[1], 0)
        cv2.circle(plate, (cx, cy), _length(0.5), floor, -1, cv2.LINE_AA, _SHIFT)
    return plate


def _pattern(backdrop: Backdrop, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Share of the high colour, in [0, 1], at world positions."""
    c, s = math.cos(backdrop.direction), math.sin(backdrop.direction)
    along, across = x * c + y * s, y * c - x * s
    wave = 2 * math.pi / backdrop.wavelength
    if backdrop.pattern == "ramp":
        return np.asarray(np.clip(0.5 + (along - 16 * (c + s)) / 36, 0, 1))
    if backdrop.pattern == "stripes":
        return np.asarray(0.5 + 0.5 * np.sin(wave * along + backdrop.phase))
    if backdrop.pattern == "checker":
        sides = np.sin(wave * x + backdrop.phase) * np.sin(wave * y + backdrop.phase)
        return np.asarray(0.5 + 0.5 * np.tanh(6 * sides))
    waves = np.sin(wave * along + backdrop.phase) + np.sin(0.7 * wave * across - backdrop.phase)
    return np.asarray(0.5 + 0.25 * waves)


def _shifted(wide: np.ndarray, margin: int, pan: float) -> np.ndarray:
    """The part of the wide plate that is seen after panning by ``pan`` px to the right."""
    matrix = np.array([[1.0, 0.0, pan * SCALE - margin], [0.0, 1.0, 0.0]])
    cv2 = opencv()
    size = (PICTURE_SIZE, PICTURE_SIZE)
    return np.asarray(cv2.warpAffine(wide, matrix, size, borderMode=cv2.BORDER_REPLICATE))


def _draw_object(
    picture: np.ndarray,
    scene: Scene,
    centre: tuple[float, float],
    angle: float,
    stretch: float,
    pan: float,
) -> None:
    cv2 = opencv()
    if scene.motion_class == "swing":
        start = (_fixed(scene.pivot[0] + pan, 0), _fixed(scene.pivot[1], 0))
        end = (_fixed(centre[0], 0), _fixed(centre[1], 0))
        cv2.line(picture, start, end, _rgb(scene.backdrop.floor), 2, cv2.LINE_AA, _SHIFT)
    wide, high = scene.radius * math.exp(stretch), scene.radius * math.exp(-stretch)
    if scene.shape == "disc":
        _polygon(picture, _arc(centre, wide, high, 0, 2 * math.pi), _rgb(scene.colour), 0)
        half = _arc(centre, wide, high, angle, angle + math.pi)
        _polygon(picture, half, _rgb(scene.second_tone), 0)
        return
    x, y = centre
    box = [(x - wide, y - high), (x + wide, y - high), (x + wide, y + high), (x - wide, y + high)]
    _polygon(picture, box, _rgb(scene.colour), 0)
    band = [(x - wide, y), (x + wide, y), (x + wide, y + high), (x - wide, y + high)]
    _polygon(picture, band, _rgb(scene.second_tone), 0)


def _arc(
    centre: tuple[float, float], wide: float, high: float, start: float, stop: float
) -> np.ndarray:
    turns = np.linspace(start, stop, 65)
    return np.stack([centre[0] + wide * np.cos(turns), centre[1] + high * np.sin(turns)], axis=1)


def _polygon(
    picture: np.ndarray,
    corners: np.ndarray | list[tuple[float, float]],
    colour: tuple[int, int, int],
    margin: int,
) -> None:
    points = (np.asarray(corners) + 0.5) * SCALE - 0.5 + (margin, 0)
    fixed = np.rint(points * (1 << _SHIFT)).astype(np.int32)
    cv2 = opencv()
    cv2.fillPoly(picture, [fixed], colour, cv2.LINE_AA, _SHIFT)


def _fixed(world: float, margin: int) -> int:
    """World coordinate to OpenCV's fixed-point picture coordinate."""
    return round(((world + 0.5) * SCALE - 0.5 + margin) * (1 << _SHIFT))


def _length(world: float) -> int:
    return round(world * SCALE * (1 << _SHIFT))


def _rgb(colour: tuple[float, float, float]) -> tuple[int, int, int]:
    return round(colour[0] * 255), round(colour[1] * 255), round(colour[2] * 255)
