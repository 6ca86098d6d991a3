from __future__ import annotations

import copy

import numpy as np
import pytest
import torch

from motionlens.attribution import attributor as attributor_module
from motionlens.attribution.attributor import TorchAttributor
from motionlens.attribution.gradients import masked_loss
from motionlens.attribution.projection import project_gradient
from motionlens.attribution.scoring import influence_scores
from motionlens.domain.clip import Region, Span
from motionlens.domain.errors import GpuOutOfMemory, ModelError, UsageError
from motionlens.models.embedded import EmbeddedModel

from .conftest import Shown, shown


def test_a_row_is_the_mean_of_unit_projected_gradients(
    model: EmbeddedModel, clips: list[Shown]
) -> None:
    clip = clips[0]
    published = TorchAttributor(model, balance="none")
    row = published.row(clip.frames, clip.mask, clip.caption)
    expected = np.zeros(512)
    for n, level in enumerate(published.spec.levels):
        unreduced = model.loss(
            model.encode(clip.frames)[None],
            model.condition(clip.caption)[None],
            level,
            model.noise(0),
        )[0]
        loss = (model.mask_to_latent(clip.mask) * unreduced).mean()
        grads = torch.autograd.grad(loss, list(model.network.parameters()))
        vector = project_gradient(grads)
        expected += vector / np.linalg.norm(vector) / 2
        assert row.losses[n] == pytest.approx(loss.item())
        assert row.plain_losses[n] == pytest.approx(unreduced.mean().item())
        assert row.norms[n] == pytest.approx(float(np.linalg.norm(vector)), rel=1e-5)
    assert np.allclose(row.vector, expected, atol=1e-6)
    assert row.vector.dtype == np.float32


def test_balanced_gradients_have_layers_of_unit_length(
    model: EmbeddedModel, clips: list[Shown]
) -> None:
    clip = clips[0]
    balanced = TorchAttributor(model, levels=(0.8,))
    row = balanced.row(clip.frames, clip.mask, clip.caption)
    latent, condition = model.encode(clip.frames)[None], model.condition(clip.caption)[None]
    unreduced = model.loss(latent, condition, 0.8, model.noise(0))[0]
    loss = (model.mask_to_latent(clip.mask) * unreduced).mean()
    grads = torch.autograd.grad(loss, list(model.network.parameters()))
    vector = project_gradient([g / g.norm() if g.any() else g for g in grads])
    assert np.allclose(row.vector, vector / np.linalg.norm(vector), atol=1e-6)
    whole = torch.cat([g.flatten() for g in grads]).double().norm().item()
    assert row.norms[0] == pytest.approx(whole, rel=1e-5)
    other = TorchAttributor(model, levels=(0.8,), balance="none")
    assert balanced.spec.fingerprint != other.spec.fingerprint


def test_rows_repeat_bit_for_bit_and_ignore_other_clips(
    model: EmbeddedModel, clips: list[Shown], attributor: TorchAttributor
) -> None:
    first = attributor.row(clips[0].frames, clips[0].mask, clips[0].caption)
    attributor.row(clips[1].frames, clips[1].mask, clips[1].caption)
    fresh = TorchAttributor(copy.deepcopy(model))
    again = fresh.row(clips[0].frames, clips[0].mask, clips[0].caption)
    assert fresh.spec == attributor.spec
    assert np.array_equal(first.vector, again.vector)
    assert np.array_equal(first.norms, again.norms)


def test_the_scale_of_a_mask_cancels(attributor: TorchAttributor, clips: list[Shown]) -> None:
    """So 1 / F of Eqs. 11 and 16, or any positive factor of a clip, cannot matter."""
    clip = clips[0]
    whole = attributor.row(clip.frames, clip.mask, clip.caption)
    third = attributor.row(clip.frames, clip.mask / 3, clip.caption)
    assert np.allclose(whole.vector, third.vector, atol=1e-5)
    assert third.losses == pytest.approx(whole.losses / 3, rel=1e-5)


def test_an_empty_mask_has_no_gradient_and_no_mask_has_one(
    attributor: TorchAttributor, clips: list[Shown]
) -> None:
    clip = clips[0]
    still = attributor.row(clip.frames, np.zeros_like(clip.mask), clip.caption)
    assert not still.vector.any()
    assert not still.norms.any()
    assert (still.plain_losses > 0).all()
    plain = attributor.row(clip.frames, None, clip.caption)
    assert plain.losses == pytest.approx(plain.plain_losses)


