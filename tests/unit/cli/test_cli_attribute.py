"""models, analyse, index, rank, neighbours, report: which clips taught this motion."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest

import motionlens
from motionlens.models.embedded import EmbeddedModel
from tests.support.verbs import Answer, slide, verb
from tests.unit.cli.conftest import SMALL, SPEEDS, filled

ROW_KEYS = {"id", "score", "rank", "p_value", "q_value", "per_query"} | {
    "rank_low",
    "rank_high",
    "no_motion",
}
TOP_KEYS = {"method", "fingerprint", "rows", "ridge", "standing_out", "warnings", "known_truth"}


@pytest.fixture(scope="module")
def indexed(tmp_path_factory: pytest.TempPathFactory, media: Path, small_model: Path) -> Path:
    """Analysed and indexed once, for the tests that only read."""
    folder = filled(tmp_path_factory.mktemp("indexed") / "project", media)
    assert verb("analyse", folder).code == 0
    assert verb("index", folder, "--model", small_model).code == 0
    return folder


def bad(project: Path) -> list[str]:
    return [row["id"] for row in verb("clips", project, "--role", "generation", "--json").json]


def training(project: Path) -> dict[str, Any]:
    rows = verb("clips", project, "--role", "training", "--json").json
    return {Path(row["path"]).stem: row for row in rows}


def test_models_says_what_runs_here_and_what_is_lost() -> None:
    got = verb("models", "--json")
    embedded = next(row for row in got.json if row["name"] == "embedded")
    assert embedded.keys() >= {"name", "family", "parameters", "ready", "why_not"}
    assert (embedded["name"], embedded["ready"], embedded["why_not"]) == ("embedded", True, "")
    assert embedded["parameters"] > 1_000_000
    assert "32x32" in embedded["note"]
    assert "lost" in verb("models").out


def test_analyse_counts_flags_once(project: Path) -> None:
    first = verb("analyse", project, "--json")
    assert first.json.keys() >= {"done", "flags", "skipped"}
    assert (first.json["done"], first.json["skipped"]) == (len(SPEEDS) + 2, [])
    assert set(first.json["flags"]) >= {"static", "frozen_frames", "scene_cut", "near_duplicate"}
    # Again: nothing is measured twice, and as many clips are analysed as before.
    assert verb("analyse", project, "--json").json == first.json
    still = training(project)["slide_4"]
    assert "static" in {flag["name"] for flag in still["flags"]}
    assert still["flags"][0].keys() == {"name", "score", "reason"}
    rows = verb("clips", project, "--flag", "static", "--json").json
    assert still["id"] in {row["id"] for row in rows}


def test_index_does_nothing_twice(project: Path, small_model: Path) -> None:
    first = verb("index", project, "--model", small_model, "--json")
    assert first.json.keys() == {"fingerprint", "clips", "seconds", "skipped", "self_test"}
    assert (first.json["clips"], first.json["skipped"]) == (len(SPEEDS), [])
    rows = project / "index" / first.json["fingerprint"] / "rows.f32"
    assert rows.stat().st_size == len(SPEEDS) * 512 * 4
    before = rows.stat().st_mtime_ns, rows.read_bytes()
    again = verb("index", project, "--model", small_model, "--json")
    assert (again.json["fingerprint"], again.json["clips"]) == (
        first.json["fingerprint"],
        len(SPEEDS),
    )
    assert (rows.stat().st_mtime_ns, rows.read_bytes()) == before


def test_half_precision_takes_half_the_disk(project: Path, small_model: Path) -> None:
    whole = verb("index", project, "--model", small_model, "--json").json
    full = verb("neighbours", project, "--query", bad(project)[0], "--json").json
    half = verb("index", project, "--model", small_model, "--half", "--json").json
    assert half["fingerprint"] != whole["fingerprint"]
    assert half["self_test"]["ok"]
    folder = project / "index" / half["fingerprint"]
    assert (folder / "rows.f16").stat().st_size == len(SPEEDS) * 512 * 2
    assert not (folder / "rows.f32").exists()
    got = verb("neighbours", project, "--query", bad(project)[0], "--json").json
    for kind, rows in full.items():
        assert [row["id"] for row in rows] == [row["id"] for row in got[kind]]
        assert [row["score"] for row in rows] == pytest.approx(
            [row["score"] for row in got[kind]], abs=2e-3
        )
    assert verb("rank", project, "--bad", bad(project)[0], "--method", "whitened").code == 0
    assert verb("check", project, "--json").json["ok"]
    row = (folder / "rows.f16").read_bytes()
    (folder / "rows.f16").write_bytes(row[:100] + b"\xff\xff" + row[102:])
    assert verb("check", project, "--repair", "--json").json["ok"]
    assert verb("index", project, "--model", small_model, "--half", "--json").json["clips"] == 5


def test_a_new_clip_is_left_out_until_it_is_indexed(
    project: Path, small_model: Path, tmp_path: Path
) -> None:
    verb("index", project, "--model", small_model)
    verb("add", project, slide(tmp_path / "new.mp4", 7, frames=9))
    got = verb("neighbours", project, "--query", bad(project)[0], "--top", 2, "--json")
    assert "1 training clip is not indexed yet" in got.err
    grown = verb("index", project, "--model", small_model, "--json").json
    assert grown["clips"] == len(SPEEDS) + 1
    assert "not indexed" not in verb("neighbours", project, "--query", bad(project)[0]).err


def test_rank_gives_candidates_most_harmful_first(indexed: Path) -> None:
    queries = bad(indexed)
    good = training(indexed)["slide_0"]["id"]
    got = verb("rank", indexed, "--bad", *queries, "--good", good, "--json")
    assert got.code == 0
    assert got.json.keys() == TOP_KEYS
    assert got.json["method"] == "centred"
    rows = got.json["rows"]
    assert [row.keys() for row in rows] == [ROW_KEYS] * len(SPEEDS)
    assert [row["rank"] for row in rows] == list(range(1, len(SPEEDS) + 1))
    scores = [row["score"] for row in rows]
    assert scores == sorted(scores, reverse=True)
    for row in rows:
        assert set(row["per_query"]) == {*queries, good}
        assert all(-1.0001 <= value <= 1.0001 for value in row["per_query"].values())
        mean = sum(row["per_query"][q] for q in queries) / len(queries) - row["per_query"][good]
        assert row["score"] == pytest.approx(mean, abs=1e-5)
        assert 0 < row["p_value"] <= row["q_value"] <= 1
        assert 1 <= row["rank_low"] <= row["rank_high"] <= len(SPEEDS)
    still = training(indexed)["slide_4"]["id"]
    assert {row["id"] for row in rows if row["no_motion"]} == {still}
    assert got.json["standing_out"] == sum(row["q_value"] <= 0.05 for row in rows)


def test_rank_says_how_far_to_trust_it(indexed: Path) -> None:
    got = verb("rank", indexed, "--bad", *bad(indexed))
    assert "Only 2 bad queries" in got.err
    assert "AUROC of 0." in got.err
    assert "world" in got.err
    assert ("Nothing stands out" in got.out) == (
        verb("rank", indexed, "--bad", *bad(indexed), "--json").json["standing_out"] == 0
    )
    assert "(no motion)" in got.out


def test_a_query_without_motion_has_no_direction(indexed: Path) -> None:
    clips = training(indexed)
    still, moving = clips["slide_4"]["id"], clips["slide_3"]["id"]
    verb("neighbours", indexed, "--query", still).refused("no motion in slide_4")
    verb("rank", indexed, "--bad", still).refused("no motion in slide_4")
    both = verb("rank", indexed, "--bad", still, moving, "--json")
    assert "Nothing moves in slide_4" in both.err
    alone = verb("rank", indexed, "--bad", moving, "--json").json
    assert both.json["rows"] == alone["rows"]
    assert {row["id"] for row in alone["rows"] if row["no_motion"]} == {still}


@pytest.mark.parametrize("method", ["cosine", "whitened", "vote", "combined"])
def test_each_method_answers(method: str, indexed: Path) -> None:
    chosen = ("--method", method, "--top", 3, "--explain")
    got = verb("rank", indexed, "--bad", bad(indexed)[0], *chosen, "--json")
    assert got.json["method"] == method
    assert got.json["ridge"] == (10 if method in ("whitened", "combined") else None)
    assert len(got.json["rows"]) == 3
    assert got.json["rows"][0].keys() == ROW_KEYS | {"parts"}


def test_neighbours_are_proponents_and_opponents(indexed: Path) -> None:
    whole = verb("neighbours", indexed, "--query", bad(indexed)[0], "--top", 2, "--json").json
    assert whole.keys() == {"proponents", "opponents"}
    for rows in whole.values():
        assert [row.keys() for row in rows] == [{"id", "score"}] * 2
    assert whole["proponents"][0]["score"] >= whole["proponents"][1]["score"]
    assert whole["opponents"][0]["score"] <= whole["opponents"][1]["score"]
    where = ("--region", "0,0,0.5,0.5", "--frames", "4:10")
    part = verb("neighbours", indexed, "--query", bad(indexed)[0], *where, "--json").json
    assert part["proponents"] != whole["proponents"]


def test_where_and_which_are_checked_in_words(indexed: Path) -> None:
    query = bad(indexed)[0]
    verb("rank", indexed).refused("no query")
    verb("rank", indexed, "--bad", "f00dfeed").refused("f00dfeed is not a clip")
    verb("rank", indexed, "--bad", query[:5]).refused("6 characters")
    ask = ("neighbours", indexed, "--query", query)
    verb(*ask, "--region", "0.6,0,0.6,1").refused("outside the frame")
    verb(*ask, "--frames", "7:7").refused("empty")
    verb(*ask, "--frames", "4:40").refused("10 frames")
    verb(*ask, "--frames", "0:2").refused("given")
    verb(*ask, "--top", 0).refused("--top")
    verb(*ask, "--index", "abcdef").refused("no such index")
    verb(*ask, "--device", "cuda:7").refused("cuda")
    got = verb("rank", indexed, "--bad", "nope", "--json")
    assert got.json["error"].keys() == {"what", "why", "next_step"}


def test_queries_named_twice_add_up_and_may_come_by_stdin(indexed: Path) -> None:
    one, two = bad(indexed)
    together = verb("rank", indexed, "--bad", one, two, "--json").json
    assert verb("rank", indexed, "--bad", one, "--bad", two, "--json").json == together
    assert verb("rank", indexed, "--bad", "-", "--json", given=f"{one}\n{two}\n").json == together
    alone = verb("neighbours", indexed, "--query", one, "--json").json
    assert verb("neighbours", indexed, "--query", "-", "--json", given=f"{one}\n").json == alone
    verb("neighbours", indexed, "--query", "-", given=f"{one}\n{two}\n").refused("One clip")


def test_python_takes_the_same_words(indexed: Path) -> None:
    query = bad(indexed)[0]
    with motionlens.open_project(indexed) as project:
        whole = project.neighbours(query=query, top=2)
        part = project.neighbours(query=query, region=(0, 0, 0.5, 0.5), frames=(4, 10), top=2)
        assert part.proponents != whole.proponents
        ranking = project.rank(bad=query, top=2, index=whole.fingerprint[:8])
        assert [row.rank for row in ranking.rows] == [1, 2]
        token = motionlens.CancelToken()
        token.cancel()
        with pytest.raises(motionlens.Cancelled):
            project.clips(cancel=token)


def test_there_is_no_answer_before_an_index(project: Path) -> None:
    verb("rank", project, "--bad", bad(project)[0]).refused("no gradient index", "motionlens index")
    verb("neighbours", project, "--query", bad(project)[0]).refused("no gradient index")


def test_a_model_that_cannot_be_had(project: Path, tmp_path: Path) -> None:
    verb("index", project, "--model", "no-such").refused("no model 'no-such'", "motionlens models")
    pickled = tmp_path / "model.ckpt"
    pickled.write_bytes(b"\x80\x02}q\x00.")
    verb("index", project, "--model", pickled).refused("pickle")
    broken = tmp_path / "model.safetensors"
    broken.write_bytes(b"\x08\0\0\0\0\0\0\0not json")
    verb("index", project, "--model", broken).refused()
    verb("index", project, "--timesteps", "0.5,1.5").refused("between 0 and 1")
    verb("index", project, "--timesteps", "half").refused("half")
    verb("new", tmp_path / "empty")
    verb("index", tmp_path / "empty").refused("no training clips", "motionlens add")


def stale(answer: Answer, why: str) -> None:
    answer.refused("stale", why)


def test_changed_weights_make_the_index_stale(project: Path, tmp_path: Path) -> None:
    EmbeddedModel.untrained(5, SMALL).save(tmp_path / "model")
    verb("index", project, "--model", tmp_path / "model")
    EmbeddedModel.untrained(6, SMALL).save(tmp_path / "model")
    stale(verb("rank", project, "--bad", bad(project)[0]), "model's weights changed")


def test_a_changed_clip_makes_the_index_stale(
    tmp_path: Path, media: Path, small_model: Path
) -> None:
    copied = tmp_path / "media"
    shutil.copytree(media, copied)
    project = filled(tmp_path / "project", copied)
    verb("index", project, "--model", small_model)
    slide(copied / "training" / "slide_1.mp4", 4, frames=10)
    stale(verb("neighbours", project, "--query", bad(project)[0]), "slide_1.mp4 changed")


def test_a_changed_caption_asks_for_its_row_again_and_for_no_other(
    tmp_path: Path, media: Path, small_model: Path
) -> None:
    copied = tmp_path / "media"
    shutil.copytree(media, copied)
    project = filled(tmp_path / "project", copied)
    made = verb("index", project, "--model", small_model, "--json").json
    journal = project / "index" / made["fingerprint"] / "ids"
    before = journal.read_text().splitlines()
    (copied / "training" / "slide_1.txt").write_text("bounce: a square that falls")
    verb("add", project, copied / "training")
    stale(verb("neighbours", project, "--query", bad(project)[0]), "captions of 1 indexed clips")
    verb("index", project, "--model", small_model)
    # Its row was taken out and made anew at the end; the others lie where they were.
    changed = training(project)["slide_1"]["id"]
    after = journal.read_text().splitlines()
    assert after[:-1] == [line for line in before if not line.startswith(changed)]
    assert after[-1].startswith(changed)
    assert verb("neighbours", project, "--query", bad(project)[0]).code == 0


def test_an_index_is_understood_from_another_folder(
    project: Path, small_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(small_model.parent)
    assert verb("index", project, "--model", "small").code == 0
    monkeypatch.chdir(tmp_path)
    assert verb("neighbours", project, "--query", bad(project)[0]).code == 0


def test_check_finds_a_damaged_row_and_repair_has_it_made_again(
    project: Path, small_model: Path
) -> None:
    made = verb("index", project, "--model", small_model, "--json").json
    rows = project / "index" / made["fingerprint"] / "rows.f32"
    whole = rows.read_bytes()
    rows.write_bytes(whole[:100] + b"\xff\xff" + whole[102:])
    found = verb("check", project, "--json").json
    assert not found["ok"]
    assert [p["where"] for p in found["problems"]] == [f"index {made['fingerprint']}"]
    mended = verb("check", project, "--repair", "--json").json
    assert mended["ok"]
    assert [p["repaired"] for p in mended["problems"]] == [True]
    assert verb("check", project, "--json").json == {"ok": True, "problems": []}
    verb("index", project, "--model", small_model)
    assert sorted(_rows(rows)) == sorted(_rows_of(whole))


def _rows(path: Path) -> list[bytes]:
    return _rows_of(path.read_bytes())


def _rows_of(data: bytes) -> list[bytes]:
    return [data[n : n + 2048] for n in range(0, len(data), 2048)]


def test_report_is_one_page_without_outside_links(indexed: Path, tmp_path: Path) -> None:
    out = tmp_path / "new folder" / "why.html"
    got = verb("report", indexed, "--query", *bad(indexed), "-o", out, "--top", 2, "--json")
    assert got.json == {"file": str(out), "bytes": out.stat().st_size}
    page = out.read_text(encoding="utf-8")
    assert not re.findall(r"(?:src|href)\s*=\s*[\"']?(?!data:|#)[^\s\"'>]+", page)
    assert not re.search(r"@import|url\(\s*[\"']?(?!data:|#)", page)
    assert "<script src" not in page
    assert page.count("data:video/mp4;base64,") >= 2
    for name in ("bad_0", "bad_1", "slide_"):
        assert name in page
