"""`map` and `whatif`: where in a clip, and what without it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import motionlens
from motionlens.operations.influence import kept_map
from tests.support.verbs import verb
from tests.unit.cli.conftest import SPEEDS, filled


@pytest.fixture(scope="module")
def indexed(tmp_path_factory: pytest.TempPathFactory, media: Path, small_model: Path) -> Path:
    """Indexed once, for the tests that only read."""
    folder = filled(tmp_path_factory.mktemp("mapped") / "project", media)
    assert verb("index", folder, "--model", small_model).code == 0
    return folder


def ids(project: Path, role: str) -> dict[str, str]:
    """File name without suffix -> clip id."""
    rows = verb("clips", project, "--role", role, "--json").json
    return {Path(row["path"]).stem: row["id"] for row in rows}


def score(project: Path, query: str, clip: str, *where: object) -> float:
    rows = verb("neighbours", project, "--query", query, "--top", 99, *where, "--json").json
    return {row["id"]: row["score"] for row in rows["proponents"]}[clip]


def test_a_map_has_the_clip_s_frames_and_adds_up_to_neighbours(
    indexed: Path, tmp_path: Path
) -> None:
    query, clip = ids(indexed, "generation")["bad_0"], ids(indexed, "training")["slide_1"]
    out = tmp_path / "new folder" / "map.npz"
    got = verb("map", indexed, "--query", query, "--clip", clip, "-o", out, "--json")
    assert got.code == 0, got.err
    assert got.json.keys() >= {"frames", "total", "share_top_frame"}
    assert got.json["frames"] == 10
    assert got.json["total"] == pytest.approx(score(indexed, query, clip), rel=1e-3, abs=1e-5)
    with np.load(out, allow_pickle=False) as found:
        influence = found["influence"]
        assert influence.dtype == np.float32
        assert influence.shape == (10, 48, 64)
        assert (int(found["width"]), int(found["height"])) == (64, 48)
        assert found["frame_times_s"].shape == (10,)
        assert '"method": "centred"' in str(found["motionlens"])
    assert influence.sum(dtype=np.float64) == pytest.approx(got.json["total"], rel=0.01, abs=1e-5)
    curve = influence.sum(axis=(1, 2), dtype=np.float64)
    assert curve == pytest.approx(np.array(got.json["per_frame"]), abs=1e-5)
    assert got.json["share_top_frame"] == pytest.approx(
        np.abs(curve).max() / np.abs(curve).sum(), rel=1e-3
    )


@pytest.mark.parametrize("method", ["cosine", "whitened"])
def test_a_map_of_the_query_adds_up_to_the_same_score(
    indexed: Path, tmp_path: Path, method: str
) -> None:
    query, clip = ids(indexed, "generation")["bad_1"], ids(indexed, "training")["slide_3"]
    ask = ("--query", query, "--clip", clip, "--method", method, "--frames", "4:10", "-o")
    totals = []
    for side in ("clip", "query"):
        out = tmp_path / f"{side}.npz"
        got = verb("map", indexed, *ask, out, "--side", side, "--json").json
        influence = np.load(out)["influence"]
        assert influence.sum(dtype=np.float64) == pytest.approx(got["total"], rel=0.01, abs=1e-5)
        totals.append(got["total"])
    assert totals[0] == pytest.approx(totals[1], rel=1e-3, abs=1e-5)
    assert not influence[:3].any()  # the query's own frames outside the span say nothing


def test_python_and_the_player_read_the_same_map(indexed: Path) -> None:
    query, clip = ids(indexed, "generation")["bad_0"], ids(indexed, "training")["slide_2"]
    with motionlens.open_project(indexed) as project:
        result = project.map(query=query, clip=clip)
        of = {row.id: row for row in project.rooms.store.clips()}
        kept = kept_map(project.rooms, of[query], of[clip], result.fingerprint)
        assert kept is not None
        assert kept.total == pytest.approx(result.total, rel=1e-3, abs=1e-5)
        assert kept.of_frame(9).sum() == pytest.approx(result.per_frame[9], abs=1e-5)
        assert (
            kept_map(project.rooms, of[query], of[clip], result.fingerprint, side="query") is None
        )


def test_a_still_clip_has_nothing_to_map(indexed: Path, tmp_path: Path) -> None:
    query, clip = ids(indexed, "generation")["bad_0"], ids(indexed, "training")["slide_4"]
    out = tmp_path / "still.npz"
    assert SPEEDS[4] == 0
    got = verb("map", indexed, "--query", query, "--clip", clip, "-o", out, "--json").json
    assert (got["total"], got["share_top_frame"], got["no_motion"]) == (0, 0, True)
    assert not np.load(out)["influence"].any()
    assert "Nothing moves" in verb("map", indexed, "--query", query, "--clip", clip, "-o", out).out


def test_what_cannot_be_mapped_is_told_in_words(indexed: Path, tmp_path: Path) -> None:
    names, out = ids(indexed, "generation"), tmp_path / "map.npz"
    query, clip = names["bad_0"], ids(indexed, "training")["slide_0"]
    verb("map", indexed, "--query", query, "--clip", names["bad_1"], "-o", out).refused("index")
    ask = ("map", indexed, "--query", query, "--clip", clip, "-o", out)
    verb(*ask, "--frames", "0:2").refused("given")
    verb(*ask, "--method", "vote").refused("vote")
    verb(*ask, "--region", "0.9,0,0.5,1").refused("outside the frame")
    assert not out.exists()


def test_what_if_predicts_and_measures(indexed: Path) -> None:
    queries, clips = ids(indexed, "generation"), ids(indexed, "training")
    ask = ("whatif", indexed, "--query", *queries.values(), "--exclude", clips["slide_1"])
    got = verb(*ask, "--steps", 2, "--json")
    assert got.code == 0, got.err
    assert got.json.keys() >= {"predicted", "measured", "steps"}
    assert got.json["steps"] == 2
    assert got.json["excluded"] == 1
    for values in (got.json["predicted"], got.json["measured"], got.json["random"]["measured"]):
        assert set(values) == set(queries.values())
        assert all(value == value and abs(value) < 1 for value in values.values())
    assert all(got.json["before"][query] > 0 for query in queries.values())
    assert got.json["agreement"]["pairs"] == 4
    # The same question is the same answer, and no new evidence.
    again = verb(*ask, "--steps", 2, "--json").json
    assert again == got.json
    other = verb(*ask, clips["slide_2"], "--steps", 2, "--json").json
    assert other["agreement"]["pairs"] == 8
    assert other["agreement"]["spearman"] is not None
    said = verb(*ask, "--steps", 1)
    assert "Negative: it falls when they go" in said.out
    assert "12 pairs" in said.out


def test_what_if_makes_no_empty_question(indexed: Path) -> None:
    query, clips = ids(indexed, "generation")["bad_0"], ids(indexed, "training")
    ask = ("whatif", indexed, "--query", query, "--exclude")
    verb(*ask, query).refused("bad_0 cannot be left out")
    verb(*ask, *clips.values()).refused("Nothing would be left")
    verb("whatif", indexed, "--query", clips["slide_4"], "--exclude", clips["slide_1"]).refused(
        "no motion in slide_4"
    )
