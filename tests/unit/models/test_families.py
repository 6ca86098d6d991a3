"""Each real family, tiny and random, through its whole path: nothing here is faked."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch

pytest.importorskip("diffusers", reason="diffusers is not installed")
pytest.importorskip("transformers", reason="transformers is not installed")

from motionlens.attribution.attributor import TorchAttributor
from motionlens.domain.ports import GradientRow
from motionlens.models.cogvideox import CogVideoXModel
from motionlens.models.diffusers_model import DiffusersModel
from motionlens.models.lora import add_lora, diffusers_state, read_diffusers_state
from motionlens.models.ltx import LTXModel
from motionlens.models.mochi import MochiModel
from motionlens.models.registry import load_model
from tests.support.tiny_models import SHAPES, make_tiny

KINDS = tuple(SHAPES)
CLIP = np.random.default_rng(0).integers(0, 256, (12, 80, 100, 3), dtype=np.uint8)
# Mochi's last block throws the caption's side away, and with it what its queries made.
UNUSED = {
    "mochi": [
        "transformer_blocks.1.attn1.norm_added_q.weight",
        "transformer_blocks.1.attn1.add_q_proj.weight",
    ]
}
CAPTION = "a red ball rolls left"


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("tiny")
    return {kind: make_tiny(kind, root / kind) for kind in KINDS}


@pytest.fixture(scope="module")
def loaded(folders: dict[str, Path]) -> dict[str, DiffusersModel]:
    return {kind: load(folder) for kind, folder in folders.items()}


def load(path: Path, cache: Path | None = None) -> DiffusersModel:
    model = load_model(path, "cpu", cache)
    assert isinstance(model, DiffusersModel)
    return model


def clean(model: DiffusersModel) -> tuple[torch.Tensor, torch.Tensor]:
    return model.encode(CLIP)[None], model.condition(CAPTION)[None]


@pytest.mark.parametrize("kind", KINDS)
def test_loss_is_unreduced_and_reaches_every_parameter(
    kind: str, loaded: dict[str, DiffusersModel]
) -> None:
    model = loaded[kind]
    h, condition = clean(model)
    assert h.shape[2:] == model.framing.grid
    assert h.shape[1:] == model.noise(0).shape
    both = torch.cat([h, h.flip(-1)])
    conditions = condition.expand(2, -1)
    loss = model.loss(both, conditions, torch.tensor([0.6, 0.9]), model.noise(3))
    assert loss.shape == (2, *model.framing.grid)
    assert torch.isfinite(loss).all()
    mask = model.mask_to_latent(np.ones((12, 80, 100), np.float32))
    assert mask.shape == model.framing.grid
    torch.testing.assert_close(mask, torch.ones_like(mask))
    tracked = model.tracked_parameters("all")
    parts = torch.autograd.grad(loss.mean(), list(tracked.values()))
    silent = [n for n, part in zip(tracked, parts, strict=True) if not part.abs().max() > 0]
    assert silent == UNUSED.get(kind, [])


@pytest.mark.parametrize("kind", KINDS)
def test_row_of_a_clip_does_not_depend_on_what_is_kept_for_it(
    kind: str, loaded: dict[str, DiffusersModel]
) -> None:
    """Activations computed again give the same gradient."""
    model = loaded[kind]
    h, condition = clean(model)
    weight = list(model.tracked_parameters("all").values())[2]

    def gradient() -> torch.Tensor:
        loss = model.loss(h, condition, 0.6, model.noise(0)).mean()
        return torch.autograd.grad(loss, [weight])[0]

    kept = gradient()
    model.checkpointing = True
    assert model.checkpointing
    again = gradient()
    model.checkpointing = False
    torch.testing.assert_close(kept, again)


@pytest.mark.parametrize("kind", KINDS)
def test_the_true_answer_leads_the_familys_own_schedule_to_the_clean_clip(
    kind: str, loaded: dict[str, DiffusersModel], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sign, layout and direction of time: the network is replaced by the truth.

    Its answers lead diffusers' own loop from pure noise to the clean latent; the same answers make
    our loss zero; and what our loss tells the network for a share of noise is what that loop tells
    it at the same share.
    """
    model = loaded[kind]
    h, condition = clean(model)
    start = model._normal("start", 5, 0)[None]
    eps = start
    told: list[tuple[float, float]] = []

    def answer(*args: torch.Tensor, **named: torch.Tensor) -> tuple[torch.Tensor]:
        given = args[0] if args else named["hidden_states"]
        time = float((args[1] if len(args) > 1 else named["timestep"]).flatten()[0])
        z = as_latent(model, given)
        if isinstance(model, CogVideoXModel):
            a = float(model._signal[int(time)])
            signal, rest = a**0.5, (1 - a) ** 0.5
            noise = (z - signal * h) / rest
            told.append((rest / (signal + rest), time))
            return (as_given(model, signal * noise - rest * h),)
        # Guidance shows two copies of one clip.
        share = float(((z[:1] - h) * (eps - h)).sum() / ((eps - h) ** 2).sum())
        told.append((share, time))
        velocity = (eps - h).expand_as(z)
        return (as_given(model, -velocity if isinstance(model, MochiModel) else velocity),)

    monkeypatch.setattr(model.network, "forward", answer)
    end = model.sample_latents(condition, [5], steps=8)
    torch.testing.assert_close(end, h, atol=2e-4, rtol=0)
    assert told[0][0] == pytest.approx(1, abs=1e-3)
    assert told[-1][0] < told[0][0] - 0.3
    for share, time in told:
        # Whole steps lie up to one apart; shares are measured to four digits.
        ours = float(model.timestep(torch.tensor([share])))
        assert ours == pytest.approx(time, abs=1 if isinstance(model, CogVideoXModel) else 0.5)
    told.clear()
    eps = model.noise(1)[None]
    loss = model.loss(h, condition, 0.7, eps[0])
    assert float(loss.max()) < 1e-8
    assert told[0][0] == pytest.approx(0.7, abs=0.005)


