from __future__ import annotations

import gc
import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from motionlens.attribution.index import IndexFolder, MemoryMappedIndex
from motionlens.domain.errors import IndexMissing, UsageError

from .index_writer import NETWORK_ROWS, NOTE, SPEC, row, write_gradients

FILES = ("rows.f32", "losses.f32", "masked.f32", "norms.f32", "ids", "meta.json")


def contents(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in FILES}


def made(root: Path, count: int, step: int = 1) -> Path:
    """An index of `count` rows; its folder."""
    with IndexFolder(root).open(SPEC, NOTE) as index:
        for start in range(0, count, step):
            index.commit({f"clip{n}": row(n) for n in range(start, min(start + step, count))})
    return root / SPEC.fingerprint


def test_rows_come_back_as_written(tmp_path: Path) -> None:
    made(tmp_path, 5, step=2)
    index, note = IndexFolder(tmp_path).latest()
    assert note == NOTE
    assert index.spec == SPEC
    assert list(index.ids) == [f"clip{n}" for n in range(5)]
    assert index.done() == set(index.ids)
    wanted = [row(n) for n in range(5)]
    assert np.array_equal(index.vectors(), [r.vector for r in wanted])
    assert np.array_equal(index.losses(), [r.plain_losses for r in wanted])
    assert np.array_equal(index.masked_losses(), [r.losses for r in wanted])
    assert np.array_equal(index.norms(), [r.norms for r in wanted])
    assert index.vectors().dtype == np.float32
    assert not index.vectors().flags.writeable
    assert index.check() == []


def test_an_empty_index_has_no_rows(tmp_path: Path) -> None:
    made(tmp_path, 0)
    index, _ = IndexFolder(tmp_path).latest()
    assert index.vectors().shape == (0, 8)
    assert index.losses().shape == (0, 2)
    assert index.check() == []


def test_views_grow_with_commits_and_known_clips_keep_their_row(tmp_path: Path) -> None:
    with IndexFolder(tmp_path).open(SPEC, NOTE) as index:
        index.commit({"a": row(1)})
        before = np.array(index.vectors())
        index.commit({"a": row(2), "b": row(3)})
        assert index.vectors().shape == (2, 8)
        assert np.array_equal(index.vectors()[:1], before)


def test_the_step_size_leaves_no_trace(tmp_path: Path) -> None:
    one, many = made(tmp_path / "one", 7, 1), made(tmp_path / "many", 7, 5)
    assert contents(one) == contents(many)


@settings(max_examples=15, deadline=None)
@given(cut=st.integers(0, 400), name=st.sampled_from(["ids", "rows.f32", "norms.f32"]))
def test_whatever_a_kill_leaves_is_mended_bit_for_bit(
    tmp_path_factory: pytest.TempPathFactory, cut: int, name: str
) -> None:
    """A file cut anywhere, or longer than it should be, ends as an uninterrupted index."""
    root = tmp_path_factory.mktemp("kill")
    whole = contents(made(root / "whole", 6))
    folder = made(root / "cut", 6)
    size = (folder / name).stat().st_size
    if cut <= size:
        os.truncate(folder / name, cut)
    else:
        with open(folder / name, "ab") as file:
            file.write(b"\x00\xff torn" * (cut - size))
    reader, _ = IndexFolder(root / "cut").latest()
    assert set(reader.ids) <= {f"clip{n}" for n in range(6)}
    assert np.isfinite(reader.vectors()).all()
    assert contents(made(root / "cut", 6)) == whole
    shutil.rmtree(root)


def test_a_killed_process_resumes_to_the_same_bits(tmp_path: Path) -> None:
    child = start_writer(tmp_path / "killed", "network")
    assert child.stdout is not None
    for _ in range(2):
        assert child.stdout.readline()
    child.send_signal(signal.SIGKILL)
    child.wait()
    child.stdout.close()
    assert 2 <= len(IndexFolder(tmp_path / "killed").latest()[0].ids) < NETWORK_ROWS
    for name in ("killed", "straight"):
        write_gradients(tmp_path / name)
    (spec,) = IndexFolder(tmp_path / "straight").fingerprints()
    assert contents(tmp_path / "killed" / spec) == contents(tmp_path / "straight" / spec)