def test_null_rows_equal_rows_under_the_same_masks(
    attributor: TorchAttributor, clips: list[Shown]
) -> None:
    clip = clips[0]
    masks = [other.mask for other in clips[1:3]]
    rows = attributor.null_rows(clip.frames, masks, clip.caption)
    single = [attributor.row(clip.frames, mask, clip.caption).vector for mask in masks]
    assert np.array_equal(rows, np.stack(single))
    assert attributor.null_rows(clip.frames, [], clip.caption).shape == (0, 512)


def test_a_clip_is_its_own_top_proponent(attributor: TorchAttributor, clips: list[Shown]) -> None:
    rows = np.stack([attributor.row(c.frames, c.mask, c.caption).vector for c in clips])
    for n, row in enumerate(rows):
        for method in ("cosine", "centred", "whitened"):
            scores = influence_scores(rows, row, method)
            assert scores.argmax() == n
            assert scores[n] == pytest.approx(1, abs=1e-4)


def test_a_step_on_a_proponent_lowers_the_query_s_loss_and_on_an_opponent_raises_it(
    model: EmbeddedModel,
) -> None:
    """The sign of a score, by real steps of gradient descent, one level so that it is exact."""
    level = 0.6
    checked: list[float] = []
    one = TorchAttributor(model, levels=(level,), dim=4096)
    made = [shown(20_000_100 + n) for n in range(6)]
    rows = np.stack([one.row(c.frames, c.mask, c.caption).vector for c in made])
    for q, query in enumerate(made[:3]):
        before = loss_of(model, query, level)
        for n, score in enumerate(influence_scores(rows, rows[q])):
            if abs(score) < 3 / np.sqrt(4096):
                continue  # within the noise of the projection
            stepped = copy.deepcopy(model)
            weights = list(stepped.network.parameters())
            grads = torch.autograd.grad(loss_tensor(stepped, made[n], level), weights)
            length = torch.sqrt(sum((g.double() ** 2).sum() for g in grads))
            with torch.no_grad():
                for weight, grad in zip(weights, grads, strict=True):
                    weight.sub_(1e-3 * grad / length)
            assert np.sign(before - loss_of(stepped, query, level)) == np.sign(score)
            checked.append(float(score))
    assert len(checked) > 6
    assert min(checked) < 0 < max(checked)


def loss_tensor(model: EmbeddedModel, clip: Shown, level: float) -> torch.Tensor:
    unreduced = model.loss(
        model.encode(clip.frames)[None],
        model.condition(clip.caption)[None],
        level,
        model.noise(0),
    )[0]
    return masked_loss(unreduced.double(), model.mask_to_latent(clip.mask).double())


def loss_of(model: EmbeddedModel, clip: Shown, level: float) -> float:
    with torch.no_grad():
        return float(loss_tensor(model, clip, level))


def test_a_query_without_a_place_is_the_row(
    attributor: TorchAttributor, clips: list[Shown]
) -> None:
    clip = clips[0]
    row = attributor.row(clip.frames, clip.mask, clip.caption)
    whole = attributor.query_row(
        clip.frames, clip.mask, clip.caption, Region(0, 0, 1, 1), Span(0, 16)
    )
    plain = attributor.query_row(clip.frames, clip.mask, clip.caption)
    assert np.array_equal(row.vector, whole.vector)
    assert np.array_equal(row.vector, plain.vector)


def test_region_and_span_narrow_the_mask(attributor: TorchAttributor, clips: list[Shown]) -> None:
    """Parts of a partition add up: the masked loss is linear in the mask."""
    clip = clips[0]
    ask = attributor.query_row
    whole = ask(clip.frames, None, clip.caption)
    parts = [
        ask(clip.frames, None, clip.caption, region, span)
        for region in (Region(0, 0, 0.3, 1), Region(0.3, 0, 0.7, 1))
        for span in (Span(0, 9), Span(9, 16))
    ]
    assert sum(p.losses for p in parts) == pytest.approx(whole.losses, rel=1e-4)
    assert not np.allclose(parts[0].vector, parts[1].vector, atol=0.01)


