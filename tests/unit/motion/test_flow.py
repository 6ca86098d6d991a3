"""Flow backends against ground truth, and files of flow."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

from motionlens.bench.motion import end_point_error
from motionlens.bench.motion_pairs import made_pair
from motionlens.domain.errors import MediaError, UsageError
from motionlens.motion.flow import BACKENDS, flow_backend, frame_flow, read_flow, write_flow
from motionlens.motion.grids import lengths
from motionlens.motion.images import load_image, save_image
from motionlens.motion.opencv import cv2
from tests.support.shared import shared_folder

from .scenes import pan, texture

PAIRS = {
    "rubberwhale": ("rubberwhale_1.png", "rubberwhale_2.png", "rubberwhale_flow.flo"),
    "sintel": (
        "sintel_alley1_clean_1.png",
        "sintel_alley1_clean_2.png",
        "sintel_alley1_clean_flow.flo",
    ),
    "kitti": ("kitti_1.png", "kitti_2.png", "kitti_flow.png"),
}


@pytest.mark.parametrize(
    ("backend", "pair", "most_px"),
    [
        ("dis", "rubberwhale", 0.26),
        ("dis", "sintel", 0.70),
        ("dis", "kitti", 16.5),  # 38 without the coarse start
        ("dis-fast", "rubberwhale", 0.50),
        ("dis-fine", "rubberwhale", 0.14),
        ("dis-fine", "sintel", 0.50),
        ("farneback", "rubberwhale", 0.42),
    ],
)
def test_end_point_error(backend: str, pair: str, most_px: float) -> None:
    first, second, truth = (shared_folder("flow", name) for name in PAIRS[pair])
    known, valid = read_flow(truth)
    found = flow_backend(backend).flow(load_image(first), load_image(second))
    assert np.linalg.norm(found - known, axis=2)[valid].mean() <= most_px


@pytest.mark.parametrize("side", [256, 320, 400, 512, 640])
def test_large_motion_is_found_at_every_size(side: int) -> None:
    first, second = (load_image(shared_folder("flow", name)) for name in PAIRS["kitti"][:2])
    known, valid = read_flow(shared_folder("flow", PAIRS["kitti"][2]))
    flow = frame_flow(first, second, side=side)
    found = cv2.resize(flow, known.shape[1::-1])
    assert np.linalg.norm(found - known, axis=2)[valid].mean() <= 24


@pytest.mark.parametrize(("width", "height"), [(576, 384), (260, 180)])
def test_a_quick_camera_before_a_quick_thing(width: int, height: int) -> None:
    pair = made_pair("made", 0.1, height, width)
    error = end_point_error(flow_backend("dis").flow(pair.first, pair.second), pair)
    assert error <= 0.04 * width


@pytest.mark.parametrize("shape", [(300, 64), (64, 300), (200, 70), (999, 66), (66, 999)])
def test_long_thin_pictures(shape: tuple[int, int]) -> None:
    wall = texture(shape[0], shape[1] + 6)
    flow = flow_backend("dis").flow(wall[:, 6:], wall[:, :-6])
    assert np.median(flow[..., 0]) == pytest.approx(6, abs=0.2)


@pytest.mark.parametrize("name", list(BACKENDS))
@pytest.mark.parametrize("size", [(1, 1), (1, 90), (7, 5), (16, 16), (96, 97), (33, 400)])
def test_any_size_gives_finite_flow(name: str, size: tuple[int, int]) -> None:
    a = texture(*size) if min(size) > 1 else np.full((*size, 3), 90, np.uint8)
    flow = flow_backend(name).flow(a, a)
    assert flow.shape == (*size, 2)
    assert flow.dtype == np.float32
    assert np.abs(flow).max() < 0.2


def test_lengths_do_not_depend_on_where_the_array_lies() -> None:
    flow = np.random.default_rng(0).normal(0, 3, (61, 83, 2)).astype(np.float32)
    space = np.empty(flow.size + 16, np.float32)
    for shift in range(16):
        moved = space[shift : shift + flow.size].reshape(flow.shape)
        moved[:] = flow
        assert np.array_equal(lengths(moved), lengths(flow))


def test_a_start_flow_does_not_outlive_its_call() -> None:
    a, b = pan(2, 4)
    backend = flow_backend("dis")
    before = backend.flow(a, b)
    backend.flow(*pan(2, 20, 200, 300))
    assert np.array_equal(backend.flow(a, b), before)


def test_grey_and_colour_agree_and_unit_is_that_of_the_picture() -> None:
    a, b = pan(2, 12, 600, 1100)
    flow = frame_flow(a, b)
    assert max(flow.shape) == 512
    assert np.median(flow[..., 0]) == pytest.approx(-12, abs=0.3)


def test_unknown_backend_lists_those_there_are() -> None:
    with pytest.raises(UsageError, match="dis-fast"):
        flow_backend("rafting")


def test_pictures_of_two_sizes_are_refused() -> None:
    with pytest.raises(UsageError, match="same size"):
        flow_backend("dis").flow(texture(40, 40), texture(40, 41))


def test_flo_keeps_every_bit(tmp_path) -> None:
    flow = np.random.default_rng(0).normal(0, 30, (9, 14, 2)).astype(np.float32)
    flow[2, 3] = np.nan
    write_flow(tmp_path / "a.flo", flow)
    found, valid = read_flow(tmp_path / "a.flo")
    assert not valid[2, 3]
    assert valid.sum() == 9 * 14 - 1
    assert np.array_equal(found[valid], flow[valid])


def test_kitti_keeps_a_64th_and_marks_what_is_too_long(tmp_path) -> None:
    flow = np.random.default_rng(0).uniform(-500, 500, (9, 14, 2)).astype(np.float32)
    flow[0, 0] = 600, 0
    write_flow(tmp_path / "a.png", flow)
    found, valid = read_flow(tmp_path / "a.png")
    assert not valid[0, 0]
    assert np.abs(found - flow)[valid].max() <= 1 / 128 + 1e-4


@pytest.mark.parametrize("name", ["a.flo", "a.png"])
@pytest.mark.parametrize("data", [b"", b"PIEH", b"not a flow file at all"])
def test_what_is_no_flow_file_is_named(tmp_path, name: str, data: bytes) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(MediaError, match="not a flow file"):
        read_flow(tmp_path / name)


def test_missing_file_and_unknown_suffix(tmp_path) -> None:
    with pytest.raises(MediaError, match="cannot be read"):
        read_flow(tmp_path / "none.flo")
    with pytest.raises(UsageError, match=r"\.flo"):
        write_flow(tmp_path / "a.txt", np.zeros((2, 2, 2), np.float32))


def test_picture_round_trip_and_text_for_a_picture(tmp_path) -> None:
    picture = texture(20, 30)
    save_image(tmp_path / "ä.png", picture)
    assert np.array_equal(load_image(tmp_path / "ä.png"), picture)
    (tmp_path / "b.png").write_text("no picture")
    with pytest.raises(MediaError, match="not a picture"):
        load_image(tmp_path / "b.png")


@pytest.mark.parametrize("value", [None, "kept"])
def test_importing_opencv_leaves_the_environment_alone(value: str | None) -> None:
    names = ("QT_QPA_PLATFORM_PLUGIN_PATH", "QT_QPA_FONTDIR")
    environment = {k: v for k, v in os.environ.items() if k not in names}
    if value is not None:
        environment |= dict.fromkeys(names, value)
    code = (
        "import os; before = dict(os.environ); import motionlens.motion as m; "
        "assert m.flow_backend('dis'); assert dict(os.environ) == before"
    )
    subprocess.run([sys.executable, "-c", code], env=environment, check=True, timeout=60)