def as_latent(model: DiffusersModel, given: torch.Tensor) -> torch.Tensor:
    if isinstance(model, CogVideoXModel):
        return given.transpose(1, 2)
    if isinstance(model, LTXModel):
        tokens = given.transpose(1, 2)
        return tokens.reshape(*tokens.shape[:2], *model.framing.grid)
    return given


def as_given(model: DiffusersModel, latent: torch.Tensor) -> torch.Tensor:
    if isinstance(model, CogVideoXModel):
        return latent.transpose(1, 2)
    if isinstance(model, LTXModel):
        return latent.flatten(2).transpose(1, 2)
    return latent


@pytest.mark.parametrize("kind", KINDS)
def test_samples_are_pictures_that_hang_on_seed_and_caption(
    kind: str, loaded: dict[str, DiffusersModel]
) -> None:
    model = loaded[kind]
    conditions = torch.stack([model.condition(CAPTION), model.condition("the box falls down")])
    made = model.sample_latents(conditions, [1, 1], steps=2)
    again = model.sample_latents(conditions[:1], [1], steps=2)
    other = model.sample_latents(conditions[:1], [2], steps=2)
    assert torch.equal(made[:1], again)
    assert not torch.equal(made[0], made[1])
    assert not torch.allclose(again, other, atol=1e-2)
    pictures = model.decode(made[:1])
    frames = SHAPES[kind][0] - (4 if kind == "cogvideox-1.5" else 0)
    assert pictures.shape == (1, frames, 64, 96, 3)
    assert pictures.dtype == np.uint8
    assert pictures.std() > 1


@pytest.mark.parametrize("kind", KINDS)
def test_whole_network_is_saved_and_comes_back(
    kind: str, folders: dict[str, Path], tmp_path: Path
) -> None:
    model = load(folders[kind])
    h, condition = clean(model)
    with torch.no_grad():
        for weight in model.network.parameters():
            weight.add_(0.01)
    file = model.save(tmp_path / "run", steps="3")
    back = load(file)
    assert back.weights_hash == model.weights_hash
    noise = model.noise(0)
    with torch.no_grad():
        ours, theirs = (m.loss(h, condition, 0.6, noise) for m in (model, back))
    assert torch.equal(ours, theirs)
    assert load(tmp_path / "run").weights_hash == model.weights_hash
    assert load(folders[kind]).weights_hash != model.weights_hash
    import diffusers

    made = getattr(diffusers, model.folder.family.network)
    read = made.from_pretrained(str(tmp_path / "run" / "transformer"), local_files_only=True)
    first = next(iter(model.network.state_dict()))
    assert torch.equal(read.state_dict()[first], model.network.state_dict()[first])


@pytest.mark.parametrize("kind", KINDS)
def test_adapter_trains_is_saved_and_comes_back(
    kind: str, folders: dict[str, Path], tmp_path: Path
) -> None:
    model = load(folders[kind])
    h, condition = clean(model)
    noise = model.noise(0)
    with torch.no_grad():
        before = model.loss(h, condition, 0.6, noise)
    torch.manual_seed(0)
    add_lora(model, 2)
    with torch.no_grad():
        assert torch.equal(model.loss(h, condition, 0.6, noise), before)
    tracked = model.tracked_parameters("lora")
    assert all(value.requires_grad for value in tracked.values())
    optimiser = torch.optim.Adam(tracked.values(), lr=1e-2)
    for _ in range(3):
        loss = model.loss(h, condition, 0.6, noise).mean()
        optimiser.zero_grad()
        loss.backward()
        assert all(value.grad is not None for value in tracked.values())
        optimiser.step()
    with torch.no_grad():
        after = model.loss(h, condition, 0.6, noise)
    assert after.mean() < before.mean()
    back = load(model.save(tmp_path / "run"))
    assert back.lora_rank == 2
    assert back.weights_hash == model.weights_hash
    with torch.no_grad():
        assert torch.equal(back.loss(h, condition, 0.6, noise), after)
    assert (tmp_path / "run" / "pytorch_lora_weights.safetensors").is_file()
    fresh = load(folders[kind])
    read_diffusers_state(fresh, diffusers_state(model))
    with torch.no_grad():
        assert torch.equal(fresh.loss(h, condition, 0.6, noise), after)