@pytest.mark.parametrize(
    ("region", "span", "words"),
    [
        (Region(0.5, 0, 0.6, 1), None, "outside the frame"),
        (Region(-0.1, 0, 0.5, 1), None, "outside the frame"),
        (Region(0, 0, 0, 1), None, "is empty"),
        (None, Span(5, 5), "is empty"),
        (None, Span(9, 17), "It has 16 frames"),
        (None, Span(0, 4), "is given a clip's first 4 frames"),
        (None, Span(3, 4), "from 4 on"),
    ],
)
def test_places_that_make_no_sense_are_refused_in_words(
    attributor: TorchAttributor,
    clips: list[Shown],
    region: Region | None,
    span: Span | None,
    words: str,
) -> None:
    clip = clips[0]
    with pytest.raises(UsageError, match=words):
        attributor.query_row(clip.frames, clip.mask, clip.caption, region, span)


def test_a_place_where_nothing_moves_is_refused(
    attributor: TorchAttributor, clips: list[Shown]
) -> None:
    clip = clips[0]
    mask = clip.mask.copy()
    mask[:, :, 32:] = 0
    with pytest.raises(UsageError, match="Nothing moves"):
        attributor.query_row(clip.frames, mask, clip.caption, Region(0.6, 0, 0.4, 1), None)


def test_a_span_between_the_model_s_frames_is_refused(attributor: TorchAttributor) -> None:
    frames = np.zeros((160, 32, 32, 3), np.uint8)
    with pytest.raises(UsageError, match="looks at 16 frames"):
        attributor.query_row(frames, None, "", None, Span(97, 98))
    assert attributor.query_row(frames, None, "", None, Span(90, 110)).losses.all()


def test_tracked_parameters_decide_the_gradient(
    model: EmbeddedModel, clips: list[Shown], attributor: TorchAttributor
) -> None:
    clip = clips[0]
    few = TorchAttributor(model, tracked=r"bottom", levels=(0.6,))
    assert few.spec.fingerprint != attributor.spec.fingerprint
    row = few.row(clip.frames, clip.mask, clip.caption)
    full = attributor.row(clip.frames, clip.mask, clip.caption)
    assert 0 < row.norms[0] < full.norms[0] * 1.1
    with pytest.raises(ModelError):
        TorchAttributor(model, tracked="no such layer")


def test_bad_projections_are_refused_before_any_work(model: EmbeddedModel) -> None:
    with pytest.raises(UsageError, match="no projection"):
        TorchAttributor(model, projection="magic")


def test_a_loss_that_overflows_is_an_error_in_words(
    model: EmbeddedModel, clips: list[Shown]
) -> None:
    broken = copy.deepcopy(model)
    with torch.no_grad():
        next(iter(broken.network.parameters())).fill_(float("nan"))
    with pytest.raises(ModelError, match="not a number"):
        TorchAttributor(broken).row(clips[0].frames, clips[0].mask, "")


def test_a_clip_that_does_not_fit_is_tried_again_with_less_memory(
    model: EmbeddedModel, clips: list[Shown], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = attributor_module.gradients_under_masks
    tries = []

    def full(*given: object) -> object:
        tries.append(model.checkpointing)
        if not model.checkpointing:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return whole(*given)

    clip = clips[0]
    fresh = copy.deepcopy(model)
    expected = TorchAttributor(fresh).row(clip.frames, clip.mask, clip.caption)
    monkeypatch.setattr(attributor_module, "gradients_under_masks", full)
    monkeypatch.setattr(model, "checkpointing", False)
    row = TorchAttributor(model).row(clip.frames, clip.mask, clip.caption)
    assert tries == [False, True, True]
    assert np.array_equal(row.vector, expected.vector)


def test_a_clip_that_never_fits_is_an_error_with_advice(
    attributor: TorchAttributor, clips: list[Shown], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*given: object) -> object:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(attributor_module, "gradients_under_masks", full)
    monkeypatch.setattr(attributor.model, "checkpointing", False)
    with pytest.raises(GpuOutOfMemory, match="one clip does not fit"):
        attributor.row(clips[0].frames, clips[0].mask, clips[0].caption)
