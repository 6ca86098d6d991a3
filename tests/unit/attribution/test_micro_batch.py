"""Rows of clips that went through the network together are the rows of each clip alone."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from motionlens.attribution.attributor import TorchAttributor
from motionlens.attribution.per_clip import ClipsMixedError, gradients_per_clip, tellable_apart
from motionlens.domain.errors import GpuOutOfMemory, ModelError
from motionlens.domain.ports import GradientRow, SeenClip
from motionlens.models.embedded import EmbeddedModel

from .conftest import Shown

BALANCES = ("none", "layers")


@pytest.fixture
def seen(clips: list[Shown]) -> list[SeenClip]:
    return [(clip.frames, clip.mask, clip.caption) for clip in clips]


def rows(maker: TorchAttributor, clips: list[SeenClip]) -> list[GradientRow]:
    made = maker.rows(clips)
    assert all(isinstance(row, GradientRow) for row in made)
    return [row for row in made if isinstance(row, GradientRow)]


def same(one: GradientRow, other: GradientRow) -> bool:
    return all(
        np.array_equal(getattr(one, name), getattr(other, name))
        for name in ("vector", "losses", "norms", "plain_losses")
    )


@pytest.mark.parametrize("balance", BALANCES)
def test_a_row_made_with_others_is_the_row_made_alone(
    model: EmbeddedModel, seen: list[SeenClip], balance: str
) -> None:
    maker = TorchAttributor(model, balance=balance)
    assert maker.micro_batch == 8
    for clip, row in zip(seen, rows(maker, seen), strict=True):
        alone = maker.row(*clip)
        assert np.linalg.norm(row.vector - alone.vector) < 1e-5
        np.testing.assert_allclose(row.losses, alone.losses, rtol=1e-5)
        np.testing.assert_allclose(row.plain_losses, alone.plain_losses, rtol=1e-5)
        np.testing.assert_allclose(row.norms, alone.norms, rtol=1e-5)
    assert maker.micro_batch == 8


def test_neighbours_and_place_change_no_bit_of_a_row(
    attributor: TorchAttributor, seen: list[SeenClip]
) -> None:
    together = rows(attributor, seen)
    for order in ([4, 2, 0], [2, 2, 3], [1]):
        for number, row in zip(order, rows(attributor, [seen[n] for n in order]), strict=True):
            assert same(row, together[number])


@pytest.mark.parametrize("mask", ["whole", "empty"])
def test_clips_without_a_mask_or_motion_go_with_the_others(
    attributor: TorchAttributor, seen: list[SeenClip], mask: str
) -> None:
    frames, own, caption = seen[0]
    assert own is not None
    other = None if mask == "whole" else np.zeros_like(own)
    row = rows(attributor, [seen[1], (frames, other, caption)])[1]
    alone = attributor.row(frames, other, caption)
    assert np.linalg.norm(row.vector - alone.vector) < 1e-5
    assert row.vector.any() == (mask == "whole")


def test_a_micro_batch_that_does_not_fit_is_halved_and_stays_so(
    model: EmbeddedModel, seen: list[SeenClip], monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []
    whole = model.loss

    def small(latents: Tensor, *others: object) -> Tensor:
        sizes.append(len(latents))
        if len(latents) > 2:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return whole(latents, *others)  # type: ignore[arg-type]

    expected = [TorchAttributor(model).row(*clip) for clip in seen]
    monkeypatch.setattr(model, "loss", small)
    maker = TorchAttributor(model, levels=(0.8, 0.95))
    made = rows(maker, seen)
    assert maker.micro_batch == 2
    # Two levels each; the first row that was made together is compared to itself alone.
    assert sizes == [8, 4, 2, 2, 1, 1, 2, 2, 2, 2]
    for row, alone in zip(made, expected, strict=True):
        assert np.linalg.norm(row.vector - alone.vector) < 1e-5
    sizes.clear()
    rows(maker, seen[:2])
    assert sizes == [2, 2]


def test_what_never_fits_ends_as_one_clip_would(
    model: EmbeddedModel, seen: list[SeenClip], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> Tensor:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(model, "loss", full)
    monkeypatch.setattr(model, "checkpointing", False)
    with pytest.raises(GpuOutOfMemory, match="one clip does not fit"):
        TorchAttributor(model).rows(seen)


def test_a_clip_that_overflows_leaves_its_neighbours_alone(
    model: EmbeddedModel, seen: list[SeenClip], monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = rows(TorchAttributor(model), seen)
    whole = model.encode

    def encode(frames: np.ndarray) -> Tensor:
        return torch.full_like(whole(frames), torch.nan if frames is seen[1][0] else 0) + whole(
            frames
        )

    monkeypatch.setattr(model, "encode", encode)
    made = TorchAttributor(model).rows(seen)
    assert isinstance(made[1], ModelError)
    for number in (0, 2, 3, 4):
        row = made[number]
        assert isinstance(row, GradientRow)
        assert same(row, expected[number])


def test_a_network_that_mixes_clips_takes_them_one_by_one(
    model: EmbeddedModel, seen: list[SeenClip], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its answer to a clip is moved by the others in the batch."""
    mixing = copy.deepcopy(model)
    forward = mixing.network.forward

    def mixed(clip: Tensor, level: Tensor, kind: Tensor) -> Tensor:
        return forward(clip, level, kind) + clip.mean()

    monkeypatch.setattr(mixing.network, "forward", mixed)
    maker = TorchAttributor(mixing)
    made = rows(maker, seen)
    assert maker.micro_batch == 1
    assert all(same(row, maker.row(*clip)) for row, clip in zip(made, seen, strict=True))


