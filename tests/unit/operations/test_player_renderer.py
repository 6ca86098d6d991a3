"""The players' renderer on a real file: exact frames, overlays, bounded memory."""

from __future__ import annotations

import numpy as np
import pytest

from motionlens.domain.clip import Region, Span
from motionlens.domain.errors import Cancelled, MediaError
from motionlens.domain.requests import FrameRequest
from motionlens.files import content_hash
from motionlens.media import OpenClip, PyAVReader
from motionlens.motion.drawing import OpenCVDrawing
from motionlens.motion.flow.store import FieldFolder
from motionlens.operations.flow_fields import FlowFields, Source
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
    made = PlayerRenderer(OpenClip, OpenCVDrawing())
    yield made
    made.close()


def request(path, frame=0, *overlays, **options):
    return FrameRequest(
        "clip", path, frame, frozenset(overlays), options.pop("width", 320),
        options.pop("height", 240), options.pop("turn", 1),
        wait=options.pop("wait", True), **options,
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
        made = PlayerRenderer(OpenClip, OpenCVDrawing())
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

    made = PlayerRenderer(opener, OpenCVDrawing(), open_clips=1, image_bytes=1)
    made.render(request(clip, 0))
    made.render(request(clip, 1))
    assert len(made._images) == 1
    assert len(opened) == 1
    made.close()
    with pytest.raises(Cancelled):
        made.render(request(clip, 0))


def test_fields_stay_within_their_budget(clip):
    source = Source.of(clip, "")
    with OpenClip(clip) as opened:
        one = FlowFields(OpenCVDrawing()).field(source, opened, 0).nbytes
        fields = FlowFields(OpenCVDrawing(), budget=3 * one)
        for n in range(FRAMES):
            fields.field(source, opened, n)
        assert fields.bytes_held <= 3 * one


ALL = ("flow", "mask", "tracks", "arrows")


def test_what_needs_the_whole_clip_comes_later_unless_it_is_waited_for(renderer, clip):
    first = renderer.render(request(clip, 4, *ALL, wait=False))
    assert first.pending == {"flow", "mask", "tracks"}
    assert first.pending_s > 0
    assert first.tracks is None
    assert first.flow_scale_px == 0
    assert first.arrows is not None
    bare = renderer.render(request(clip, 4)).pixels
    assert np.array_equal(first.pixels, bare)
    renderer.render(request(clip, 4, *ALL, wait=False))
    steps = 0
    while renderer.idle():
        steps += 1
        assert steps < 20 * FRAMES
    late = renderer.render(request(clip, 4, *ALL, wait=False))
    assert not late.pending
    assert late.pending_s == 0
    other = PlayerRenderer(OpenClip, OpenCVDrawing())
    waited = other.render(request(clip, 4, *ALL))
    other.close()
    assert np.array_equal(late.pixels, waited.pixels)
    assert np.array_equal(late.arrows, waited.arrows)
    assert np.array_equal(late.tracks, waited.tracks, equal_nan=True)


def test_a_cached_answer_equals_a_computed_one_and_needs_no_flow(clip, tmp_path):
    class NoFlow(OpenCVDrawing):
        def field(self, a, b, shown_width):
            raise AssertionError("computed again")

    store = FieldFolder(tmp_path / "flow")
    first = PlayerRenderer(OpenClip, OpenCVDrawing(), store)
    made = first.render(request(clip, 5, "flow", "mask", "arrows", content=content_hash(clip)))
    first.close()
    second = PlayerRenderer(OpenClip, NoFlow(), FieldFolder(tmp_path / "flow"))
    read = second.render(request(clip, 5, "flow", "mask", "arrows", content=content_hash(clip)))
    second.close()
    assert np.array_equal(made.pixels, read.pixels)
    assert np.array_equal(made.arrows, read.arrows)
    assert made.flow_scale_px == read.flow_scale_px


def test_another_file_at_the_same_path_is_not_drawn_with_the_old_one_s_motion(tmp_path):
    path = tmp_path / "changing.mp4"
    random = np.random.default_rng(3)
    wall = random.integers(0, 255, (24, 60, 3), np.uint8).repeat(4, axis=0).repeat(4, axis=1)
    right = np.stack([wall[:, 40 - 3 * n : 200 - 3 * n] for n in range(6)])
    PyAVReader().write(path, right, 8.0)
    renderer = PlayerRenderer(OpenClip, OpenCVDrawing())
    before = renderer.render(request(str(path), 2, "arrows", "flow"))
    PyAVReader().write(path, right[::-1].copy(), 9.0)
    after = renderer.render(request(str(path), 2, "arrows", "flow"))
    renderer.close()
    assert np.median(before.arrows[:, 2]) > 2
    assert np.median(after.arrows[:, 2]) < -2


def test_a_part_shown_by_whole_pixels_is_exact(renderer, clip):
    truth = renderer.render(request(clip, 3, width=WIDTH, height=HEIGHT)).pixels
    view = Region(20 / WIDTH, 28 / HEIGHT, 40 / WIDTH, 20 / HEIGHT)
    image = renderer.render(
        request(clip, 3, width=203, height=101, view=view, nearest=True, enlarge=1000.0)
    )
    assert image.pixels.shape == (100, 200, 4)
    assert image.view == view
    squares = truth[28:48, 20:60].repeat(5, axis=0).repeat(5, axis=1)
    assert np.array_equal(image.pixels, squares)


def test_a_part_has_the_overlays_of_that_part(renderer, clip):
    whole = renderer.render(request(clip, 4, *ALL, width=2 * WIDTH, height=2 * HEIGHT))
    view = Region(0.25, 0.25, 0.5, 0.5)
    part = renderer.render(request(clip, 4, *ALL, width=WIDTH, height=HEIGHT, view=view))
    assert part.pixels.shape == (HEIGHT, WIDTH, 4)
    middle = whole.pixels[48:144, 80:240, :3].astype(int)
    # Enlarged by another way, so only about the same; another place would differ by far more.
    assert np.abs(part.pixels[..., :3].astype(int) - middle).mean() < 12
    assert np.abs(part.pixels[..., :3].astype(int) - whole.pixels[:96, :160, :3]).mean() > 18
    back = part.tracks * (0.5, 0.5) + (0.25, 0.25)
    assert np.allclose(back, whole.tracks, atol=1e-5, equal_nan=True)
    inside = (np.abs(part.arrows[:, :2] - 0.5) <= 0.5).all()
    assert inside
    assert np.median(part.arrows[:, 2]) == pytest.approx(SPEED, abs=1.5)


def test_idle_decodes_ahead_in_the_direction_of_travel(clip):
    opened = []

    def opener(path, info):
        opened.append(OpenClip(path, info))
        return opened[-1]

    made = PlayerRenderer(opener, OpenCVDrawing())
    made.render(request(clip, 2))
    assert opened[0].decoded == 3
    while made.idle():
        pass
    assert opened[0].decoded == 9
    made.close()
    assert not made.idle()


def test_a_single_frame_has_no_motion(tmp_path):
    path = tmp_path / "one.mp4"
    PyAVReader().write(path, np.full((1, 32, 48, 3), 90, np.uint8), 1.0)
    made = PlayerRenderer(OpenClip, OpenCVDrawing())
    image = made.render(request(str(path), 0, *ALL))
    made.close()
    assert not image.pending
    assert len(image.arrows) == 0
    assert len(image.tracks) == 0


def test_a_clip_that_cannot_be_read_through_does_not_hold_others_up(clip):
    class Breaking(OpenCVDrawing):
        def field(self, a, b, shown_width):
            raise MediaError("The clip cannot be read", "it broke off", "Make it again")

    made = PlayerRenderer(OpenClip, Breaking())
    made.render(request(clip, 3, "mask", "tracks", wait=False))
    for _ in range(4 * FRAMES):
        made.idle()
    assert not made.idle()
    image = made.render(request(clip, 3, "mask", "tracks", wait=False))
    bare = made.render(request(clip, 3))
    made.close()
    assert not image.pending
    assert len(image.tracks)  # they need no flow, and were not held up
    assert np.array_equal(image.pixels, bare.pixels)


def test_a_player_that_never_pauses_gets_its_overlays_too(clip):
    made = PlayerRenderer(OpenClip, OpenCVDrawing(), image_bytes=0)
    asked = (
        made.render(request(clip, n % FRAMES, "mask", wait=False)).pending for n in range(20_000)
    )
    assert frozenset() in asked
    made.close()
