"""probe, frame, flow, mask, tracks: one media file, without a project."""

from __future__ import annotations

import json
import re
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from motionlens import motion_mask, read_frames
from motionlens.app.renderer import make_renderer
from motionlens.domain.requests import FrameRequest
from motionlens.files import content_hash
from motionlens.media import OpenClip, PyAVReader
from motionlens.motion.drawing import FieldMask
from motionlens.motion.flow.fields import pair_field
from motionlens.motion.images import load_image
from motionlens.motion.tracks import Tracks
from motionlens.motion.vectors import trails
from tests.support.shared import shared_folder
from tests.support.verbs import slide, verb

PROBE_KEYS = set(
    "width height fps frames variable_frame_rate rotation codec duration_s frame_times_s".split()
)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return slide(tmp_path_factory.mktemp("clip") / "slide.mp4", 3, frames=8)


def test_probe_tells_what_a_real_clip_is() -> None:
    got = verb("probe", shared_folder("clips", "real", "living_room_fast_blur.mp4"), "--json")
    assert got.code == 0
    assert got.json.keys() == PROBE_KEYS
    assert (got.json["width"], got.json["height"]) == (640, 360)
    assert len(got.json["frame_times_s"]) == got.json["frames"]
    assert got.json["variable_frame_rate"] in (True, False)


def test_probe_is_upright_and_counts_a_variable_rate() -> None:
    turned = verb("probe", shared_folder("odd", "rotated90.mp4"), "--json").json
    assert (turned["width"], turned["height"]) == (240, 320)
    assert turned["rotation"] in (90, 270)
    bursts = verb("probe", shared_folder("odd", "vfr_bursts.mkv"), "--json").json
    assert (bursts["frames"], bursts["variable_frame_rate"]) == (90, True)


def test_probe_of_what_is_no_video() -> None:
    verb("probe", "gone.mp4").refused("gone.mp4", "no such file")
    verb("probe", shared_folder("odd", "text_named.mp4")).refused()
    got = verb("probe", shared_folder("odd", "audio_only.m4a"), "--json")
    assert got.code == 2
    assert got.json["error"].keys() == {"what", "why", "next_step"}


def test_frame_is_exact_and_gives_the_times_of_probe(clip: Path, tmp_path: Path) -> None:
    times = verb("probe", clip, "--json").json["frame_times_s"]
    got = verb("frame", clip, 5, "-o", tmp_path / "5.png", "--json")
    assert got.json == {"frame": 5, "time_s": times[5]}
    assert (tmp_path / "5.png").read_bytes().startswith(b"\x89PNG")
    drawn = verb("frame", clip, 5, "-o", tmp_path / "o.png", "--overlay", "flow,mask,arrows,tracks")
    assert drawn.code == 0
    assert (tmp_path / "o.png").read_bytes() != (tmp_path / "5.png").read_bytes()
    verb("frame", clip, 8, "-o", tmp_path / "x.png").refused("no frame 8", "8 frames")
    verb("frame", clip, 0, "-o", tmp_path / "x.png", "--overlay", "glow").refused("glow")
    assert not (tmp_path / "x.png").exists()


def test_flow_between_two_images(clip: Path, tmp_path: Path) -> None:
    for n in (2, 3):
        verb("frame", clip, n, "-o", tmp_path / f"{n}.png")
    got = verb("flow", tmp_path / "2.png", tmp_path / "3.png", "-o", tmp_path / "f.flo", "--json")
    assert got.json.keys() == {"backend", "ms", "mean_px"}
    assert (tmp_path / "f.flo").read_bytes()[:4] == b"PIEH"
    assert (tmp_path / "f.flo").stat().st_size == 12 + 64 * 48 * 8
    verb("flow", tmp_path / "2.png", tmp_path / "3.png", "-o", tmp_path / "f.png")
    assert (tmp_path / "f.png").read_bytes().startswith(b"\x89PNG")
    verb("flow", tmp_path / "2.png", clip, "-o", tmp_path / "g.flo").refused()
    other = shared_folder("flow", "rubberwhale_1.png")
    verb("flow", tmp_path / "2.png", other, "-o", tmp_path / "g.flo").refused("differ in size")
    two = (tmp_path / "2.png", tmp_path / "3.png", "-o", tmp_path / "g.flo")
    verb("flow", *two, "--backend", "none-such").refused("none-such")


