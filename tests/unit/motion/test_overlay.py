"""Overlays: what is drawn, where, and in which colour."""

from __future__ import annotations

import numpy as np
import pytest

from motionlens.domain.errors import UsageError
from motionlens.motion import (
    OpenCVMotion,
    arrows,
    compose,
    draw,
    flow_scale,
    legend_wheel,
    track_points,
    trails,
)
from motionlens.motion.colours import direction_colours

from .scenes import disc, pan, texture

RGB = texture(120, 160)


def _flow(x: float, y: float, height: int = 30, width: int = 40) -> np.ndarray:
    return np.broadcast_to(np.float32([x, y]), (height, width, 2)).copy()


def test_without_overlays_the_frame_is_untouched() -> None:
    picture = compose(RGB, _flow(5, 0), None, ())
    assert np.array_equal(picture[..., 2::-1], RGB)
    assert (picture[..., 3] == 255).all()


@pytest.mark.parametrize("size", [(160, 120), (77, 51), (400, 300), (1, 1)])
@pytest.mark.parametrize("overlays", [("flow",), ("mask",), ("flow", "mask")])
def test_size_and_alpha(size, overlays) -> None:
    picture = compose(RGB, _flow(5, 1), np.ones((15, 20), np.float32), overlays, 0.8, 5.0, size)
    assert picture.shape == (size[1], size[0], 4)
    assert (picture[..., 3] == 255).all()


@pytest.mark.parametrize(("x", "y"), [(9, 0), (0, -9), (-6, 6), (0, 30)])
def test_full_motion_at_full_opacity_is_the_wheels_colour(x: float, y: float) -> None:
    picture = compose(RGB, _flow(x, y), None, ("flow",), 1.0, 8.0)
    wanted = direction_colours(np.arctan2(-y, x)).astype(int)
    assert np.abs(picture[60, 80, 2::-1].astype(int) - wanted).max() <= 4


def test_still_parts_are_grey_and_darker() -> None:
    picture = compose(RGB, _flow(0, 0), None, ("flow",), 0.8, 5.0)
    assert (picture[..., 0] == picture[..., 1]).all()
    assert (picture[..., 1] == picture[..., 2]).all()
    assert picture[..., :3].mean() < 0.75 * RGB.mean()


def test_spotlight_darkens_outside_to_28_percent_without_tint() -> None:
    mask = np.zeros((120, 160), np.float32)
    mask[:, 80:] = 1
    rgb = np.full((120, 160, 3), (200, 120, 60), np.uint8)
    picture = compose(rgb, None, mask, ("mask",))
    assert np.abs(picture[:, 120:, 2::-1].astype(int) - rgb[:, 120:]).max() <= 1
    assert picture[60, 20, 2::-1] == pytest.approx(0.28 * np.array([200, 120, 60]), abs=2)


def test_unknown_overlay_is_told() -> None:
    with pytest.raises(UsageError, match="arrows"):
        compose(RGB, None, None, ("heat",))


def test_wheel_shows_each_direction_on_its_side() -> None:
    wheel = legend_wheel(65)
    assert wheel.shape == (65, 65, 4)
    assert wheel[0, 0, 3] == 0
    assert wheel[32, 32, 3] < 20
    for (row, column), angle in {(32, 62): 0, (2, 32): np.pi / 2, (62, 32): -np.pi / 2}.items():
        wanted = direction_colours(np.float64(angle)).astype(int)
        assert np.abs(wheel[row, column, :3].astype(int) - wanted).max() <= 6


def test_all_directions_are_about_equally_bright() -> None:
    colours = direction_colours(np.linspace(0, 2 * np.pi, 64)) / 255.0
    linear = np.where(colours <= 0.04045, colours / 12.92, ((colours + 0.055) / 1.055) ** 2.4)
    luminance = linear @ [0.2126, 0.7152, 0.0722]
    assert luminance.max() / luminance.min() < 1.35


def test_arrows_are_sparse_true_and_only_where_it_moves() -> None:
    flow = _flow(0.5, 0)
    flow[:, 20:] = (8, -4)
    table = arrows(flow, (560, 420), width_px=160)
    assert table.dtype == np.float32
    assert (table[:, 0] > 0.5).all()
    assert len(table) == 10 * 15
    assert table[0, 2:] == pytest.approx([8 / 160, -4 / 120])
    assert arrows(_flow(1.0, 0), (560, 420)).shape == (0, 4)


def test_scale_is_the_98th_percentile() -> None:
    flow = _flow(3, 4, 10, 10)
    flow[0, 0] = (500, 0)
    assert flow_scale([flow]) == pytest.approx(5)
    assert flow_scale([]) == 0


def test_trails_are_of_points_that_moved() -> None:
    clip = pan(16, 2)
    table = trails(track_points(clip, 8), 15, (160, 120))
    assert table.shape[1:] == (12, 2)
    assert len(table) > 20
    assert np.nanmax(np.diff(table[..., 0], axis=1)) < 0
    still = np.repeat(clip[:1], 4, axis=0)
    assert trails(track_points(still, 8), 3, (160, 120)).shape == (0, 4, 2)


@pytest.mark.parametrize("name", ["flow", "mask", "tracks", "arrows"])
def test_drawing_each_changes_the_frame_and_repeats(name: str) -> None:
    clip = disc([(40 + 6 * f, 60) for f in range(6)])
    kept = clip.copy()
    motion = OpenCVMotion()
    first = motion.overlay(clip, 3, [name])
    assert first.shape == clip[3].shape
    assert not np.array_equal(first, clip[3])
    assert np.array_equal(first, draw(clip, 3, [name]))
    assert np.array_equal(first, motion.overlay(clip, 3, [name]))
    assert np.array_equal(clip, kept)


def test_another_clip_is_not_drawn_with_the_last_ones_mask() -> None:
    motion = OpenCVMotion()
    a, b = disc([(40 + 6 * f, 40) for f in range(4)]), disc([(40 + 6 * f, 90) for f in range(4)])
    motion.overlay(a, 1, ["mask"])
    assert np.array_equal(motion.overlay(b, 1, ["mask"]), draw(b, 1, ["mask"]))


def test_a_single_frame_and_a_frame_beyond_the_end() -> None:
    clip = RGB[None]
    assert draw(clip, 0, ["flow", "mask", "tracks", "arrows"]).shape == RGB.shape
    with pytest.raises(UsageError, match="no frame 1"):
        draw(clip, 1, [])
