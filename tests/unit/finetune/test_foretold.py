"""What a training will do, from gradients taken as it takes them: the formula, and real clips."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from motionlens.finetune import foretold as module
from motionlens.finetune.arms import encoded, measured_losses, train_copy
from motionlens.finetune.foretold import foretold
from motionlens.models.embedded import EmbeddedModel
from motionlens.worlds.physics import simulate


class _Never:
    def check(self) -> None:
        return None


@pytest.fixture(scope="module")
def model() -> EmbeddedModel:
    torch.set_num_threads(1)
    return EmbeddedModel.untrained(0)


def test_it_is_the_damped_influence_function_under_adams_scale(
    model: EmbeddedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beside the same solved in the space of weights, for seven of them."""
    rng = np.random.default_rng(0)
    count, draws, size = 5, 3, sum(p.numel() for p in model.network.parameters())
    parts = np.zeros((draws, count, size), np.float32)
    parts[:, :, :7] = rng.standard_normal((draws, count, 7))
    asked = np.zeros((2, size), np.float32)
    asked[:, :7] = rng.standard_normal((2, 7))
    left = {n: iter(torch.from_numpy(parts[:, n])) for n in range(count)}
    monkeypatch.setattr(module, "_of_clip", lambda _m, _p, _c, n, _s: next(left[n]))
    monkeypatch.setattr(module, "_of_query", lambda _m, _p, _q, n: torch.from_numpy(asked[n]))
    clips = encoded(model, [(simulate(n).frames, "") for n in range(count)])
    made = foretold(model, clips, [None, None], 16 * draws, _Never(), damping=2.0)  # type: ignore[list-item]

    plain = parts[:, :, :7].astype(float)
    scale = np.square(plain).mean(axis=(0, 1)) ** -0.25
    own, query = plain.mean(axis=0) * scale, asked[:, :7] * scale
    own -= own.mean(axis=0)
    covariance = own.T @ own / count
    shift = 2.0 * np.trace(covariance) / count
    expected = own @ np.linalg.solve(covariance + shift * np.eye(7), query.T)
    np.testing.assert_allclose(made, expected, rtol=1e-4, atol=1e-4)


def test_it_foretells_which_clip_lowers_the_loss_of_which_query(model: EmbeddedModel) -> None:
    """A few real steps on each clip alone, and the loss of queries near and far from it."""
    made = [simulate(20_000_000 + 15_000 * n) for n in range(4)]
    clips = [(clip.frames, clip.caption) for clip in made]
    held = encoded(model, clips)
    queries = [(frames, None, caption) for frames, caption in clips]
    before = model.weights_hash
    found = foretold(model, held, queries, 32, _Never())
    assert np.array_equal(found, foretold(model, held, queries, 32, _Never()))
    assert model.weights_hash == before
    losses = np.stack(
        [
            measured_losses(train_copy(model, held, [n], 6, 1, _Never(), batch=8), queries)
            for n in range(4)
        ]
    )
    gained = losses.mean(axis=0) - losses
    # What each clip does for each query, beside what is common to all steps.
    assert np.corrcoef(gained.ravel(), found.ravel())[0, 1] > 0.8
    shuffled = np.roll(found, 1, axis=0)
    assert np.corrcoef(gained.ravel(), shuffled.ravel())[0, 1] < 0.3