@pytest.mark.parametrize("projection", ["factored", "default"])
def test_probes_go_one_by_one(model: EmbeddedModel, projection: str) -> None:
    maker = TorchAttributor(copy.deepcopy(model), projection=projection)
    assert maker.micro_batch == (1 if projection == "factored" else 8)


class Odd(nn.Module):
    """Frames folded into the batch, a layer used twice, one written over, one never reached."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv3d(2, 4, (1, 3, 3), padding=(0, 1, 1))
        self.flat = nn.Conv2d(4, 4, 3, padding=1, groups=2, padding_mode="circular")
        self.norm = nn.LayerNorm(4)
        self.twice = nn.Linear(4, 4)
        self.rms = nn.RMSNorm(4)
        self.unused = nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        """(B, 2, F, h, w) to (B, F * h * w, 4)."""
        hidden = self.first(x)
        count, wide, frames, *size = hidden.shape
        folded = self.flat(hidden.transpose(1, 2).reshape(count * frames, wide, *size))
        tokens = folded.permute(0, 2, 3, 1).reshape(count, -1, wide)
        tokens = self.norm(tokens)
        tokens[:, :3] = tokens[:, :3] * 2  # in place, as rotary embeddings often are
        found: Tensor = self.rms(self.twice(torch.tanh(self.twice(tokens))))
        return found


def test_parts_of_many_kinds_of_layers_equal_those_of_a_clip_alone() -> None:
    torch.manual_seed(0)
    network = Odd()
    clips = torch.randn(3, 2, 4, 5, 5)
    weights = list(network.parameters())
    assert tellable_apart(network, weights)
    streams = gradients_per_clip(
        network, weights, lambda: network(clips).square().mean(dim=(1, 2)) ** 2
    )
    for clip, stream in zip(clips, streams, strict=True):
        alone = torch.autograd.grad(
            network(clip[None]).square().mean() ** 2, weights, allow_unused=True
        )
        for one, other in zip(stream, alone, strict=True):
            assert (one is None) == (other is None)
            if one is not None and other is not None:
                assert one.shape == other.shape
                torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-7)


def test_what_cannot_be_told_apart_is_said_beforehand_or_on_the_way() -> None:
    loose = nn.Module()
    loose.inner, loose.shift = nn.Linear(2, 2), nn.Parameter(torch.zeros(2))
    assert not tellable_apart(loose, list(loose.parameters()))
    assert tellable_apart(loose, list(loose.inner.parameters()))
    layer = nn.Bilinear(2, 2, 2)
    one = torch.ones(2, 2)
    with pytest.raises(ClipsMixedError):
        gradients_per_clip(layer, list(layer.parameters()), lambda: layer(one, one).sum(1))
    single = nn.Linear(2, 2)
    with pytest.raises(ClipsMixedError):  # one row for two clips
        gradients_per_clip(
            single, list(single.parameters()), lambda: (single(one[:1]) * one).sum(1)
        )


def test_a_part_that_is_rounding_alone_is_not_brought_to_unit_length(
    model: EmbeddedModel, seen: list[SeenClip], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A weight that moves the loss by a millionth of a millionth has no say in a row."""
    barely = copy.deepcopy(model)
    shift = nn.Parameter(torch.ones(7))
    barely.network.register_parameter("barely", shift)
    whole = barely.loss

    def row(share: float) -> GradientRow:
        def loss(latents: Tensor, conditions: Tensor, level: float, noise: Tensor) -> Tensor:
            return whole(latents, conditions, level, noise) + share * shift.sum()

        monkeypatch.setattr(barely, "loss", loss)
        return TorchAttributor(barely).row(*seen[0])

    without = row(0.0)
    np.testing.assert_allclose(row(1e-12).vector, without.vector, atol=1e-6)
    assert np.linalg.norm(row(1e-3).vector - without.vector) > 0.05
