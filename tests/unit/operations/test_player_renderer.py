"""The players' renderer on a real file: exact frames, overlays, bounded memory."""

from __future__ import annotations

import numpy as np
import pytest

from motionlens.domain.clip import Span
from motionlens.domain.errors import Cancelled, MediaError
from motionlens.domain.requests import FrameRequest
from motionlens.media import OpenClip, PyAVReader
from motionlens.motion import flow_backend
from motionlens.motion.overlay import compose
from motionlens.operations.flow_fields import FlowFields, arrows, soft_mask, trails
from motionlens.operations.render import PlayerRenderer

FRAMES, HEIGHT, WIDTH, SPEED = 12, 96, 160, 4


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    """A textured square that slides 4 px a frame to the right on a still ground."""
    path = tmp_path_factory.mktemp("render") / "slide.mp4"
    random = np.random.default_rng(0)
    texture = random.integers(60, 255, (10, 10, 3), np.uint8).repeat(4, axis=0).repeat(4, axis=1)
    # A still ground needs a texture too: flow spreads into what is blank.
    ground = random.integers(20, 120, (HEIGHT // 4, WIDTH // 4, 3), np.uint8)
    frames = np.stack([ground.repeat(4, axis=0).repeat(4, axis=1)] * FRAMES)
    for n in range(FRAMES):
        left = 20 + SPEED * n
        frames[n, 28:68, left : left + 40] = texture
    PyAVReader().write(path, frames, 8.0)
    return str(path)


@pytest.fixture
def renderer():
    made = PlayerRenderer(OpenClip, flow_backend("dis"), compose)
    yield made
    made.close()


def request(path, frame=0, *overlays, **options):
    return FrameRequest(
        "clip", path, frame, frozenset(overlays), options.pop("width", 320),
        options.pop("height", 240), options.pop("turn", 1), **options,
    )  # fmt: skip


def test_a_bare_frame_is_the_file_s_own(renderer, clip):
    image = renderer.render(request(clip, 5, width=WIDTH, height=HEIGHT))
    truth = PyAVReader().frames(clip, 5, 6)[0]
    assert (image.clip, image.frame, image.turn) == ("clip", 5, 1)
    assert image.time_s == pytest.approx(5 / 8)
    assert image.pixels.shape == (HEIGHT, WIDTH, 4)
    assert np.abs(image.pixels[..., 2::-1].astype(int) - truth).max() <= 2
    assert image.arrows is None
    assert image.tracks is None


def test_a_frame_fits_its_stage_and_is_not_enlarged_beyond_the_limit(renderer, clip):
    assert renderer.render(request(clip, width=240, height=240)).pixels.shape[:2] == (144, 240)
    assert renderer.render(request(clip, width=4000, height=3000)).pixels.shape[:2] == (192, 320)
    twice = request(clip, width=4000, height=3000, ratio=2.0)
    assert renderer.render(twice).pixels.shape[:2] == (384, 640)


def test_a_part_of_a_file_counts_from_its_own_first_frame(renderer, clip):
    part = request(clip, 2, span=Span(4, 8))
    whole = renderer.render(request(clip, 6))
    image = renderer.render(part)
    assert image.frame == 2
    assert image.time_s == pytest.approx(2 / 8)
    assert np.array_equal(image.pixels, whole.pixels)
    assert renderer.render(request(clip, 99, span=Span(4, 8))).frame == 3


def test_a_part_beyond_the_file_is_told(renderer, clip):
    with pytest.raises(MediaError, match="12 frames"):
        renderer.render(request(clip, 0, span=Span(50, 60)))


def test_arrows_point_where_the_square_goes(renderer, clip):
    image = renderer.render(request(clip, 4, "arrows"))
    assert image.arrows is not None
    assert len(image.arrows) > 3
    dx, dy = np.median(image.arrows[:, 2]), np.median(image.arrows[:, 3])
    assert dx == pytest.approx(SPEED, abs=1.5)
    assert abs(dy) < 1
    assert image.flow_scale_px == 0


def test_the_last_frame_repeats_the_motion_before_it(renderer, clip):
    last = renderer.render(request(clip, FRAMES - 1, "arrows"))
    before = renderer.render(request(clip, FRAMES - 2, "arrows"))
    assert last.arrows is not None
    assert before.arrows is not None
    assert np.array_equal(last.arrows, before.arrows)


def test_the_mask_leaves_the_mover_bright_and_darkens_the_rest(renderer, clip):
    bare = renderer.render(request(clip, 4)).pixels[..., :3].astype(float)
    masked = renderer.render(request(clip, 4, "mask")).pixels[..., :3].astype(float)
    light = masked.sum(axis=2) / np.maximum(bare.sum(axis=2), 1)
    assert light[80:110, 90:120].mean() > 0.8
    assert light[:20, :40].mean() < 0.4


def test_flow_s_scale_is_the_same_whichever_frame_comes_first(clip):
    scales = []
    for first in (0, 7):
        made = PlayerRenderer(OpenClip, flow_backend("dis"), compose)
        scales.append(made.render(request(clip, first, "flow")).flow_scale_px)
        made.close()
    assert scales[0] == scales[1]
    assert scales[0] == pytest.approx(SPEED, abs=1.5)


def test_tracks_lead_back_to_where_points_came_from(renderer, clip):
    image = renderer.render(request(clip, 8, "tracks"))
    assert image.tracks is not None
    assert len(image.tracks) > 0
    travel = (image.tracks[:, 0] - image.tracks[:, -1]) * (WIDTH, HEIGHT)
    assert np.nanmax(travel[:, 0]) == pytest.approx(8 * SPEED, abs=8)
    assert np.nanmedian(np.abs(travel[:, 1])) < 2


def test_the_turn_is_the_request_s_even_for_a_kept_image(renderer, clip):
    first = renderer.render(request(clip, 3, turn=1))
    again = renderer.render(request(clip, 3, turn=9))
    assert again.turn == 9
    assert again.pixels is first.pixels


def test_files_and_images_stay_bounded(clip):
    opened = []

    def opener(path, info):
        opened.append(OpenClip(path, info))
        return opened[-1]

    made = PlayerRenderer(opener, flow_backend("dis"), compose, open_clips=1, image_bytes=1)
    made.render(request(clip, 0))
    made.render(request(clip, 1))
    assert len(made._images) == 1
    assert len(opened) == 1
    made.close()
    with pytest.raises(Cancelled):
        made.render(request(clip, 0))


def test_fields_stay_within_their_budget(clip):
    with OpenClip(clip) as opened:
        one = FlowFields(flow_backend("dis")).field(clip, opened, 0, FRAMES).nbytes
        fields = FlowFields(flow_backend("dis"), budget=3 * one)
        for n in range(FRAMES):
            fields.field(clip, opened, n, FRAMES)
        assert fields.bytes_held <= 3 * one


def test_a_still_clip_has_no_mask_and_no_arrows():
    still = np.zeros((10, 16, 2), np.float16)
    assert soft_mask(still, 0.0).max() == 0
    assert len(arrows(still, (320, 200), 28)) == 0
    assert len(trails(lambda _n: still, 5, 0, (160, 96))) == 0
