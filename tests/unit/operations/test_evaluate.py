"""`evaluate` at tiny sizes: every stage with the real model, worlds and trainings."""

from __future__ import annotations

import copy
import dataclasses
import importlib.util
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from motionlens.app import study
from motionlens.cli.output import to_json
from motionlens.cli.trust import told
from motionlens.domain.errors import Cancelled, UsageError
from motionlens.domain.evaluation import TWINS, Evaluation, StudySize
from motionlens.operations import evaluate_shown
from motionlens.operations.evaluate import evaluate
from motionlens.operations.evaluate_figures import (
    ceiling,
    clip_draws,
    datamodelling,
    detection,
    difference,
    win_rate,
)
from motionlens.operations.evaluate_folder import StudyFolder
from motionlens.operations.evaluate_shown import known_truth
from motionlens.operations.evaluate_training import arms_of, half_subsets
from motionlens.operations.trust import few_queries

TINY = StudySize(12, 4, 2, 2, 3, 1, 1, 1, 1, 0.4, (), 16)


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Evaluation]:
    root = tmp_path_factory.mktemp("studies")
    return root, study.evaluate(size=TINY, folder=root)


def test_a_study_has_every_figure(done: tuple[Path, Evaluation]) -> None:
    result = done[1]
    document = to_json(result.document())
    figures = document["worlds"]["physics"]
    for key in ("auroc", "precision_at_k", "lds", "win_rate", "motion_error"):
        assert document[key] == figures[key]
    assert {"cosine", "centred", "whitened", "combined", "loss", "static", "camera"} <= set(
        document["auroc"]
    )
    assert {"class_flow_deviation", "feature_similarity_untrained", "mask_shuffled"} <= set(
        document["auroc"]
    )
    # Twelve clips are too few to learn from, and that is said.
    assert "learned" in document["auroc"] or "learned" in figures["missing"]
    assert {"base", "all", "random", "filtered", "oracle"} <= set(document["motion_error"])
    assert all(f"{a} over {b}" in document["added_by_influence"] for a, b in TWINS.items())
    assert figures["removed"]["oracle"] == {"clips": 4, "false": 4}
    assert figures["removed"]["random"]["clips"] == figures["removed"]["filtered"]["clips"]
    assert "as_trained" in figures["lds"]
    assert figures["lds_ceiling"] is None  # one seed cannot say how two agree
    assert "World: physics, 12 clips, 4 of them false" in told(document)


def test_a_study_of_detection_alone_trains_nothing(
    tmp_path: Path, done: tuple[Path, Evaluation]
) -> None:
    result = study.evaluate(size=replace(TINY, subsets=0, seeds=0), folder=tmp_path)
    assert result.document()["auroc"] == done[1].document()["auroc"]
    assert not [
        file for kind in ("arm", "half", "foretold") for file in tmp_path.rglob(f"{kind}-*")
    ]
    document = to_json(result.document())
    assert document["win_rate"] == document["motion_error"] == document["lds"] == {}
    assert "motion error" not in told(document)


def test_a_killed_study_goes_on_where_it_was(tmp_path: Path, done: tuple[Path, Evaluation]) -> None:
    class Stop:
        calls = 0

        def check(self) -> None:
            self.calls += 1
            if self.calls > 30:  # past the clips and queries, in the trainings
                raise Cancelled

    root, first = done
    folder = Path(shutil.copytree(root, tmp_path / "studies"))
    made = [*folder.rglob("arm-*.json"), *folder.rglob("row-0003.npz")]
    before = {path: path.read_bytes() for path in made}
    for path in made:
        path.unlink()
    with pytest.raises(Cancelled):
        study.evaluate(size=TINY, folder=folder, cancel=Stop())
    finished = {path: path.stat().st_mtime_ns for path in made if path.exists()}
    assert 0 < len(finished) < len(made)
    again = study.evaluate(size=TINY, folder=folder)
    assert again.worlds == first.worlds
    assert all(path.stat().st_mtime_ns == at for path, at in finished.items())
    assert {path: path.read_bytes() for path in made if path.suffix == ".json"} == {
        path: data for path, data in before.items() if path.suffix == ".json"
    }


def test_a_finished_study_computes_nothing(done: tuple[Path, Evaluation]) -> None:
    root, first = done
    units = {path: path.stat().st_mtime_ns for path in root.rglob("*.npz")}
    again = study.evaluate(size=TINY, folder=root)
    assert again.worlds == first.worlds
    assert {path: path.stat().st_mtime_ns for path in root.rglob("*.npz")} == units


def test_what_was_found_stands_beside_a_ranking(
    done: tuple[Path, Evaluation], monkeypatch: pytest.MonkeyPatch
) -> None:
    root, result = done
    # The long study that is shipped of these weights comes before this machine's quick one.
    assert "false clips in its first 50 of 300" in known_truth(result.weights, "centred", [root])
    monkeypatch.setattr(evaluate_shown, "shipped_studies", list)
    found = result.worlds["physics"].found["centred"]
    said = known_truth(result.weights, "centred", [root])
    assert f"found {found} false clips in its first 4 of 12 (physics world)" in said
    assert known_truth("0" * 64, "centred", [root]) == ""
    assert known_truth(result.weights, "no such method", [root]) == ""


