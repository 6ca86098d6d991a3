"""What a simulated clip shows: object, colours, background, and the numbers its motion starts from.

All lengths are in pixels of the 32x32 world, with pixel centres at whole numbers and y downwards.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

MOTION_CLASSES = ("bounce", "throw", "roll", "slide", "swing", "collide")
BACKGROUNDS = ("ramp", "stripes", "checker", "ripple")
WORLD_SIZE = 32
FLOOR_Y = 28.0

# Every light colour differs in luminance by at least 0.42 from every dark backdrop, and the other
# way round: the model sees grey, and a judge must be able to tell the object from what is behind.
_DARK = {
    "red": (170, 18, 30),
    "blue": (28, 52, 160),
    "green": (12, 92, 52),
    "purple": (88, 24, 120),
    "teal": (0, 84, 100),
    "brown": (92, 48, 20),
}
_LIGHT = {
    "yellow": (250, 215, 70),
    "orange": (255, 176, 80),
    "white": (245, 245, 240),
    "mint": (130, 235, 190),
    "pink": (255, 180, 200),
    "sky-blue": (150, 215, 250),
}
_LIGHT_BACKDROP = (0.68, 0.92)
_DARK_BACKDROP = (0.08, 0.32)
LUMINANCE = np.array([0.299, 0.587, 0.114])

_DEEDS = {
    "bounce": "drops and bounces",
    "throw": "flies in a high arc",
    "roll": "rolls down a slope",
    "slide": "slides along the floor and slows down",
    "swing": "swings on a string",
    "collide": "hits a wall and comes back",
}


@dataclass(frozen=True)
class Backdrop:
    """A procedural background between two colours (RGB in [0, 1])."""

    pattern: str
    low: tuple[float, float, float]
    high: tuple[float, float, float]
    floor: tuple[float, float, float]
    direction: float
    wavelength: float
    phase: float


@dataclass(frozen=True)
class Scene:
    """Everything that is drawn once per clip.

    ``position`` (x, y) px, ``velocity`` (x, y) px/frame, ``radius`` px (half the side of a block);
    ``slope`` radians, downwards to the right (roll); ``pivot`` (x, y), ``length`` px, ``theta`` and
    ``omega`` radians and radians/frame (swing); ``wall_x`` the wall's near face (collide).
    """

    motion_class: str
    shape: str
    radius: float
    colour_name: str
    colour: tuple[float, float, float]
    second_tone: tuple[float, float, float]
    backdrop: Backdrop
    position: tuple[float, float]
    velocity: tuple[float, float]
    angle: float
    slope: float = 0.0
    pivot: tuple[float, float] = (0.0, 0.0)
    length: float = 0.0
    theta: float = 0.0
    omega: float = 0.0
    wall_x: float = 0.0
    mirrored: bool = False
    captioned: bool = True

    @property
    def caption(self) -> str:
        """Such as ``bounce: a red ball drops and bounces``; its first word is the class. A scene
        that is not `captioned` says what moves, and not how."""
        thing = "ball" if self.shape == "disc" else "block"
        article = "an" if self.colour_name[0] in "aeiou" else "a"
        if not self.captioned:
            return f"{article} {self.colour_name} {thing} moves"
        deed = _DEEDS[self.motion_class]
        return f"{self.motion_class}: {article} {self.colour_name} {thing} {deed}"


def draw_scene(random: np.random.Generator, motion_class: str | None = None) -> Scene:
    """A scene drawn at random; all of them start inside the picture."""
    name = motion_class or str(random.choice(MOTION_CLASSES))
    radius = float(random.uniform(2.8, 4.2))
    shape = "disc"
    if name in ("slide", "collide") and random.random() < 0.6:
        shape = "block"
    backdrop, colour_name, colour = _draw_colours(random)
    middle = tuple((a + b) / 2 for a, b in zip(backdrop.low, backdrop.high, strict=True))
    second = tuple(0.8 * c + 0.2 * m for c, m in zip(colour, middle, strict=True))
    start = _STARTS[name](random, radius)
    angle = float(random.uniform(0, 2 * math.pi)) if shape == "disc" else 0.0
    return Scene(
        motion_class=name,
        shape=shape,
        radius=radius,
        colour_name=colour_name,
        colour=colour,
        second_tone=(second[0], second[1], second[2]),
        backdrop=backdrop,
        angle=angle,
        mirrored=bool(random.random() < 0.5),
        **start,
    )


def at_luminance(
    colour: tuple[float, float, float], luminance: float
) -> tuple[float, float, float]:
    """The colour darkened with black or lightened with white to a luminance in [0, 1]."""
    rgb = np.asarray(colour, dtype=np.float64)
    own = float(rgb @ LUMINANCE)
    if luminance < own:
        rgb = rgb * (luminance / own)
    else:
        rgb = 1 - (1 - rgb) * (1 - luminance) / (1 - own)
    return float(rgb[0]), float(rgb[1]), float(rgb[2])


def _draw_colours(
    random: np.random.Generator,
) -> tuple[Backdrop, str, tuple[float, float, float]]:
    light_object = bool(random.random() < 0.5)
    names = _LIGHT if light_object else _DARK
    colour_name = str(random.choice(list(names)))
    lowest, highest = _DARK_BACKDROP if light_object else _LIGHT_BACKDROP
    spread = float(random.uniform(0.10, 0.2))
    low = float(random.uniform(lowest, highest - spread))
    hue = float(random.uniform(0, 1))
    grey = float(random.uniform(0.35, 0.7))
    first, second = _hue(hue, grey), _hue(hue + float(random.uniform(-0.08, 0.08)), grey)
    backdrop = Backdrop(
        pattern=str(random.choice(BACKGROUNDS)),
        low=at_luminance(first, low),
        high=at_luminance(second, low + spread),
        floor=at_luminance(first, 0.72 * low),
        direction=float(random.uniform(0, math.pi)),
        wavelength=float(random.uniform(6.0, 12.0)),
        phase=float(random.uniform(0, 2 * math.pi)),
    )
    red, green, blue = names[colour_name]
    return backdrop, colour_name, (red / 255, green / 255, blue / 255)


def _hue(hue: float, grey: float) -> tuple[float, float, float]:
    """A colour of the wheel (hue in turns) mixed with a share of mid grey."""
    wheel = [0.5 + 0.5 * math.cos(2 * math.pi * (hue - shift)) for shift in (0.0, 1 / 3, 2 / 3)]
    red, green, blue = ((1 - grey) * part + grey * 0.5 for part in wheel)
    return red, green, blue


def _bounce(random: np.random.Generator, radius: float) -> dict[str, Any]:
    return {
        "position": (float(random.uniform(radius + 1, 30 - radius)), float(random.uniform(5, 13))),
        "velocity": (float(random.uniform(-0.9, 0.9)), 0.0),
    }


def _throw(random: np.random.Generator, radius: float) -> dict[str, Any]:
    return {
        "position": (
            float(random.uniform(radius, radius + 5)),
            FLOOR_Y - radius - float(random.uniform(0, 5)),
        ),
        "velocity": (float(random.uniform(0.6, 1.3)), -float(random.uniform(1.7, 2.9))),
    }


def _roll(random: np.random.Generator, radius: float) -> dict[str, Any]:
    slope = float(random.uniform(math.radians(10), math.radians(20)))
    x = float(random.uniform(radius, radius + 5))
    surface = FLOOR_Y - (WORLD_SIZE - 1 - x) * math.tan(slope)
    return {
        "position": (x, surface - radius / math.cos(slope)),
        "velocity": (float(random.uniform(0, 0.4)), 0.0),
        "slope": slope,
    }


def _slide(random: np.random.Generator, radius: float) -> dict[str, Any]:
    return {
        "position": (float(random.uniform(radius, radius + 4)), FLOOR_Y - radius),
        "velocity": (float(random.uniform(1.0, 2.3)), 0.0),
    }


def _swing(random: np.random.Generator, radius: float) -> dict[str, Any]:
    length = float(random.uniform(12, 18))
    pivot = (float(random.uniform(14.5, 16.5)), float(random.uniform(1.5, 4.0)))
    # The ball stays inside the picture: the angle gives way, not the string.
    widest = math.asin(min(1.0, (14.5 - radius) / length))
    amplitude = min(float(random.uniform(math.radians(25), math.radians(60))), widest)
    theta = -amplitude * float(random.uniform(0.6, 1.0))
    # Speed from conservation of energy at that angle, always on the way down.
    omega = math.sqrt(2 * 0.4 / length * (math.cos(theta) - math.cos(amplitude)))
    x, y = pivot[0] + length * math.sin(theta), pivot[1] + length * math.cos(theta)
    return {
        "position": (x, y),
        "velocity": (0.0, 0.0),
        "pivot": pivot,
        "length": length,
        "theta": theta,
        "omega": omega,
    }


def _collide(random: np.random.Generator, radius: float) -> dict[str, Any]:
    wall_x = float(random.uniform(19, 27))
    speed = float(random.uniform(1.1, 2.2))
    # The hit falls into the generated frames, late enough to see the approach first.
    latest = min(11.0, (wall_x - 2 * radius) / speed)
    frames = float(random.uniform(min(4.5, latest), latest))
    return {
        "position": (wall_x - radius - speed * frames, FLOOR_Y - radius),
        "velocity": (speed, 0.0),
        "wall_x": wall_x,
    }


_STARTS = {
    "bounce": _bounce,
    "throw": _throw,
    "roll": _roll,
    "slide": _slide,
    "swing": _swing,
    "collide": _collide,
}