def test_adapters_sit_in_the_blocks_alone(loaded: dict[str, DiffusersModel]) -> None:
    import re

    for kind, model in loaded.items():
        names = [n for n, m in model.network.named_modules() if isinstance(m, torch.nn.Linear)]
        chosen = [n for n in names if re.fullmatch(model.lora_targets, n)]
        assert {
            "transformer_blocks" in n or n.startswith(("blocks", "single")) for n in chosen
        } == {True}, kind
        kinds = {re.sub(r"\d+", "N", name) for name in chosen}
        assert any("to_q" in name for name in kinds), kind
        assert any("ff" in name for name in kinds), kind
        assert not any("refiner" in name or "time_embed" in name for name in chosen), kind


def test_embeddings_and_latents_outlive_their_encoders(
    folders: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was computed once is read from the disk, equal to the bit, without the encoder."""
    first = load(folders["hunyuan"], tmp_path)
    latent, condition = first.encode(CLIP), first.condition(CAPTION)
    second = load(folders["hunyuan"], tmp_path)

    def never(*args: object, **named: object) -> None:
        raise AssertionError("computed again")

    monkeypatch.setattr(second._vae, "encode", never)
    monkeypatch.setattr(second, "_encode_text", never)
    monkeypatch.setattr(second._captions, "_encode", never)
    assert torch.equal(second.encode(CLIP), latent)
    assert torch.equal(second.condition(CAPTION), condition)
    with pytest.raises(AssertionError, match="again"):
        second.condition("another caption")
    with pytest.raises(AssertionError, match="again"):
        second.encode(CLIP[:, ::-1])
    shutil.rmtree(tmp_path)  # safe to delete at any time
    fresh = load(folders["hunyuan"], tmp_path)
    assert torch.equal(fresh.encode(CLIP), latent)
    assert torch.equal(fresh.condition(CAPTION), condition)


def test_shape_asked_for_is_snapped_and_said(folders: dict[str, Path], tmp_path: Path) -> None:
    folder = tmp_path / "wan"
    shutil.copytree(folders["wan-2.1"], folder)
    (folder / "motionlens.json").write_text('{"frames": 12, "size": [72, 100]}')
    model = load(folder)
    assert (model.frames, model.size) == (9, (64, 96))
    assert "9 of the 12 frames" in model.note
    assert "64x96 of the 72x100" in model.note
    assert model.lost(12, 80, 100) == (
        "3 of 12 frames are passed over; 7 of 80 rows are cut off above and below"
    )
    # The frames that it takes at equal times, the rows and columns in the middle: nothing else.
    touched = CLIP.copy()
    touched[:, :6] = 0
    assert torch.equal(model.encode(touched), model.encode(CLIP))


@pytest.mark.parametrize("kind", KINDS)
def test_clips_that_go_through_together_have_the_rows_of_each_alone(
    kind: str, folders: dict[str, Path]
) -> None:
    """Whole layers of attention, and with adapters; loose tables go with no layer."""
    captions = (CAPTION, "b", "two balls")
    clips = [(np.roll(CLIP, 9 * n, axis=2), None, text) for n, text in enumerate(captions)]
    model = load(folders[kind])
    model.micro_batch = 4
    for tracked in ("attn", "lora"):
        if tracked == "lora":
            add_lora(model, rank=2)
        maker = TorchAttributor(model, tracked=tracked, levels=(0.8,))
        made = maker.rows(clips)
        assert maker.micro_batch == 4
        for clip, row in zip(clips, made, strict=True):
            assert isinstance(row, GradientRow)
            assert np.linalg.norm(row.vector - maker.row(*clip).vector) < 1e-3


def test_latents_of_the_next_clips_are_made_by_other_threads(
    folders: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where a device takes the gradients: they are kept, and the same as without threads."""
    clips = [np.roll(CLIP, 9 * n, axis=2) for n in range(4)]
    plain = load(folders["wan-2.1"])
    assert not plain.encodes_ahead
    model = load(folders["wan-2.1"], tmp_path)
    assert not model.encodes_ahead  # a processor's cores are taken
    maker = TorchAttributor(model, tracked="attn", levels=(0.8,))
    maker.encode_ahead(clips[0])
    assert not list(tmp_path.rglob("latents/*"))
    model.encodes_ahead = True
    with ThreadPoolExecutor(4) as lanes:
        list(lanes.map(maker.encode_ahead, clips * 2))
    assert len(list(tmp_path.rglob("latents/*.safetensors"))) == len(clips)

    def refuse(*_: object) -> None:
        raise AssertionError("a latent was made again")

    monkeypatch.setattr(model._vae, "encode", refuse)
    for frames in clips:
        row = maker.row(frames, None, CAPTION)
        assert row.vector.any()
        assert torch.equal(model.encode(frames), plain.encode(frames))

    def full(*_: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(model._vae, "encode", full)
    maker.encode_ahead(np.roll(CLIP, 3, axis=1))  # made when its turn comes
