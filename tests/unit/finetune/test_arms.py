"""Short trainings in memory: alike in all but their clips, and the base is left as it was."""

from __future__ import annotations

import numpy as np
import torch

from motionlens.finetune.arms import encoded, measured_losses, train_copy
from motionlens.models.embedded import EmbeddedModel
from motionlens.models.features import bottom_features
from motionlens.worlds.physics import simulate


class _Never:
    def check(self) -> None:
        return None


def test_training_a_copy_lowers_its_own_loss_and_spares_the_base() -> None:
    torch.set_num_threads(1)
    model = EmbeddedModel.untrained(0)
    made = [simulate(20_000_000 + n) for n in range(4)]
    clips = [(clip.frames, clip.caption) for clip in made]
    held = encoded(model, clips)
    assert held.mirrors
    assert held.inverts
    before = model.weights_hash
    first = train_copy(model, held, [0, 1, 2], 4, 1, _Never(), batch=4)
    again = train_copy(model, held, [0, 1, 2], 4, 1, _Never(), batch=4)
    other = train_copy(model, held, [1, 2, 3], 4, 1, _Never(), batch=4)
    assert model.weights_hash == before
    assert first.weights_hash == again.weights_hash != other.weights_hash
    asked = [(frames, None, caption) for frames, caption in clips]
    assert measured_losses(first, asked).mean() < measured_losses(model, asked).mean()
    still = np.zeros(clips[0][0].shape[:3], np.float32)
    assert measured_losses(model, [(clips[0][0], still, clips[0][1])])[0] == 0


def test_features_are_of_the_clip_and_repeat() -> None:
    model = EmbeddedModel.untrained(0)
    a, b = simulate(1), simulate(2)
    first = bottom_features(model, a.frames, a.caption)
    assert np.array_equal(first, bottom_features(model, a.frames, a.caption))
    assert not np.array_equal(first, bottom_features(model, b.frames, b.caption))
    assert first.ndim == 1
    assert first.dtype == np.float32