@pytest.mark.parametrize("recipe", ["adjacent", "anchor"])
def test_mask_has_the_clips_own_shape(recipe: str, clip: Path, tmp_path: Path) -> None:
    got = verb("mask", clip, "-o", tmp_path / "m.npz", "--recipe", recipe, "--json")
    assert got.json.keys() == {"frames", "mean", "camera_only", "inlier_share"}
    with np.load(tmp_path / "m.npz") as saved:
        mask = saved["mask"]
    assert (mask.dtype, mask.shape) == (np.float32, (8, 48, 64))
    assert mask.min() >= 0
    assert mask.max() <= 1
    assert got.json["mean"] == pytest.approx(float(mask.mean()), rel=1e-5)
    assert got.json["camera_only"] is False


def test_tracks_follow_points(clip: Path, tmp_path: Path) -> None:
    got = verb("tracks", clip, "-o", tmp_path / "t.npz", "--grid", 6, "--json")
    with np.load(tmp_path / "t.npz") as saved:
        tracks, visible = saved["tracks"], saved["visible"]
    assert got.json == {"points": tracks.shape[1], "frames": 8}
    assert (tracks.shape[0], tracks.shape[2]) == (8, 2)
    assert (visible.dtype, visible.shape) == (np.bool_, tracks.shape[:2])
    verb("tracks", clip, "-o", tmp_path / "t.npz", "--grid", 0).refused("--grid is 0")


@pytest.mark.parametrize("names", ["flow", "mask", "flow,mask"])
def test_frame_writes_the_pixels_that_the_window_shows(
    names: str, clip: Path, tmp_path: Path
) -> None:
    verb("frame", clip, 5, "-o", tmp_path / "o.png", "--overlay", names)
    renderer = make_renderer(tmp_path / "cache")
    shown = frozenset(names.split(","))
    asked = FrameRequest("c", str(clip), 5, shown, 64, 48, 1, content=content_hash(clip), wait=True)
    image = renderer.render(asked)
    again = renderer.render(asked)
    renderer.close()
    assert np.array_equal(load_image(tmp_path / "o.png"), image.pixels[..., 2::-1])
    assert np.array_equal(again.pixels, image.pixels)


def test_mask_is_that_of_the_window(clip: Path, tmp_path: Path) -> None:
    verb("mask", clip, "-o", tmp_path / "m.npz")
    with np.load(tmp_path / "m.npz", allow_pickle=False) as saved:
        mask = saved["mask"]
        times = verb("probe", clip, "--json").json["frame_times_s"]
        assert saved["frame_times_s"].tolist() == times
        assert (saved["width"], saved["height"], saved["fps"]) == (64, 48, 8.0)
        assert json.loads(str(saved["motionlens"]))["frames"] == 8
    with OpenClip(clip) as opened:
        luma = [opened.luma(n, 512) for n in range(8)]
    fields = [pair_field(a, b, 64) for a, b in pairwise(luma)]
    scale = FieldMask((64, 48))
    for field in fields:
        scale.push(field)
    # The verb enlarges weights, the window's fields lie on that grid already.
    assert np.array_equal(mask[3], scale.weights(fields[3]))
    assert np.array_equal(mask[7], mask[6])


def test_tracks_are_those_of_the_window(clip: Path, tmp_path: Path) -> None:
    verb("tracks", clip, "-o", tmp_path / "t.npz")
    with np.load(tmp_path / "t.npz", allow_pickle=False) as saved:
        tracks = Tracks(saved["tracks"], saved["visible"])
    renderer = make_renderer()
    asked = FrameRequest("c", str(clip), 6, frozenset({"tracks"}), 64, 48, 1, wait=True)
    image = renderer.render(asked)
    renderer.close()
    assert np.array_equal(image.tracks, trails(tracks, 6, (64, 48)), equal_nan=True)
    assert len(image.tracks)


