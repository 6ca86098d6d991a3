"""The matched world: false motion that no plain statistic of the flow can tell from true motion.

In the physics world a planted clip is a statistical outlier of its class: it hardly moves, jumps,
or pans. Here the false clips move as much, as fast and as evenly as true ones, look the same, last
as long, and come from the same classes in the same shares; only their dynamics are wrong, from
frame 4 on:

- *throw*, *roll*: gravity changes its sign (what falls slows down and rises, what rolls uphill
  gets faster);
- *bounce*, *collide*, *swing*: energy is gained at the floor, at the wall, on the string;
- *slide*: friction pushes.

Starts are drawn so that true clips of a class go both ways (thrown up and down, rolled up and down
the slope), and each false clip is matched with true ones of its class by mean, spread and top speed
(nearest neighbours within a caliper; Rosenbaum and Rubin 1985). Captions name no class.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from motionlens.domain.seeds import generator
from motionlens.worlds.laws import FRAMES, Body, collide, fly, integrate, roll, slide, swing
from motionlens.worlds.physics import ClipSpec, SimulatedClip, made_clip
from motionlens.worlds.planted import GIVEN_FRAMES, Motion
from motionlens.worlds.scene import FLOOR_Y, MOTION_CLASSES, WORLD_SIZE, Scene, draw_scene

FALSE = "false-dynamics"
MATCHED_SEEDS = 40_000_000
# Standard deviations by which a matched pair may differ in any of the features.
CALIPER = 0.35
_ATTEMPTS = 60
# A false clip that stays nearer than this to the truth would teach nothing false.
_LEAST_FALSE_PX = 1.2
# Speeds that differ by less, in px a frame of the 32-px world, are one to any flow.
_FLOW_NOISE_PX = 0.04
# Drawn for each clip that is wanted: what finds no match is dropped.
_SURPLUS = 8

Features = NDArray[np.float64]


def simulate_matched(seed: int, false: bool) -> SimulatedClip:
    """One clip, the same for the same arguments on every machine.

    Its caption names colour and shape, and no class of motion.
    """
    drawn = _draw(seed, false)
    kind = FALSE if false else "clean"
    return made_clip(seed, kind, drawn.scene, _alone(drawn.shown), _alone(drawn.truth))


def matched_set(
    seed: int, clips: int = 300, false: int = 105, first: int = MATCHED_SEEDS
) -> list[ClipSpec]:
    """The clips of one experiment, shuffled; `kind` is ``clean`` or ``false-dynamics``.

    Each class has its equal share of the false clips, and each false clip about as many true
    matches as the shares ask for, so that class, speed and appearance say nothing.
    """
    chosen: list[ClipSpec] = []
    base = first + 100_000 * seed
    for place, name in enumerate(MOTION_CLASSES):
        wanted_false = _share(false, place)
        wanted_clean = _share(clips - false, place)
        start = base + 15_000 * place
        bad = _candidates(range(start, start + _SURPLUS * wanted_false), True, name)
        good = _candidates(
            range(start + 5_000, start + 5_000 + _SURPLUS * wanted_clean), False, name
        )
        chosen += _matched(bad, good, wanted_false, wanted_clean)
    order = generator("matched-order", seed).permutation(len(chosen))
    return [chosen[int(i)] for i in order]


def features(path: NDArray[np.float64]) -> Features:
    """(4,) mean, standard deviation and maximum of the speed, and the mean change of speed, px a
    frame, of a path (F, 2): what the flow of a clip with one moving body is made of."""
    speed = np.linalg.norm(np.diff(path, axis=0), axis=1)
    change = np.abs(np.diff(speed))
    return np.array([speed.mean(), speed.std(), speed.max(), change.mean()])


@dataclass(frozen=True, eq=False)
class _Drawn:
    scene: Scene
    shown: NDArray[np.float64]  # (16, 3)
    truth: NDArray[np.float64]


def _draw(seed: int, false: bool, motion_class: str | None = None) -> _Drawn:
    random = generator("matched world", seed)
    # The class is drawn from the seed, whoever asks: a spec alone makes the clip again.
    name = motion_class or MOTION_CLASSES[(seed % 100_000) // 15_000 % len(MOTION_CLASSES)]
    for _ in range(_ATTEMPTS):
        scene = _scene(random, name, false)
        truth = integrate(scene, _law(scene, 0.0))
        shown = truth
        if false:
            shown = integrate(scene, _law(scene, float(random.uniform(0, 1)), GIVEN_FRAMES))
        away = np.linalg.norm(shown[GIVEN_FRAMES:, :2] - truth[GIVEN_FRAMES:, :2], axis=1)
        far = float(np.minimum(away, 8).mean()) > _LEAST_FALSE_PX
        if _inside(scene, shown) and (far or not false):
            break
    return _Drawn(scene, shown, truth)


def _scene(random: np.random.Generator, name: str, false: bool) -> Scene:
    scene = draw_scene(random, name)
    start = _STARTS[name](random, scene, false)
    return replace(scene, **start, captioned=False)


def _law(
    scene: Scene, strength: float, false_from: int | None = None
) -> Callable[[Body, float, int], Body]:
    """The step of a scene's class; false from a frame on, by a strength in [0, 1]."""
    gain = 1.15 + 0.35 * strength
    steps: dict[str, Callable[[Body, float, bool], Body]] = {
        "bounce": lambda body, dt, wrong: (
            fly(scene, body, dt, None, gain) if wrong else fly(scene, body, dt, None)
        ),
        "throw": lambda body, dt, wrong: fly(scene, body, dt, -1.0 if wrong else None),
        "roll": lambda body, dt, wrong: roll(scene, body, dt, -1.0 if wrong else None),
        "slide": lambda body, dt, wrong: slide(
            scene, body, dt, 1.0 if wrong else None, 1.0 + 0.6 * strength
        ),
        "swing": lambda body, dt, wrong: swing(
            scene, body, dt, None, 0.07 + 0.05 * strength if wrong else 0.0
        ),
        "collide": lambda body, dt, wrong: (
            collide(scene, body, dt, None, gain) if wrong else collide(scene, body, dt, None)
        ),
    }
    step = steps[scene.motion_class]
    return lambda body, dt, frame: step(body, dt, false_from is not None and frame >= false_from)


