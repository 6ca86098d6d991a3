"""The embedded model: shapes, sign and direction of the loss, sampling, conditions."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from motionlens.domain.errors import ModelError
from motionlens.media import PyAVReader
from motionlens.models.embedded import CLASSES, NO_CLASS, EmbeddedModel
from motionlens.models.registry import load_model
from motionlens.worlds.judge import motion_error
from motionlens.worlds.physics import judged_starts, simulate
from tests.support.shared import shared_folder


class Oracle(nn.Module):
    """A network that knows the answer."""

    def __init__(self, clips: Tensor) -> None:
        super().__init__()
        self.clips = clips

    def forward(self, clip: Tensor, level: Tensor, motion_class: Tensor) -> Tensor:
        return self.clips[: len(clip), 0, 4:]


@pytest.fixture(scope="module")
def latents() -> Tensor:
    model = EmbeddedModel.untrained()
    return torch.stack([model.encode(simulate(seed, "clean").frames) for seed in (1, 2)])


def test_loss_has_one_number_a_cell(small: EmbeddedModel, latents: Tensor) -> None:
    ids = torch.tensor([0, NO_CLASS])
    assert latents.shape == (2, 1, 16, 32, 32)
    assert latents.abs().max() <= 1
    loss = small.loss(latents, ids, 0.5, small.noise(3))
    assert loss.shape == (2, 12, 32, 32)
    assert small.mask_to_latent(np.ones((16, 64, 64), np.float32)).shape == loss.shape[1:]
    # A clip's loss is its own: neither batch nor neighbour changes it.
    alone = small.loss(latents[1:], ids[1:], torch.tensor([0.5]), small.noise(3)[None])
    torch.testing.assert_close(loss[1:], alone, rtol=1e-4, atol=1e-6)


def test_the_right_answer_costs_nothing_and_a_wrong_one_its_square(latents: Tensor) -> None:
    model = EmbeddedModel.untrained()
    noise, ids = model.noise(0), torch.zeros(2, dtype=torch.int64)
    model.network = Oracle(latents)  # type: ignore[assignment]
    assert model.loss(latents, ids, 0.5, noise).max() == 0
    model.network = Oracle(latents + 0.1)  # type: ignore[assignment]
    for level, floor in ((0.5, 0.5), (0.1, 0.2)):
        loss = model.loss(latents, ids, level, noise)
        assert loss.mean().item() == pytest.approx(0.01 / floor**2, rel=1e-3)


def test_sampling_ends_at_what_the_network_believes(latents: Tensor) -> None:
    """Wrong sign or direction of time would end in noise."""
    model = EmbeddedModel.untrained()
    model.network = Oracle(latents)  # type: ignore[assignment]
    made = model.sample_latents(latents[:, :, :4], torch.zeros(2, dtype=torch.int64), seed=5)
    torch.testing.assert_close(made, latents, rtol=1e-3, atol=1e-3)


def test_noise_is_mixed_in_by_its_share(small: EmbeddedModel, latents: Tensor) -> None:
    seen = []

    class Spy(nn.Module):
        def forward(self, clip: Tensor, level: Tensor, motion_class: Tensor) -> Tensor:
            seen.append((clip, level))
            return clip[:, 4:]

    small.network = Spy()  # type: ignore[assignment]
    noise = small.noise(2)
    small.loss(latents, torch.zeros(2, dtype=torch.int64), 0.25, noise)
    clip, level = seen[0]
    torch.testing.assert_close(clip[:, :4], latents[:, 0, :4])
    torch.testing.assert_close(clip[:, 4:], 0.75 * latents[:, 0, 4:] + 0.25 * noise[0])
    assert level.tolist() == [0.25, 0.25]


def test_every_tracked_parameter_gets_a_gradient(small: EmbeddedModel, latents: Tensor) -> None:
    loss = small.loss(latents, torch.tensor([1, 4]), 0.6, small.noise(0)).mean()
    loss.backward()  # type: ignore[no-untyped-call]
    tracked = small.tracked_parameters("all")
    assert sum(p.numel() for p in tracked.values()) == small.parameters
    for name, parameter in tracked.items():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().max() > 0, name


def test_tracked_parameters_by_name(small: EmbeddedModel) -> None:
    bottom = small.tracked_parameters(r"^bottom\.")
    assert bottom
    assert all(name.startswith("bottom.") for name in bottom)
    for wrong in ("lora", "no_such_layer", "(unclosed"):
        with pytest.raises(ModelError) as caught:
            small.tracked_parameters(wrong)
        assert caught.value.next_step


def test_noise_and_generations_come_from_their_seed(small: EmbeddedModel, latents: Tensor) -> None:
    assert torch.equal(small.noise(1), small.noise(1))
    assert not torch.equal(small.noise(1), small.noise(2))
    assert small.noise(1).shape == (1, 12, 32, 32)
    ids = torch.tensor([0, 1])
    both = small.sample(latents, ids, [7, 8], steps=2)
    assert both.shape == (2, 16, 256, 256, 3)
    assert both.dtype == np.uint8
    np.testing.assert_array_equal(both, small.sample(latents, ids, [7, 8], steps=2))
    assert (both[0] != small.sample(latents[:1], ids[:1], [9], steps=2)[0]).any()


@pytest.mark.parametrize(
    ("caption", "wanted"),
    [
        ("bounce: a red ball drops and bounces", "bounce"),
        ("A ball rolls, then slides", "roll"),
        ("Throwing a stone", "throw"),
        ("children on a swing", "swing"),
        ("two cars colliding", "collide"),
        ("a dog barks", None),
        ("unrolled scrollwork", None),
        ("", None),
        (None, None),
    ],
)
def test_class_is_the_first_known_word(caption: str | None, wanted: str | None) -> None:
    found = int(EmbeddedModel.untrained().condition(caption))
    assert found == (NO_CLASS if wanted is None else CLASSES.index(wanted))


def test_clips_of_any_size_and_length_encode(small: EmbeddedModel) -> None:
    random = np.random.default_rng(0)
    for frames, height, width in ((1, 1, 1), (5, 37, 53), (40, 90, 160), (16, 20, 500)):
        clip = random.integers(0, 256, (frames, height, width, 3), dtype=np.uint8)
        encoded = small.encode(clip)
        assert encoded.shape == (1, 16, 32, 32)
        assert torch.isfinite(encoded).all()
        assert encoded.mean().item() == pytest.approx(
            float(clip[..., :].mean() / 127.5 - 1), abs=0.3
        )


def test_the_shipped_weights_move_things_better_than_standing_still() -> None:
    model = load_model("embedded", "cpu")
    errors, frozen = [], []
    for spec in judged_starts(6):
        clip = simulate(spec.seed, spec.kind)
        made = next(model.continue_clips([clip.frames], [clip.caption], seed=spec.seed))
        errors.append(motion_error(clip, made))
        still = clip.frames[np.minimum(np.arange(16), 3)]
        frozen.append(motion_error(clip, still))
    assert np.mean(errors) < 0.85 * np.mean(frozen)


def test_a_real_clip_is_seen_whole(small: EmbeddedModel) -> None:
    """Left and right edges of a wide film still count: nothing is cut away."""
    path = sorted(shared_folder("clips", "real").glob("*.mp4"))[0]
    frames = PyAVReader().frames(path)
    encoded = small.encode(frames)
    assert encoded.shape == (1, 16, 32, 32)
    blank = frames.copy()
    blank[:, :, :4] = 255 - blank[:, :, :4]
    changed = (small.encode(blank) - encoded).abs().amax(dim=(0, 1, 2))
    assert changed[0] > 0.01
    assert changed[2:].max() < 1e-5
