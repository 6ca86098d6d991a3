"""What frames look like: turned, stretched, on grey, tone-mapped."""

from __future__ import annotations

import shutil
import subprocess
from fractions import Fraction

import numpy as np
import pytest

from motionlens.media import OpenClip, PyAVReader
from motionlens.media.geometry import Orientation, cover, fit_within, shown_size
from motionlens.media.tone import HLG, PQ, tone_mapped
from tests.support.shared import shared_folder
from tests.unit.media.files import encode, moving_noise


def test_shown_width_is_stored_width_times_pixel_aspect():
    assert shown_size(180, 144, Fraction(16, 11), Orientation()) == (262, 144)
    assert shown_size(180, 144, Fraction(16, 11), Orientation(90)) == (144, 262)
    assert shown_size(64, 48, None, Orientation(180)) == (64, 48)
    assert shown_size(64, 48, Fraction(0), Orientation()) == (64, 48)


def test_sizes_only_shrink_and_keep_their_shape():
    assert fit_within(640, 360, 320) == (320, 180)
    assert fit_within(640, 360, 1000) == (640, 360)
    assert fit_within(360, 640, 64) == (36, 64)
    assert fit_within(1000, 1, 10) == (10, 1)
    assert cover(640, 360, 100, 100) == (178, 100)


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="needs the ffmpeg command")
@pytest.mark.parametrize("degrees", [0, 90, 180, -90])
@pytest.mark.parametrize("mirrored", [False, True])
def test_a_turned_clip_is_upright_as_by_the_ffmpeg_command(tmp_path, degrees, mirrored):
    path = encode(tmp_path / "turned.mp4", moving_noise(3), turned=(degrees, mirrored))
    ours = PyAVReader().frames(path)
    info = PyAVReader().probe(path)
    assert (info.height, info.width) == ours.shape[1:3]
    command = ["ffmpeg", "-v", "quiet", "-i", str(path), "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    raw = subprocess.run(command, capture_output=True, check=True).stdout
    theirs = np.frombuffer(raw, np.uint8).reshape(ours.shape).astype(int)
    # Chroma is enlarged before turning by us and after it by the command.
    assert np.abs(theirs - ours).mean() < 4
    wrong = np.abs(theirs - ours[:, ::-1].astype(int)).mean()
    assert np.abs(theirs - ours).mean() < wrong / 3


def test_luma_is_upright_too_and_as_stored():
    for name in ("rotated90.mp4", "hevc_10bit.mp4", "gray_ffv1.mkv", "anamorphic_sar.mp4"):
        with OpenClip(shared_folder("odd", name)) as clip:
            rgb, luma = clip.frame(3).astype(float), clip.luma(3).astype(float)
            assert luma.shape == rgb.shape[:2]
            grey = rgb @ [0.299, 0.587, 0.114]
            assert np.corrcoef(grey.ravel(), luma.ravel())[0, 1] > 0.98, name


def test_what_is_handed_out_belongs_to_the_caller():
    with OpenClip(shared_folder("odd", "open_gop_bframes.mkv")) as clip:
        for take in (clip.frame, clip.luma):
            first = take(5)
            before = first.copy()
            first[:] = 0
            assert np.array_equal(take(5), before)


def test_transparent_pixels_lie_on_mid_grey():
    frame = PyAVReader().frames(shared_folder("odd", "alpha_prores4444.mov"), 0, 1)[0]
    # Its alpha is a ramp from left to right.
    ends = [np.abs(frame[:, column].astype(int) - 128).mean() for column in (0, -1)]
    assert min(ends) < 3
    assert max(ends) > 30


def test_high_dynamic_range_is_pressed_and_not_cut_off():
    code = np.linspace(0, 65535, 256).astype(np.uint16)
    greys = np.repeat(code[None, :, None], 3, axis=2)
    for transfer in (PQ, HLG):
        shown = tone_mapped(greys, transfer, wide=True)[0].astype(int)
        assert (np.diff(shown[:, 1]) >= 0).all()
        assert shown[0].max() == 0
        assert shown[-1].min() >= 254
        assert len(set(shown[:, 1])) > 100
        assert np.abs(shown - shown[:, 1:2]).max() <= 1  # grey stays grey
    white = 0.5806889  # PQ code of 203 cd/m2
    level = tone_mapped(np.full((1, 1, 3), white * 65535, np.uint16), PQ, wide=False)
    assert 180 < level[0, 0, 0] < 200


def test_an_hdr_clip_has_depth_and_no_burnt_out_areas():
    frames = PyAVReader().frames(shared_folder("odd", "hdr_pq_10bit.mp4"))
    assert frames.shape == (24, 180, 320, 3)
    assert (frames == 255).all(axis=3).mean() < 0.01
    assert frames.std() > 20


def test_scaling_down_averages_areas():
    path = shared_folder("odd", "gray_ffv1.mkv")
    full = PyAVReader().frames(path, 0, 1)[0].astype(float)
    small = PyAVReader().frames(path, 0, 1, max_side=40)[0].astype(float)
    assert small.shape[1] == 40
    assert small.shape[0] in (22, 23)
    columns = full.mean(axis=0).reshape(40, 4, 3).mean(axis=1)
    assert np.abs(small.mean(axis=0) - columns).max() < 6


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="needs the ffmpeg command")
def test_transparency_of_vp9_lies_on_mid_grey():
    path = shared_folder("odd", "alpha_vp9.webm")
    command = ["ffmpeg", "-v", "quiet", "-c:v", "libvpx-vp9", "-i", str(path)]
    command += ["-vsync", "passthrough", "-f", "rawvideo", "-pix_fmt", "rgba", "-"]
    raw = subprocess.run(command, capture_output=True, check=True).stdout
    rgba = np.frombuffer(raw, np.uint8).reshape(-1, 200, 200, 4).astype(float)
    assert rgba[..., 3].min() < 50
    share = rgba[..., 3:] / 255
    expected = rgba[..., :3] * share + 128 * (1 - share)
    ours = PyAVReader().frames(path)
    assert ours.shape == (150, 200, 200, 3)
    assert np.abs(ours - expected).max() <= 1
    # What is sought is what is counted, and times are those of the container.
    with OpenClip(path) as clip:
        for number in (149, 75, 3, 76):
            assert np.array_equal(clip.frame(number), ours[number])
        assert clip.info.frame_times_s[50] == pytest.approx(1.667)