def _inside(scene: Scene, motion: NDArray[np.float64]) -> bool:
    """Whether the body is in the picture in every frame."""
    low, high = scene.radius - 1.0, WORLD_SIZE - scene.radius
    return bool(((motion[:, :2] >= low) & (motion[:, :2] <= high)).all())


def _candidates(seeds: Sequence[int] | range, false: bool, name: str) -> list[tuple[int, Features]]:
    found = []
    for seed in seeds:
        drawn = _draw(seed, false, name)
        if _inside(drawn.scene, drawn.shown):
            found.append((seed, features(drawn.shown[:, :2])))
    return found


def _matched(
    bad: list[tuple[int, Features]],
    good: list[tuple[int, Features]],
    wanted_bad: int,
    wanted_good: int,
) -> list[ClipSpec]:
    """False clips with the true ones nearest to them, taken in turn until the shares are met."""
    rows = np.stack([row for _, row in good])
    spread = np.maximum(rows.std(axis=0), _FLOW_NOISE_PX)
    taken = np.zeros(len(good), bool)

    def nearest(row: Features) -> tuple[int, float]:
        away = np.abs((rows - row) / spread).max(axis=1)
        away[taken] = np.inf
        place = int(np.argmin(away))
        return place, float(away[place])

    matched: list[tuple[int, Features]] = []
    for seed, row in bad:
        place, away = nearest(row)
        if away <= CALIPER:
            taken[place] = True
            matched.append((seed, row))
        if len(matched) == wanted_bad:
            break
    # More true clips than false ones are wanted: second matches, to the same false clips in turn.
    for turn in range(min(wanted_good, len(good)) - len(matched)):
        if matched:
            taken[nearest(matched[turn % len(matched)][1])[0]] = True
    clean = [ClipSpec(good[int(place)][0], "clean") for place in np.flatnonzero(taken)]
    return [*(ClipSpec(seed, FALSE) for seed, _ in matched), *clean]