def test_the_matched_world_tells_nobody_its_classes() -> None:
    world = study.study_world("matched")
    specs = world.fine_tune_set(0, 24, 8)
    kinds = [kind for _, kind in specs]
    assert len(set(specs)) == len(specs)
    assert kinds.count("clean") >= 8
    assert 4 <= len(kinds) - kinds.count("clean") <= 8
    starts = world.held_out_seeds("judged", 12)
    assert not set(starts) & {*world.held_out_seeds("queries", 12), *(seed for seed, _ in specs)}
    clip = world.clip(starts[0])
    assert ":" not in clip.caption
    assert world.error(starts[0], clip.frames) == pytest.approx(0, abs=0.2)


def test_a_damaged_unit_is_done_again(tmp_path: Path) -> None:
    folder = StudyFolder(tmp_path)
    folder.arrays("unit", lambda: {"x": np.arange(3)})
    (tmp_path / "unit.npz").write_bytes(b"cut")
    assert folder.arrays("unit", lambda: {"x": np.arange(4)})["x"].size == 4
    assert folder.arrays("unit", dict)["x"].size == 4


def test_too_small_a_study_is_refused(tmp_path: Path) -> None:
    small = dataclasses.replace(TINY, clips=6)
    with pytest.raises(UsageError, match="too small"):
        evaluate(
            StudyFolder(tmp_path),
            [],
            lambda: study.open_lab("embedded"),
            study.tools().motion,
            study.tools().scorer,
            size=small,
        )
    with pytest.raises(UsageError, match="no world"):
        study.evaluate(world="moon", size=TINY, folder=tmp_path)


def test_truth_finds_all_and_chance_half() -> None:
    false = np.arange(400) % 3 == 0
    draws = clip_draws(false, 0, 200)
    oracle = false.astype(np.float64)
    assert detection(oracle, false, 50, draws) == (1.0, (1.0, 1.0), 1.0, (1.0, 1.0))
    shuffled = np.random.default_rng(0).permutation(oracle + np.linspace(0, 0.1, 400))
    value, (low, high), _, _ = detection(shuffled, false, 50, draws)
    assert low < 0.5 < high
    assert value == pytest.approx(0.5, abs=0.08)
    gained = difference(oracle, shuffled, false, draws)
    assert gained.ci95 is not None
    assert gained.ci95[0] > 0.3


def test_a_true_prediction_of_losses_scores_one() -> None:
    members = half_subsets(40, 24, 0)
    rng = np.random.default_rng(1)
    effect = rng.normal(size=(40, 5))
    losses = -(members.astype(float) @ effect)
    perfect = datamodelling(effect, members, losses, 0)
    assert perfect.value == pytest.approx(1)
    chance = datamodelling(rng.normal(size=(40, 5)), members, losses, 0)
    assert chance.value is not None
    assert abs(chance.value) < 0.45
    assert ceiling(np.stack([losses, losses])) == pytest.approx(1)
    assert ceiling(losses[None]) is None


def test_win_rates_leave_ties_out() -> None:
    second = np.full((2, 20), 3.0)
    first = second.copy()
    assert win_rate(first, second, 0).value is None
    first[:, :5] -= 1
    first[:, 5] += 1
    first[:, 6:] += 0.1
    rate = win_rate(first, second, 0)
    assert rate.value == pytest.approx(10 / 12)
    assert rate.ci95 is not None
    assert rate.ci95[0] < 0.65
    assert rate.ci95[1] == pytest.approx(1, abs=0.1)


def test_a_filter_leaves_out_what_its_curator_sees() -> None:
    false = np.arange(20) < 6
    scores = {
        "combined": -np.arange(20.0),
        "combined_without_influence": np.arange(20.0),
        "centred": -np.arange(20.0),
    }
    arms = arms_of(scores, false, dataclasses.replace(TINY, curve=(0.25,)), 0)
    assert arms["filtered"] == arms["oracle"] == list(range(6, 20))
    assert arms["filtered_without_influence"] == arms["all"]  # nothing false among its first eight
    assert len(arms["random"]) == 14
    assert arms["top 0.25"] == list(range(5, 20))
    assert arms["bottom 0.25"] == list(range(15))


def test_figures_of_several_sets_are_joined_with_wider_intervals(
    done: tuple[Path, Evaluation], monkeypatch: pytest.MonkeyPatch
) -> None:
    script = Path(__file__).resolve().parents[3] / "packaging" / "make_study.py"
    monkeypatch.setattr("sys.path", list(sys.path))
    spec = importlib.util.spec_from_file_location("make_study", script)
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    first = to_json(done[1].document())
    second = copy.deepcopy(first)
    second["worlds"]["physics"]["auroc"]["loss"] = first["auroc"]["loss"] - 0.2
    whole = made.joined([first, second], [1, 2], "command")
    figures = whole["worlds"]["physics"]
    assert figures["auroc"]["loss"] == pytest.approx(first["auroc"]["loss"] - 0.1)
    low, high = figures["auroc_ci95"]["loss"]
    assert high - low > 2 * 1.96 * 0.0999  # two sets that lie 0.2 apart
    assert whole["auroc"] == figures["auroc"]
    assert len(whole["of_each_set"]) == 2
    assert "command: " in told(whole)


def test_what_more_queries_gain_is_told_from_few_to_many() -> None:
    """The shipped figures are kept as JSON, which sorts 12 before 3."""
    said = few_queries(3)
    counts = [int(word.strip(",")) for word in said.split("world ")[1].split(" bad")[0].split()]
    assert counts == sorted(counts)
    assert len(counts) >= 3
