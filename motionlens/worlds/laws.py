"""The laws of motion of the simulated world, integrated in sub-steps.

Units: px of the 32x32 world and frames. Gravity is 0.4 px/frame^2. Each law takes a ``falsity``:
None is the true law; a number makes it false from then on, as the planted kind *gravity* wants it
(gravity scaled by that number; a slide speeds up, a roll turns back, a wall lets the body through).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from motionlens.worlds.scene import FLOOR_Y, WORLD_SIZE, Scene

GRAVITY = 0.4
FRAMES = 16
SUB_STEPS = 8
FRICTION = 0.12
FLOOR_RESTITUTION = 0.8
WALL_RESTITUTION = 0.9


@dataclass(frozen=True)
class Body:
    """Position px, velocity px/frame, orientation and string angle in radians."""

    x: float
    y: float
    vx: float
    vy: float
    angle: float
    theta: float
    omega: float


def true_motion(scene: Scene, falsity: float | None = None, given: int = 4) -> np.ndarray:
    """Positions and orientation over time.

    Parameters
    ----------
    scene : Scene
        Where it starts.
    falsity : float, optional
        None for the true law; else the law is false after the given frames.
    given : int
        Number of frames at the start that stay true.

    Returns
    -------
    ndarray
        (16, 3) float64: x, y in px of the 32x32 world, orientation in radians.
    """
    step = _LAWS[scene.motion_class]
    return integrate(
        scene, lambda body, dt, frame: step(scene, body, dt, None if frame < given else falsity)
    )


def integrate(scene: Scene, step: Callable[[Body, float, int], Body]) -> np.ndarray:
    """(16, 3) float64 positions and orientation; `step` is given the body, the time to go on in
    frames, and the number of the frame that it leads to."""
    body = Body(
        x=scene.position[0],
        y=scene.position[1],
        vx=scene.velocity[0],
        vy=scene.velocity[1],
        angle=scene.angle,
        theta=scene.theta,
        omega=scene.omega,
    )
    rows = [(body.x, body.y, body.angle)]
    for frame in range(1, FRAMES):
        for _ in range(SUB_STEPS):
            body = step(body, 1 / SUB_STEPS, frame)
        rows.append((body.x, body.y, body.angle))
    return np.asarray(rows, dtype=np.float64)


def fly(
    scene: Scene,
    body: Body,
    dt: float,
    falsity: float | None,
    restitution: float = FLOOR_RESTITUTION,
) -> Body:
    """Free flight with a floor and two side walls that throw the body back."""
    gravity = GRAVITY if falsity is None else GRAVITY * falsity
    vy = body.vy + gravity * dt
    x, y, vx = body.x + body.vx * dt, body.y + (body.vy + vy) / 2 * dt, body.vx
    if y + scene.radius > FLOOR_Y and vy > 0:
        y, vy = FLOOR_Y - scene.radius, -restitution * vy
    x, vx = _between_walls(scene, x, vx)
    return replace(body, x=x, y=y, vx=vx, vy=vy, angle=body.angle + 0.6 * vx / scene.radius * dt)


def roll(scene: Scene, body: Body, dt: float, falsity: float | None) -> Body:
    """Down a slope without slipping; false: the slope pulls the other way."""
    acceleration = GRAVITY * math.sin(scene.slope) * (1.0 if falsity is None else -1.0)
    # vx is the speed along the slope.
    speed = body.vx + acceleration * dt
    way = (body.vx + speed) / 2 * dt
    return replace(
        body,
        x=body.x + way * math.cos(scene.slope),
        y=body.y + way * math.sin(scene.slope),
        vx=speed,
        angle=body.angle + way / scene.radius,
    )


def slide(scene: Scene, body: Body, dt: float, falsity: float | None, push: float = 1.0) -> Body:
    """Along the floor until friction has stopped it; false: friction pushes, so many times."""
    if falsity is None:
        speed = max(0.0, body.vx - FRICTION * dt)
    else:
        speed = body.vx + push * FRICTION * dt
    return replace(body, x=body.x + (body.vx + speed) / 2 * dt, vx=speed)


def swing(scene: Scene, body: Body, dt: float, falsity: float | None, drive: float = 0.0) -> Body:
    """A pendulum; a `drive` above 0 feeds it with that share of its speed a frame."""
    gravity = GRAVITY if falsity is None else GRAVITY * falsity
    # Half a kick, a drift, half a kick: keeps the energy over the clip.
    half = body.omega - gravity / scene.length * math.sin(body.theta) * dt / 2
    theta = body.theta + half * dt
    omega = half - gravity / scene.length * math.sin(theta) * dt / 2
    if drive:
        omega *= math.exp(drive * dt)
    return replace(
        body,
        x=scene.pivot[0] + scene.length * math.sin(theta),
        y=scene.pivot[1] + scene.length * math.cos(theta),
        theta=theta,
        omega=omega,
        angle=scene.angle - theta,
    )


def collide(
    scene: Scene,
    body: Body,
    dt: float,
    falsity: float | None,
    restitution: float = WALL_RESTITUTION,
) -> Body:
    """Along the floor against a wall, and back; false: through the wall."""
    x, vx = body.x + body.vx * dt, body.vx
    if falsity is None and x + scene.radius > scene.wall_x and vx > 0:
        x, vx = 2 * (scene.wall_x - scene.radius) - x, -restitution * vx
    if falsity is None and x < scene.radius and vx < 0:
        x, vx = 2 * scene.radius - x, -restitution * vx
    turn = (x - body.x) / scene.radius if scene.shape == "disc" else 0.0
    return replace(body, x=x, vx=vx, angle=body.angle + turn)


def _between_walls(scene: Scene, x: float, vx: float) -> tuple[float, float]:
    low, high = scene.radius - 0.5, WORLD_SIZE - 0.5 - scene.radius
    if x < low and vx < 0:
        return 2 * low - x, -vx
    if x > high and vx > 0:
        return 2 * high - x, -vx
    return x, vx


_Law = Callable[[Scene, Body, float, "float | None"], Body]
_LAWS: dict[str, _Law] = {
    "bounce": fly,
    "throw": fly,
    "roll": roll,
    "slide": slide,
    "swing": swing,
    "collide": collide,
}
