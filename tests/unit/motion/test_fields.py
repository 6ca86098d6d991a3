"""Flow fields: their grid and precision, and keeping them on disk."""

from __future__ import annotations

import os
import threading
import time

import numpy as np
import pytest

from motionlens.motion.flow.fields import (
    BLOCK_FRAMES,
    block_of,
    block_range,
    field_step,
    fields_in,
    pair_field,
    to_field,
)
from motionlens.motion.flow.store import FieldFolder
from motionlens.motion.grids import grey

from .scenes import pan

CONTENT, OTHER = "ab" * 32, "cd" * 32


def made(frames: int = 16, seed: int = 0, shown: int = 1920, large: float = 4.0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    flows = rng.normal(0, large, (frames, 108, 192, 2)).astype(np.float32)
    return np.stack([to_field(flow, shown) for flow in flows])


def file_of(folder, content: str, block: int):
    return folder / content[:2] / content / f"{block:06d}.field"


def test_a_field_is_in_px_of_the_clip_as_shown_on_half_the_grid() -> None:
    flow = np.broadcast_to(np.float32([2, -1]), (288, 512, 2)).copy()
    field = to_field(flow, 1920)
    assert field.shape == (144, 256, 2)
    assert field.dtype == np.float16
    assert field[0, 0] == pytest.approx([7.5, -3.75])
    assert to_field(flow[:100, :201], 201).shape == (100, 201, 2)
    assert to_field(flow[:143, :511], 511).shape == (72, 256, 2)


@pytest.mark.parametrize("shown", [64, 512, 1920, 7680])
def test_precision_is_fixed_and_large_motion_fits(shown: int) -> None:
    rng = np.random.default_rng(3)
    flow = rng.normal(0, 40, (60, 100, 2)).astype(np.float32)
    step = field_step(100, shown)
    assert 1 / 64 <= step / max(1, shown / 100) <= 1 / 32
    field = to_field(flow, shown).astype(np.float64)
    assert not np.any(np.remainder(field, step))
    away = np.abs(field - flow * (shown / 100.0))
    # Half a step, and what float16 adds far out.
    assert (away <= step / 2 + np.abs(field) / 2048 + 1e-3).all()
    assert np.abs(to_field(np.full((4, 100, 2), 1e9, np.float32), shown)).min() >= 1000
    assert not to_field(np.full((4, 100, 2), np.nan, np.float32), shown).any()


def test_a_pan_s_field_says_how_far() -> None:
    clip = pan(2, 5, 180, 320)
    field = pair_field(grey(clip[0]), grey(clip[1]), 640)
    assert np.median(field[..., 0].astype(np.float32)) == pytest.approx(-10, abs=0.3)


def test_blocks_cover_each_frame_that_has_a_next_one() -> None:
    assert [fields_in(n) for n in (0, 1, 2, 40)] == [0, 0, 1, 39]
    assert block_of(15) == 0
    assert block_of(16) == 1
    assert block_range(2, 40) == (32, 39)
    assert block_range(9, 40) == (144, 144)


@pytest.mark.parametrize(
    ("frames", "shown", "large"), [(16, 1920, 4.0), (1, 192, 0.1), (7, 192, 300)]
)
def test_what_is_read_equals_what_was_written(tmp_path, frames, shown, large) -> None:
    fields = made(frames, 1, shown, large)
    store = FieldFolder(tmp_path / "flow")
    assert store.read(CONTENT, 3) is None
    store.write(CONTENT, 3, fields)
    again = FieldFolder(tmp_path / "flow").read(CONTENT, 3)
    assert again is not None
    assert again.dtype == np.float16
    assert np.array_equal(again, fields)
    assert store.read(CONTENT, 4) is None
    assert store.read(OTHER, 3) is None


def test_extremes_survive(tmp_path) -> None:
    flow = np.float32([[[1e9, -1e9], [0, 0]], [[-1e9, 1e9], [1 / 32, -1 / 32]]])
    fields = to_field(flow, 2)[None]
    store = FieldFolder(tmp_path)
    for shown in (2, 4, 100):
        fields = to_field(flow, shown)[None]
        store.write(CONTENT, 0, fields)
        assert np.array_equal(store.read(CONTENT, 0), fields)
    store.write(CONTENT, 1, np.zeros((2, 9, 16, 2), np.float16))
    assert not store.read(CONTENT, 1).any()


def test_a_damaged_cut_or_exchanged_file_counts_as_absent(tmp_path) -> None:
    store = FieldFolder(tmp_path)
    store.write(CONTENT, 0, made(2))
    path = file_of(tmp_path, CONTENT, 0)
    whole = path.read_bytes()
    for place in (0, 9, 45, 80, 110, 124, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        assert store.read(CONTENT, 0) is None
    for end in (0, 1, 100, len(whole) - 1):
        path.write_bytes(whole[:end])
        assert store.read(CONTENT, 0) is None
    path.write_bytes(whole + b"more")
    assert store.read(CONTENT, 0) is None
    for content, block in ((CONTENT, 1), (OTHER, 0)):
        target = file_of(tmp_path, content, block)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(whole)
        assert store.read(content, block) is None
    path.write_bytes(whole)
    assert store.read(CONTENT, 0) is not None


def test_an_older_recipe_is_not_read(tmp_path, monkeypatch) -> None:
    store = FieldFolder(tmp_path)
    monkeypatch.setattr("motionlens.motion.flow.store.RECIPE", "dis 512 256 32 0")
    store.write(CONTENT, 0, made(2))
    assert store.read(CONTENT, 0) is not None
    monkeypatch.undo()
    assert store.read(CONTENT, 0) is None


def test_names_that_are_no_hash_lead_nowhere(tmp_path) -> None:
    store = FieldFolder(tmp_path / "flow")
    for name in ("", "../" * 21 + "x", "g" * 64, "AB" * 32):
        store.write(name, 0, made(1))
        assert store.read(name, 0) is None
    store.write(CONTENT, -1, made(1))
    assert not (tmp_path / "flow").exists()


def test_the_limit_holds_and_the_least_used_go_first(tmp_path) -> None:
    FieldFolder(tmp_path).write(CONTENT, 0, made(4))
    size = file_of(tmp_path, CONTENT, 0).stat().st_size
    store = FieldFolder(tmp_path, limit_bytes=5 * size)
    now = time.time()
    for block in range(1, 4):
        store.write(CONTENT, block, made(4, block))
    for block in range(4):
        os.utime(file_of(tmp_path, CONTENT, block), (now - 5000 + block, now - 5000 + block))
    assert store.read(CONTENT, 0) is not None  # and by that, the last one used
    store.write(OTHER, 0, made(4, 8))
    store.write(OTHER, 1, made(4, 9))
    left = sum(path.stat().st_size for path in tmp_path.rglob("*.field"))
    assert left <= 5 * size
    assert store.read(CONTENT, 0) is not None
    assert store.read(CONTENT, 1) is None
    assert store.read(OTHER, 1) is not None


def test_what_a_killed_writer_left_is_removed_once_it_is_old(tmp_path) -> None:
    store = FieldFolder(tmp_path)
    store.write(CONTENT, 0, made(1))
    old, new = (
        file_of(tmp_path, CONTENT, 0).with_name(name) for name in (".000001.aa", ".000002.bb")
    )
    old.write_bytes(b"x")
    new.write_bytes(b"x")
    os.utime(old, (time.time() - 9999, time.time() - 9999))
    FieldFolder(tmp_path).write(CONTENT, 1, made(1))
    assert not old.exists()
    assert new.exists()


def test_the_folder_may_vanish_or_be_closed(tmp_path) -> None:
    import shutil

    store = FieldFolder(tmp_path / "flow")
    store.write(CONTENT, 0, made(1))
    shutil.rmtree(tmp_path / "flow")
    assert store.read(CONTENT, 0) is None
    store.write(CONTENT, 0, made(1))
    assert store.read(CONTENT, 0) is not None
    (tmp_path / "file").write_bytes(b"")
    blocked = FieldFolder(tmp_path / "file" / "flow")
    blocked.write(CONTENT, 0, made(1))
    assert blocked.read(CONTENT, 0) is None


def test_two_writers_of_one_block_never_show_a_half(tmp_path) -> None:
    fields = made(BLOCK_FRAMES)
    stop = threading.Event()

    def write() -> None:
        store = FieldFolder(tmp_path)
        while not stop.is_set():
            store.write(CONTENT, 0, fields)

    FieldFolder(tmp_path).write(CONTENT, 0, fields)
    writers = [threading.Thread(target=write) for _ in range(2)]
    for writer in writers:
        writer.start()
    try:
        reader = FieldFolder(tmp_path)
        assert all(np.array_equal(reader.read(CONTENT, 0), fields) for _ in range(20))
    finally:
        stop.set()
        for writer in writers:
            writer.join()