def test_a_legend_explains_the_colours(tmp_path: Path) -> None:
    path = tmp_path / "large.mp4"
    wall = np.random.default_rng(0).integers(0, 255, (60, 83, 3), np.uint8)
    wall = wall.repeat(4, axis=0).repeat(4, axis=1)
    PyAVReader().write(path, np.stack([wall[:, 4 * n : 320 + 4 * n] for n in range(3)]), 8.0)
    for name, more in (("a", ()), ("b", ("--legend",))):
        got = verb("frame", path, 1, "-o", tmp_path / f"{name}.png", "--overlay", "flow", *more)
        assert got.code == 0
    plain, explained = (load_image(tmp_path / f"{name}.png") for name in "ab")
    differs = (plain != explained).any(axis=2)
    assert differs[8:52, 180:312].any()
    assert not differs[60:].any()


def test_overlay_writes_a_clip_of_the_same_frames(clip: Path, tmp_path: Path) -> None:
    out = tmp_path / "new" / "drawn.mp4"
    got = verb("overlay", clip, "-o", out, "--overlay", "flow,mask", "--json")
    assert got.json == {"frames": 8, "fps": 8.0}
    made = verb("probe", out, "--json").json
    assert (made["frames"], made["width"], made["height"], made["fps"]) == (8, 64, 48, 8.0)
    assert out.read_bytes() != clip.read_bytes()
    verb("overlay", clip, "-o", out, "--overlay", "glow").refused("glow")


def test_a_place_that_cannot_be_written_is_told_in_words(clip: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    verb("frame", clip, 0, "-o", tmp_path / "file" / "x.png").refused("Check the path")
    verb("mask", clip, "-o", tmp_path).refused("Check the path")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("mask", "--recipe", "adjacent+strong"), "strong"),
        (("mask", "--recipe", "middle"), "anchor"),
        (("mask", "--backend", "raft:absent.safetensors"), "absent.safetensors|torchvision"),
        (("tracks", "--backend", "cotracker:absent.safetensors"), "absent.safetensors|cotracker"),
        (("tracks", "--backend", "absent"), "plugin"),
    ],
)
def test_backends_and_recipes_that_cannot_be_are_told(words, said, clip, tmp_path) -> None:
    got = verb(words[0], clip, "-o", tmp_path / "out.npz", *words[1:])
    assert got.code == 2
    assert re.search(said, got.err)
    assert "Traceback" not in got.err
    assert not (tmp_path / "out.npz").exists()


def test_modifiers_of_the_mask_as_options_and_in_the_recipe(clip: Path, tmp_path: Path) -> None:
    verb("mask", clip, "-o", tmp_path / "a.npz", "--stabilise", "--robust", "--confidence")
    verb("mask", clip, "-o", tmp_path / "b.npz", "--recipe", "adjacent+confidence+robust+stabilise")
    verb("mask", clip, "-o", tmp_path / "c.npz")
    first, second, plain = (np.load(tmp_path / f"{name}.npz")["mask"] for name in "abc")
    assert np.array_equal(first, second)
    assert not np.array_equal(first, plain)


@pytest.mark.parametrize("name", [("real", "store_aisle.mp4"), ("generated", "beer_pour.mp4")])
def test_the_mask_of_the_verb_is_that_of_python(name: tuple[str, str], tmp_path: Path) -> None:
    """They differ by what RGB and its brightness lose against the stream's own luma alone."""
    path = shared_folder("clips", *name)
    assert verb("mask", path, "-o", tmp_path / "mask.npz", "--json").code == 0
    written = np.load(tmp_path / "mask.npz")["mask"]
    made = motion_mask(read_frames(path))
    assert made.shape == written.shape
    assert np.abs(made - written).mean() < 0.002
    assert np.corrcoef(made.ravel(), written.ravel())[0, 1] > 0.99