def start_writer(root: Path, what: str) -> subprocess.Popen[str]:
    checkout = Path(__file__).resolve().parents[3]
    return subprocess.Popen(
        [sys.executable, "-m", "tests.unit.attribution.index_writer", str(root), what],
        cwd=checkout,
        env={**os.environ, "PYTHONPATH": str(checkout), "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        text=True,
    )


def test_a_second_writer_is_refused_until_the_first_is_dead(tmp_path: Path) -> None:
    child = start_writer(tmp_path, "numbers")
    assert child.stdout is not None
    try:
        assert child.stdout.readline()
        with pytest.raises(UsageError, match=rf"process {child.pid} \(index, since 20"):
            IndexFolder(tmp_path).open(SPEC, NOTE)
        # Reading goes on meanwhile, and a half-written end is no damage.
        assert IndexFolder(tmp_path).latest()[0].check() == []
    finally:
        child.kill()
        child.wait()
        child.stdout.close()
    IndexFolder(tmp_path).open(SPEC, NOTE).close()


def test_a_forgotten_writer_lets_go(tmp_path: Path) -> None:
    index = IndexFolder(tmp_path).open(SPEC, NOTE)
    with pytest.raises(UsageError, match="written already"):
        IndexFolder(tmp_path).open(SPEC, NOTE)
    del index
    gc.collect()
    IndexFolder(tmp_path).open(SPEC, NOTE).close()


def test_a_reader_cannot_commit(tmp_path: Path) -> None:
    made(tmp_path, 1)
    with pytest.raises(UsageError, match="for reading"):
        IndexFolder(tmp_path).latest()[0].commit({"x": row(0)})


@pytest.mark.parametrize("name", ["rows.f32", "losses.f32", "masked.f32", "norms.f32"])
def test_a_flipped_bit_is_found_and_taken_out(tmp_path: Path, name: str) -> None:
    folder = made(tmp_path, 6)
    damage(folder / name, row_number=2)
    root = IndexFolder(tmp_path)
    assert root.latest()[0].check() == ["the row of clip clip2 is damaged"]
    assert root.repair(SPEC.fingerprint) == ["clip2"]
    index, note = root.latest()
    assert note == NOTE
    assert list(index.ids) == ["clip0", "clip1", "clip3", "clip4", "clip5"]
    assert np.array_equal(index.vectors()[2], row(3).vector)
    assert index.check() == []
    assert root.repair(SPEC.fingerprint) == []
    with root.open(SPEC, NOTE) as writer:
        writer.commit({"clip2": row(2)})
        assert writer.check() == []


def damage(path: Path, row_number: int) -> None:
    data = bytearray(path.read_bytes())
    width = len(data) // 6
    data[row_number * width] ^= 4
    path.write_bytes(data)


def test_a_swapped_id_and_a_torn_end_are_damage(tmp_path: Path) -> None:
    folder = made(tmp_path, 3)
    text = (folder / "ids").read_bytes()
    (folder / "ids").write_bytes(text.replace(b"clip1", b"clip9") + b"clip3 12")
    found = IndexFolder(tmp_path).latest()[0].check()
    assert found == [
        "the row of clip clip9 is damaged",
        "the list of rows ends in 8 bytes that are no row",
    ]


def test_missing_numbers_are_named(tmp_path: Path) -> None:
    folder = made(tmp_path, 3)
    os.truncate(folder / "losses.f32", 9)
    index, _ = IndexFolder(tmp_path).latest()
    assert list(index.ids) == ["clip0"]
    assert index.check() == [
        "the row of clip clip1 is damaged",
        "the row of clip clip2 is damaged",
    ]


def test_a_repair_killed_between_its_renames_is_undone(tmp_path: Path) -> None:
    folder = made(tmp_path, 3)
    folder.rename(folder.with_suffix(".old"))
    assert IndexFolder(tmp_path).fingerprints() == [SPEC.fingerprint]
    assert len(IndexFolder(tmp_path).latest()[0].ids) == 3


def test_latest_is_the_index_opened_last(tmp_path: Path) -> None:
    other = replace(SPEC, noise_seed=1)
    root = IndexFolder(tmp_path)
    for spec in (SPEC, other):
        root.open(spec, NOTE).close()
    assert root.latest()[0].spec == other
    root.open(SPEC, NOTE).close()
    assert root.latest()[0].spec == SPEC
    assert root.latest(other.fingerprint[:7])[0].spec == other
    assert root.fingerprints() == sorted([SPEC.fingerprint, other.fingerprint])


def test_absent_and_broken_indexes_are_told_in_words(tmp_path: Path) -> None:
    root = IndexFolder(tmp_path / "index")
    assert root.fingerprints() == []
    with pytest.raises(IndexMissing, match="None has been made"):
        root.latest()
    folder = made(tmp_path / "index", 1)
    with pytest.raises(IndexMissing, match=f"Name one of: {SPEC.fingerprint}"):
        root.latest("feed")
    meta = json.loads((folder / "meta.json").read_text())
    meta["spec"]["dim"] = 16
    (folder / "meta.json").write_text(json.dumps(meta))
    with pytest.raises(IndexMissing, match="belongs to index"):
        root.latest()
    (folder / "meta.json").write_text("{")
    with pytest.raises(IndexMissing, match="damaged or absent"):
        root.latest()
    # The settings are known where it is opened to write: the document is written anew.
    root.open(SPEC, NOTE).close()
    assert list(root.latest()[0].ids) == ["clip0"]


def test_rows_of_another_size_are_a_bug(tmp_path: Path) -> None:
    with IndexFolder(tmp_path).open(SPEC, NOTE) as index, pytest.raises(ValueError, match="fit"):
        index.commit({"a": row(0, replace(SPEC, dim=4))})
    assert isinstance(index, MemoryMappedIndex)


def test_opening_an_index_needs_no_torch() -> None:
    code = (
        "import sys, motionlens.attribution as a; a.IndexFolder; a.GradientScorer;"
        "a.influence_scores; sys.exit('torch' in sys.modules)"
    )
    checkout = Path(__file__).resolve().parents[3]
    assert subprocess.run([sys.executable, "-c", code], cwd=checkout, check=False).returncode == 0
