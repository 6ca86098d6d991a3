"""How much of a clip's frame a stage shows, and how large."""

from __future__ import annotations

from dataclasses import dataclass, replace

from motionlens.domain.clip import Region

# Device px of the screen for one px of the clip. From 2 on they are whole, so that each px of the
# clip is a square of equal size.
LEVELS = (0.125, 0.25, 1 / 3, 0.5, 2 / 3, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0, 24.0, 32.0)
NEAREST_FROM = 2.0


@dataclass(frozen=True)
class Zoom:
    """A scale and the point of the clip (fractions of its frame) in the stage's middle."""

    scale: float
    x: float = 0.5
    y: float = 0.5

    @property
    def nearest(self) -> bool:
        """Whether px of the clip are shown as squares."""
        return self.scale >= NEAREST_FROM

    @property
    def words(self) -> str:
        return f"{self.scale:.0%}".replace("%", " %")


@dataclass(frozen=True)
class Frame:
    """Sizes that a zoom depends on: the clip's px, the stage's device px, the scale that fits."""

    width: int
    height: int
    stage_width: int
    stage_height: int
    most: float

    @property
    def fit(self) -> float:
        """Device px of a px of the clip where all of the frame is shown."""
        return min(self.stage_width / self.width, self.stage_height / self.height, self.most)

    def seen(self, zoom: Zoom | None) -> tuple[float, float]:
        """Which share of the frame is seen across and down."""
        if zoom is None:
            return 1.0, 1.0
        return (
            min(1.0, self.stage_width / (zoom.scale * self.width)),
            min(1.0, self.stage_height / (zoom.scale * self.height)),
        )


def step(frame: Frame, zoom: Zoom | None, steps: int, at: tuple[float, float]) -> Zoom | None:
    """Nearer or further by levels, keeping the point `at` (fractions of the frame) where it is on
    the stage; None is the whole frame."""
    now = zoom or Zoom(frame.fit)
    for _ in range(abs(steps)):
        levels = [s for s in LEVELS if s > now.scale * 1.001 or s < now.scale * 0.999]
        further = [s for s in levels if (s > now.scale) == (steps > 0)]
        if not further:
            break
        scale = min(further) if steps > 0 else max(further)
        if scale <= frame.fit:
            return None
        keep = now.scale / scale
        x, y = at[0] + (now.x - at[0]) * keep, at[1] + (now.y - at[1]) * keep
        now = _inside(frame, Zoom(scale, x, y))
    return None if now.scale <= frame.fit else now


def move(frame: Frame, zoom: Zoom, across: float, down: float) -> Zoom:
    """Show what lies so many device px to the right and below."""
    return _inside(
        frame,
        replace(
            zoom,
            x=zoom.x + across / (zoom.scale * frame.width),
            y=zoom.y + down / (zoom.scale * frame.height),
        ),
    )


def region(frame: Frame, zoom: Zoom) -> tuple[Region, int, int]:
    """The part of the frame that is seen, on whole px of the clip, and its size in device px."""
    zoom = _inside(frame, zoom)
    seen = frame.seen(zoom)
    left, wide = _whole(zoom.x, seen[0], frame.width)
    top, high = _whole(zoom.y, seen[1], frame.height)
    part = Region(left / frame.width, top / frame.height, wide / frame.width, high / frame.height)
    return part, round(wide * zoom.scale), round(high * zoom.scale)


def _inside(frame: Frame, zoom: Zoom) -> Zoom:
    across, down = (share / 2 for share in frame.seen(zoom))
    return replace(
        zoom,
        x=max(across, min(zoom.x, 1 - across)),
        y=max(down, min(zoom.y, 1 - down)),
    )


def _whole(middle: float, share: float, px: int) -> tuple[int, int]:
    """First px and number of px: as many as fit, never none."""
    count = max(1, min(px, int(share * px + 1e-6)))
    return max(0, min(round(middle * px - count / 2), px - count)), count
