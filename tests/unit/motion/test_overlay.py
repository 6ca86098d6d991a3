"""Overlays: what is drawn, where, and in which colour."""

from __future__ import annotations

import numpy as np
import pytest

from motionlens.domain.clip import Region
from motionlens.domain.errors import UsageError
from motionlens.domain.requests import FrameImage
from motionlens.motion import (
    arrows,
    compose,
    flow_scale,
    legend_wheel,
    track_points,
    trails,
)
from motionlens.motion.colours import direction_colours, two_axis_colours
from motionlens.motion.drawing import FieldMask, OpenCVDrawing
from motionlens.motion.flow.fields import to_field

from .scenes import pan, texture

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


def test_the_two_axis_wheel_parts_directions_that_hues_confuse() -> None:
    angles = np.arange(8) * np.pi / 4
    rgb = two_axis_colours(angles).astype(float)
    luma = rgb @ (0.2126, 0.7152, 0.0722)
    assert luma[2] - luma[0] > 40  # up is lighter
    assert luma[0] - luma[6] > 40  # down is darker
    assert rgb[0, 0] - rgb[0, 2] > 60  # right is yellow
    assert rgb[4, 2] - rgb[4, 0] > 30  # left is blue
    # Without the difference of red and green each pair still differs, as some eyes need it.
    seen = np.stack([rgb[:, :2].mean(axis=1), rgb[:, 2]], axis=1)
    away = np.linalg.norm(seen[:, None] - seen[None], axis=2)[~np.eye(8, dtype=bool)]
    assert away.min() > 20
    picture = compose(RGB, _flow(9, 0), None, ("flow",), 1.0, 8.0, wheel="two-axis")
    assert np.abs(picture[60, 80, 2::-1].astype(int) - rgb[0]).max() <= 4


def test_all_directions_are_about_equally_bright() -> None:
    colours = direction_colours(np.linspace(0, 2 * np.pi, 64)) / 255.0
    linear = np.where(colours <= 0.04045, colours / 12.92, ((colours + 0.055) / 1.055) ** 2.4)
    luminance = linear @ [0.2126, 0.7152, 0.0722]
    assert luminance.max() / luminance.min() < 1.35


def test_arrows_are_sparse_true_and_only_where_it_moves() -> None:
    flow = _flow(0.5, 0)
    flow[:, 20:] = (8, -4)
    table = arrows(flow, (560, 420))
    assert table.dtype == np.float32
    assert (table[:, 0] > 0.5).all()
    assert len(table) == 10 * 15
    assert table[0, 2:] == pytest.approx([8, -4], rel=1e-3)
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
    assert np.nanmin(np.diff(table[..., 0], axis=1)) > 0  # newest first, and it went left
    still = np.repeat(clip[:1], 4, axis=0)
    assert trails(track_points(still, 8), 3, (160, 120)).shape == (0, 4, 2)


def test_a_part_of_the_frame_takes_its_part_of_the_fields() -> None:
    flow = _flow(0, 0, 48, 64)
    flow[:, 32:] = (9, 0)
    part = Region(0.5, 0.25, 0.5, 0.5)
    picture = compose(RGB, flow, None, ("flow",), 1.0, 9.0, None, part)
    wanted = direction_colours(np.float64(0)).astype(int)
    assert np.abs(picture[60, 20:, 2::-1].astype(int) - wanted).max() <= 4
    table = arrows(flow, (160, 120), 20, part)
    assert len(table) == 8 * 6
    whole = compose(RGB, flow, None, ("flow",), 1.0, 9.0, None, Region(0, 0, 1, 1))
    assert np.array_equal(whole, compose(RGB, flow, None, ("flow",), 1.0, 9.0))


def test_lines_and_legend_are_drawn_where_they_belong() -> None:
    picture = np.full((240, 320, 4), 90, np.uint8)
    table = np.float32([[0.25, 0.75, 6, 0]])
    tail = np.float32([[[0.5, 0.5], [0.45, 0.5], [np.nan, np.nan]]])
    image = FrameImage("", 0, 0.0, 0, picture, frozenset({"arrows", "tracks"}), table, tail)
    drawn = OpenCVDrawing().draw(image, 320)
    changed = (drawn != 90).any(axis=2)
    assert changed[170:190, 70:90].any()
    assert changed[118:123, 144:164].any()
    assert not changed[:100].any()
    assert (picture == 90).all()
    explained = OpenCVDrawing().draw(image, 320, legend=True)
    assert (explained[8:52, 200:] != 90).any()
    assert np.array_equal(explained[60:], drawn[60:])


def test_a_mask_of_fields_is_that_of_the_published_formula() -> None:
    rng = np.random.default_rng(0)
    fields = [to_field(rng.normal(0, 2, (40, 60, 2)).astype(np.float32), 240) for _ in range(5)]
    scale = FieldMask((240, 160))
    for field in fields:
        scale.push(field)
    length = np.stack([np.hypot(*np.moveaxis(f.astype(np.float64), 2, 0)) for f in fields])
    wanted = (length - length.min()) / (length.max() - length.min() + 1e-6)
    assert np.abs(scale.weights(fields[2]) - wanted[2]).max() < 1e-5
    still = FieldMask((240, 160))
    still.push(to_field(np.full((40, 60, 2), 0.1, np.float32), 60))
    assert not still.weights(fields[0]).any()
