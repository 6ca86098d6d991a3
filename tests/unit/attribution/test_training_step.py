"""Steps are real, linear when small, alike for all arms, and taken back."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from motionlens.attribution import training_step
from motionlens.attribution.attributor import TorchAttributor
from motionlens.domain.errors import Cancelled
from motionlens.lanes import CancelToken
from motionlens.models.embedded import EmbeddedModel
from motionlens.operations.rooms import NO_TOKEN

from .conftest import Shown

ARMS = [np.array([[0, 1], [2, 3]]), np.array([[0, 0], [1, 1]])]


def losses(
    attributor: TorchAttributor, clips: list[Shown], arms: list[np.ndarray], rate: float
) -> np.ndarray:
    return attributor.losses_after_steps(
        [(clip.frames, clip.caption) for clip in clips[:4]],
        arms,
        [(clip.frames, clip.mask, clip.caption) for clip in (clips[0], clips[4])],
        rate,
        3,
        NO_TOKEN,
    )


def test_training_on_clips_lowers_their_loss_and_is_taken_back(
    model: EmbeddedModel, attributor: TorchAttributor, clips: list[Shown]
) -> None:
    before = model.weights_hash
    found = losses(attributor, clips, ARMS, 0.05)
    assert found.shape == (3, 2)
    assert (found[1:, 0] < found[0, 0]).all()
    assert found[1, 0] != found[2, 0]
    assert model.weights_hash == before
    assert np.array_equal(losses(attributor, clips, ARMS, 0.05), found)


def test_arms_do_not_see_each_other(attributor: TorchAttributor, clips: list[Shown]) -> None:
    both = losses(attributor, clips, ARMS, 0.05)
    assert np.array_equal(losses(attributor, clips, ARMS[1:], 0.05)[1], both[2])


def test_small_steps_are_linear(attributor: TorchAttributor, clips: list[Shown]) -> None:
    one, two = (
        np.diff(losses(attributor, clips, [ARMS[0][:1]], rate), axis=0) for rate in (1e-3, 2e-3)
    )
    assert np.allclose(two, 2 * one, rtol=0.02)


def test_how_many_clips_go_together_changes_nothing(
    attributor: TorchAttributor, clips: list[Shown], monkeypatch: pytest.MonkeyPatch
) -> None:
    together = losses(attributor, clips, ARMS, 0.05)
    monkeypatch.setattr(training_step, "TOGETHER", 1)
    assert np.allclose(losses(attributor, clips, ARMS, 0.05), together, rtol=1e-5)


def test_a_cancelled_step_is_taken_back(
    model: EmbeddedModel, attributor: TorchAttributor, clips: list[Shown]
) -> None:
    before = [weight.detach().clone() for weight in model.network.parameters()]
    steps = []

    class AfterOne(CancelToken):
        def check(self) -> None:
            steps.append(1)
            if len(steps) == 2:
                self.cancel()
            super().check()

    with pytest.raises(Cancelled):
        attributor.losses_after_steps(
            [(clips[0].frames, "")], [np.zeros((3, 2), int)], [], 0.1, 0, AfterOne()
        )
    after = list(model.network.parameters())
    assert all(torch.equal(a, b) for a, b in zip(after, before, strict=True))