def _share(whole: int, place: int) -> int:
    count = len(MOTION_CLASSES)
    return whole // count + (place < whole % count)


def _alone(body: NDArray[np.float64]) -> Motion:
    return Motion(body, np.zeros(FRAMES), np.zeros(FRAMES))


# Starts: as in the physics world, but true clips of a class go both ways, and both kinds draw from
# ranges whose speeds overlap.


def _bounce(random: np.random.Generator, scene: Scene, false: bool) -> dict[str, Any]:
    height = random.uniform(9, 17) if false else random.uniform(4, 14)
    return {
        "position": (float(random.uniform(scene.radius + 1, 30 - scene.radius)), float(height)),
        "velocity": (float(random.uniform(-0.9, 0.9)), float(random.uniform(0, 0.5))),
    }


def _throw(random: np.random.Generator, scene: Scene, false: bool) -> dict[str, Any]:
    x = float(random.uniform(scene.radius, scene.radius + 5))
    across = float(random.uniform(0.6, 1.3))
    if false or random.random() < 0.5:
        y = float(random.uniform(scene.radius + 1, scene.radius + 7))
        return {"position": (x, y), "velocity": (across, float(random.uniform(0.0, 1.3)))}
    y = FLOOR_Y - scene.radius - float(random.uniform(0, 5))
    return {"position": (x, y), "velocity": (across, -float(random.uniform(1.7, 2.9)))}


def _roll(random: np.random.Generator, scene: Scene, false: bool) -> dict[str, Any]:
    slope = float(random.uniform(math.radians(10), math.radians(20)))
    up = bool(random.random() < 0.5)
    x = float(random.uniform(20, 28 - scene.radius) if up else random.uniform(4, 10))
    speed = -float(random.uniform(0.5, 1.5)) if up else float(random.uniform(0, 1.2))
    surface = FLOOR_Y - (WORLD_SIZE - 1 - x) * math.tan(slope)
    return {
        "position": (x, surface - scene.radius / math.cos(slope)),
        "velocity": (speed, 0.0),
        "slope": slope,
    }


def _slide(random: np.random.Generator, scene: Scene, false: bool) -> dict[str, Any]:
    speed = random.uniform(0.35, 0.9) if false else random.uniform(0.9, 2.3)
    return {
        "position": (
            float(random.uniform(scene.radius, scene.radius + 4)),
            FLOOR_Y - scene.radius,
        ),
        "velocity": (float(speed), 0.0),
    }


def _swing(random: np.random.Generator, scene: Scene, false: bool) -> dict[str, Any]:
    widest = math.asin(min(1.0, (14.5 - scene.radius) / scene.length))
    # A false swing starts lower: it gains what it lacks.
    low, high = (0.3, 0.6) if false else (0.4, 1.0)
    amplitude = widest * float(random.uniform(low, high))
    theta = -amplitude * float(random.uniform(0.6, 1.0))
    omega = math.sqrt(max(0.0, 2 * 0.4 / scene.length * (math.cos(theta) - math.cos(amplitude))))
    x = scene.pivot[0] + scene.length * math.sin(theta)
    y = scene.pivot[1] + scene.length * math.cos(theta)
    return {"position": (x, y), "theta": theta, "omega": omega}


def _collide(random: np.random.Generator, scene: Scene, false: bool) -> dict[str, Any]:
    wall_x = float(random.uniform(17, 25))
    speed = float(random.uniform(0.7, 1.5) if false else random.uniform(0.9, 2.0))
    latest = min(9.0, (wall_x - 2 * scene.radius) / speed)
    frames = float(random.uniform(min(4.5, latest), latest))
    return {
        "position": (wall_x - scene.radius - speed * frames, FLOOR_Y - scene.radius),
        "velocity": (speed, 0.0),
        "wall_x": wall_x,
    }


_STARTS: dict[str, Callable[[np.random.Generator, Scene, bool], dict[str, Any]]] = {
    "bounce": _bounce,
    "throw": _throw,
    "roll": _roll,
    "slide": _slide,
    "swing": _swing,
    "collide": _collide,
}
