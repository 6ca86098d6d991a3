"""What a model sees of a clip, and that its mask is cut alike."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from motionlens.models.framing import Framing, snapped

WAN = Framing(9, 64, 96, 4, 8)


def test_mask_in_time_is_the_mean_over_what_a_latent_stands_for() -> None:
    mask = np.zeros((9, 64, 96), np.float32)
    mask += np.arange(9, dtype=np.float32)[:, None, None]
    steps = WAN.mask(mask)
    assert steps.shape == (3, 8, 12)
    expected = torch.tensor([0.0, 2.5, 6.5])  # frame 0; 1 to 4; 5 to 8
    torch.testing.assert_close(steps.mean((1, 2)), expected)


def test_mask_is_cut_where_the_picture_is() -> None:
    """A square that moves is where its mask is, whatever is cut off around it."""
    rng = np.random.default_rng(0)
    for _ in range(5):
        height, width = int(rng.integers(60, 200)), int(rng.integers(60, 200))
        frames = np.zeros((9, height, width, 3), np.uint8)
        mask = np.zeros((9, height, width), np.float32)
        top, left = height // 3, width // 3
        frames[:, top : top + 20, left : left + 20] = 255
        mask[:, top : top + 20, left : left + 20] = 1
        seen = (WAN.pixels(frames)[0] + 1) / 2
        cells = torch.nn.functional.avg_pool2d(seen, 8)
        torch.testing.assert_close(cells[0], WAN.mask(mask)[0], atol=0.12, rtol=0)


def test_mask_of_a_smaller_picture_lands_in_the_same_place() -> None:
    mask = np.zeros((9, 80, 100), np.float32)
    mask[:, 24:56, 40:80] = 1
    small = mask.reshape(9, 20, 4, 25, 4).mean((2, 4))
    torch.testing.assert_close(WAN.mask(small), WAN.mask(mask), atol=0.15, rtol=0)
    torch.testing.assert_close(WAN.mask(small).sum(), WAN.mask(mask).sum(), rtol=0.02, atol=0)


def test_weights_in_time_alone_reach_every_cell() -> None:
    span = np.zeros((9, 1, 1), np.float32)
    span[5:] = 1
    seen = WAN.mask(span)
    assert torch.equal(seen, torch.tensor([0.0, 0, 1])[:, None, None].expand(3, 8, 12))


def test_short_clips_are_stretched_and_long_ones_thinned() -> None:
    for count in (1, 2, 9, 40):
        frames = np.zeros((count, 64, 96, 3), np.uint8)
        frames += (np.arange(count, dtype=np.uint8) * 5)[:, None, None, None]
        seen = (WAN.pixels(frames)[0, :, 0, 0] + 1) * 127.5 / 5
        assert seen[0] == pytest.approx(0, abs=0.01)
        assert seen[-1] == pytest.approx(count - 1, abs=0.01)
        assert WAN.mask(np.ones((count, 64, 96), np.float32)).shape == (3, 8, 12)


@pytest.mark.parametrize(
    ("asked", "patch", "frames", "size"),
    [
        ({}, (1, 2), 81, (480, 832)),
        ({"frames": 10, "size": [68, 72]}, (1, 2), 9, (64, 64)),
        ({"frames": 10, "size": [64, 64]}, (2, 2), 5, (64, 64)),
        ({"frames": 13, "size": [64, 64]}, (2, 2), 13, (64, 64)),
        ({"frames": 1, "size": [16, 16]}, (1, 2), 1, (16, 16)),
    ],
)
def test_shape_is_snapped_to_what_encoder_and_patches_divide(
    asked: dict[str, object], patch: tuple[int, int], frames: int, size: tuple[int, int]
) -> None:
    framing, given_up = snapped(asked, (81, 480, 832), 4, 8, patch)
    assert (framing.frames, framing.height, framing.width) == (frames, *size)
    assert framing.latent_frames % patch[0] == 0
    assert bool(given_up) == bool(asked and (asked["frames"], asked["size"]) != (frames, [*size]))
