"""A real family's model, tiny and random, through the verbs: index, rank, generate, fine-tune."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("diffusers", reason="diffusers is not installed")
pytest.importorskip("transformers", reason="transformers is not installed")

from tests.support.tiny_models import make_tiny
from tests.support.verbs import slide, verb


@pytest.fixture(scope="module")
def wan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny("wan-2.1", tmp_path_factory.mktemp("models") / "tiny wan")


def test_clips_are_indexed_ranked_generated_and_trained_on(
    wan: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    told = verb("models", wan, "--json").json
    assert [(row["family"], row["ready"]) for row in told] == [("wan", True)]
    for n, speed in enumerate((1, 2, 4)):
        slide(Path("clips") / f"{n}.mp4", speed, 12, rising=speed == 4)
    slide(Path("query.mp4"), 4, 14, rising=True)
    assert verb("new", "p").code == 0
    Path("clips/0.txt").write_text("a red ball rolls left")
    verb("add", "p", "clips")
    verb("add", "p", "query.mp4", "--role", "generation")
    clips = verb("clips", "p", "--json").json
    query = next(row["id"] for row in clips if row["path"].endswith("query.mp4"))
    made = verb("index", "p", "--model", wan, "--json")
    assert made.code == 0, made.err
    assert made.json["clips"] == 3
    assert list(Path("p/cache/models/latents").iterdir())
    assert list(Path("p/cache/models/captions").iterdir())
    again = verb("index", "p", "--model", wan, "--json").json
    assert again["fingerprint"] == made.json["fingerprint"]
    ranked = verb("rank", "p", "--bad", query, "--method", "cosine", "--json")
    assert ranked.code == 0, ranked.err
    rows = ranked.json["rows"]
    assert len(rows) == 3
    assert all(-1.001 <= row["score"] <= 1.001 for row in rows)
    assert len({row["score"] for row in rows}) == 3
    part = verb("rank", "p", "--bad", query, "--frames", "0:2", "--method", "cosine", "--json")
    assert part.code == 0, part.err  # no frame of a text-to-video model is given

    Path("prompts.txt").write_text("a red ball rolls left\n")
    monkeypatch.setattr("motionlens.models.wan.WanModel.sampler_steps", 2)
    done = verb("generate", "p", "--model", wan, "--prompts", "prompts.txt", "-o", "out", "--json")
    assert done.code == 0, done.err
    assert len(done.json["clips"]) == 1
    (made_clip,) = Path("out").glob("*.mp4")
    seen = verb("probe", made_clip, "--json").json
    assert (seen["frames"], seen["fps"], seen["width"], seen["height"]) == (9, 16.0, 96, 64)

    started = verb(
        "finetune",
        "p",
        "--model",
        wan,
        "--method",
        "lora",
        "--include",
        "not-excluded",
        "--steps",
        "2",
        "--name",
        "tuned",
        "--json",
    )
    assert started.code == 0, started.err
    assert Path("p/runs/tuned/weights/pytorch_lora_weights.safetensors").is_file()
    tuned = verb("index", "p", "--model", "tuned", "--tracked", "lora", "--json")
    assert tuned.code == 0, tuned.err
    assert tuned.json["fingerprint"] != made.json["fingerprint"]
    assert tuned.json["clips"] == 3
